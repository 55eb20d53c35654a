"""Decide what may be forgotten before its time, because the store has no room left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.model.alert import Alert
from gateway.model.durations import HOUR
from gateway.model.ledger import Ledger
from gateway.model.rules.source import DEFAULT_SOURCE, Source

KEPT_AT_LEAST = HOUR  # after its end, whatever its source says


def may_forget(snapshot: IncidentSnapshot, sources: Mapping[str, Source], now: int) -> bool:
    """Return whether an incident may be forgotten with everything in it: it is over, and
    nobody is owed anything.
    """
    # It may fire again: people have to find it, and whoever was told has to be told its end.
    if snapshot.incident.resolved_at is None:
        return False
    # Somebody was told that it fires and not that it is over, or a vendor may still act on what was sent.
    if not all(_owes_nothing(ledger) for ledger in snapshot.ledgers.values()):
        return False
    return all(long_ended(alert, sources, now) for alert in snapshot.alerts.values())


def long_ended(alert: Alert, sources: Mapping[str, Source], now: int) -> bool:
    """Return whether the alert ended so long ago that its sources say nothing more of that.

    An alert of which only an end was ever seen has ended when it was last seen.
    """
    ended_at = alert.ended_at if alert.episode else alert.last_seen
    # It fires, or its end was never written down.
    if alert.firing or ended_at is None:
        return False
    return now - ended_at >= max(map(_kept, (sources.get(name) for name in sources_of(alert))))


def sources_of(alert: Alert) -> list[str]:
    """Return the sources that report the alert, at least one."""
    return sorted({copy.partition("/")[0] for copy in alert.copies}) or [DEFAULT_SOURCE.name]


def most_over_share(alerts: Iterable[tuple[str, int]]) -> list[str]:
    """Return the sources, given some alerts each with its source and its bytes: whoever is most over its
    share comes first. All have the same share.
    """
    sizes: Counter[str] = Counter()
    for source, size in alerts:
        sizes[source] += size
    return [source for source, _ in sizes.most_common()]


def _kept(source: Source | None) -> int:
    """Return for how long (ms) an end is kept: while an older state of it may still come,
    or its source be silent.
    """
    known = source or DEFAULT_SOURCE
    return max(known.lateness, known.silence or 0, KEPT_AT_LEAST)


def _owes_nothing(ledger: Ledger) -> bool:
    waits = ledger.intent or ledger.unconfirmed or ledger.pending_notes or ledger.orphans or ledger.left
    # A dead letter is tried again when its destination takes something.
    return not (ledger.dead or waits or any(ledger.last_notified.members.values()))
