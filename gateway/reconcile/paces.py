"""Say how fast each destination may be sent to: by its kind, and together with all that are one place to its
vendor.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.lanes import Pace
from gateway.model.rules.destination import Destination


def paces_of(destinations: Mapping[str, Destination], by_kind: Mapping[str, Pace]) -> dict[str, Pace]:
    """Return the paces by destination; a kind without a pace is sent to at once."""
    return {
        name: Pace(pace.interval, pace.burst, rate_limit_key(destination))
        for name, destination in destinations.items()
        if (pace := by_kind.get(destination.kind)) is not None
    }


def rate_limit_key(destination: Destination) -> str:
    """Return the name under which a destination's pace is kept: one place of a vendor has one pace.

    A channel that a template gives is not known yet: such destinations share the pace of their credential.
    """
    return f"{destination.kind} {destination.credential} {destination.via.rate_limit_place}"
