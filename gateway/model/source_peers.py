"""What the HA peers of a source say of its alerts when they are asked, and what is remembered of that until they are asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from gateway.model.alert import Alert, Copy, Observation


class Active(NamedTuple):
    """One alert that fires at a peer and is routed to us; `quieted` says by what the peer keeps it from us, empty for nothing."""

    seen: Observation
    quieted: str = ""


@dataclass(frozen=True, slots=True)
class PeerReport:
    """What one peer says: how long it has been up (ms), and its active alerts by copy."""

    uptime: int
    alerts: Mapping[str, Active]


class HeldCopy(NamedTuple):
    """A copy that fires by what we know, and its alert."""

    alert: Alert
    copy: Copy

    @property
    def heard_at(self) -> int:
        return self.copy.said_at or self.alert.last_seen


class SourceState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one source, between two looks; times in ms.

    `missing`: since when no peer has a copy that we hold. `unknown`: since when a peer has one that we do not hold. `quieted`: by
    what a copy is quieted at the source. `sizes`: how many alerts each peer had. `answered_at`: when one answered last.
    """

    missing: dict[str, int] = {}
    unknown: dict[str, int] = {}
    quieted: dict[str, str] = {}
    sizes: dict[str, int] = {}
    answered_at: int = 0
