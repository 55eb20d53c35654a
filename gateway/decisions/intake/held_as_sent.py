"""Tell which copies an event of a source's recorder means.

The recorder names an alert as its Alertmanager has it. A relay on the way to us may have changed the labels,
never the fingerprint, so that we hold the copy under another key.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.model.alert import Observation
from gateway.model.source_peers import HeldCopy


def ends_of(seen: Observation, held: Mapping[str, HeldCopy]) -> list[Observation]:
    """Return the ends that this end of an event stands for.

    `held` has, by key, the copies of its source that bear its fingerprint as sent, whether they fire or not.
    """
    own = held.get(seen.copy)
    # It came to us as the source has it: the end is of this copy, whatever a relay sends beside it.
    if own is not None and own.copy.firing:
        return [seen]
    meant = [_as_held(name, copy, seen) for name, copy in held.items() if _is_meant(seen, copy, len(held))]
    # None of them fires: the end is counted as that of an alert that nobody here was told of.
    return meant or [seen]


def _is_meant(seen: Observation, held: HeldCopy, sharing: int) -> bool:
    if not held.copy.firing:
        return False
    # One label set alone bears the fingerprint, so that it is the alert of the event,
    # whatever the relay changed.
    if sharing == 1:
        return True
    # Several bear it (two relays, or a sender that writes a constant), and the fingerprint tells nothing: the
    # alert has ended for those that carry every label of the event. Another one goes on firing, since a wrong
    # end costs more than a late one.
    return seen.labels.items() <= held.alert.labels.items()


def _as_held(name: str, held: HeldCopy, seen: Observation) -> Observation:
    return msgspec.structs.replace(seen, copy=name, alert=held.alert.id, labels=held.alert.labels)
