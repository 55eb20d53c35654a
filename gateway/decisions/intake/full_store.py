"""Decide which observations a full store takes all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.decisions.intake.alert_lookup import AlertLookup
from gateway.model.alert import Alert, Observation
from gateway.model.cells import RESERVE
from gateway.model.changes import Changes
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.reserve import dump_reserve_use
from gateway.model.severity import Severity

# Bytes that a new alert takes in the store beside its texts: its incident, ledgers, join
# keys and lines of the log
NEW_ALERT_BYTES = 4096


def taken_when_full(
    observations: Sequence[Observation],
    alerts: Mapping[str, Alert | None],
    used: Mapping[str, int],
    share: int,
) -> tuple[list[Observation], dict[str, int]]:
    """Return the observations to take, and how many bytes of the reserve each source has filled then.

    `alerts` are those that the observations belong to, as they were read. `used` is what each source has
    filled before, `share` the most that one may fill.
    """
    filled, taken, left_out = dict(used), list[Observation](), set[str]()
    for seen in observations:
        alert = alerts.get(seen.alert)
        if alert is not None and (alert.firing or not seen.firing):
            # News of what is known, ends above all: it takes no more room than the alert has.
            taken.append(seen)
            continue
        # It opens, or it is an end of what nobody knows. Its firing may stand before it in the same webhook:
        # the end alone would make that one look late when it is sent again.
        cost = NEW_ALERT_BYTES + _text_bytes(seen)
        fits = filled.get(seen.source, 0) + cost <= share
        if not _must_be_heard(seen) or seen.alert in left_out or not fits:
            left_out.add(seen.alert)
            continue
        # What its source may fill alone: whoever calls everything critical takes nobody else's room.
        filled[seen.source] = filled.get(seen.source, 0) + cost
        taken.append(seen)
    return taken, filled


def note_reserve(changes: Changes, lookup: AlertLookup, filled: Mapping[str, int], *, full: bool) -> None:
    """Write down what a full store takes beyond its limit, or that it is full no more."""
    if full:
        changes.grows = False
        changes.expect[RESERVE] = lookup.versions[RESERVE]
        if filled != lookup.reserve_use:
            changes.put[RESERVE] = dump_reserve_use(filled)
    elif lookup.reserve_use and changes.grows:
        # Only a server below its limit does this commit, so whatever was beyond the limit has gone since.
        changes.drop.append(RESERVE)


def _must_be_heard(seen: Observation) -> bool:
    return not seen.firing or seen.severity is Severity.CRITICAL or seen.copy.startswith(OWN_SOURCE)


def _text_bytes(seen: Observation) -> int:
    texts = (*seen.labels.items(), *seen.annotations.items())
    return sum(len(name) + len(text) for name, text in texts)
