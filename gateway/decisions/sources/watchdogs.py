"""Watchdogs: which alerts are heartbeats, and which ends wait for one. `listen.py` says when one is missing.

A heartbeat is an alert that always fires, so that its silence means that nothing else would reach us either: Prometheus, its
Alertmanager or the way between them and us is broken. A dying Prometheus also makes its Alertmanager resolve everything that it
no longer hears of (`endsAt`, some minutes ahead, is all that keeps an alert firing there), so such ends are not believed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

from gateway.decisions.calendar import NEVER, Calendar
from gateway.decisions.rule_index import RuleIndex
from gateway.model.alert import Alert, Observation
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Changes, Row
from gateway.model.durations import DAY
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.rulebook import Rulebook
from gateway.model.verdict import MemberStatus, Reason, Verdict
from gateway.model.watchdog import load_heartbeat

LONGEST_WAIT = DAY  # of an end for a heartbeat: by then somebody has been paged for its absence for long
BEAT = "beat"  # who comes to a watchdog's post, and goes at once


class Watchdogs:
    """The `watchdogs` rules of one rule set, compiled."""

    def __init__(self, rules: Rulebook, calendar: Calendar) -> None:
        self.rules = rules.watchdogs
        self._listed = tuple(rules.watchdogs.values())
        self._index = RuleIndex([one.match for one in self._listed])
        self._calendar = calendar
        self.holding = tuple(one for one in self._listed if one.hold_resolves)

    def _matching(self, labels: Mapping[str, str]) -> list[Watchdog]:
        return [self._listed[at] for at in self._index.matching(labels)] if self._listed else []

    def heard(self, seen: Iterable[Observation]) -> tuple[str, ...]:
        """Whose heartbeats these are, by name. An end is none, nor is what we conclude without a word of the source."""
        if not self._listed:
            return ()
        said = [one for one in seen if one.firing and not one.inferred_at]
        found = [dog.name for one in said for dog in self._matching(one.labels) if dog.source == one.source]
        return tuple(dict.fromkeys(found))

    def heartbeat(self, alert: Alert) -> Verdict | None:
        """A heartbeat is told to nobody."""
        for dog in self._matching(alert.labels):
            if any(copy.startswith(f"{dog.source}/") for copy in alert.copies):
                return Verdict(MemberStatus.SUPPRESSED, Reason.HEARTBEAT, dog.described)
        return None

    def in_force(self, dog: Watchdog, now: int) -> bool:
        return self._calendar.holds(dog.hours, now)

    def waits_for(self, alert: Alert, heartbeats: Mapping[str, int], now: int) -> Watchdog | None:
        """For whose heartbeat the end of this alert waits: a newer one than itself, of a source that fired it in this life."""
        if alert.firing or now >= alert.ended_at + LONGEST_WAIT:
            return None
        sources = _sources(alert)
        for dog in self.holding:
            if dog.source in sources and heartbeats.get(dog.name, 0) <= alert.ended_at and self.in_force(dog, now):
                return dog
        return None

    def resolve_held_by(self, alert: Alert, heartbeats: Mapping[str, int], now: int) -> Verdict | None:
        dog = self.waits_for(alert, heartbeats, now) if self.holding else None
        if dog is None:
            return None
        until = min(alert.ended_at + LONGEST_WAIT, self._calendar.until(dog.hours.names, now))
        return Verdict(MemberStatus.HELD, Reason.HOLD_RESOLVES, dog.described, until if until < NEVER else 0)


def _sources(alert: Alert) -> set[str]:
    """Those that said that it fired in this life of it, our own alerts aside."""
    copies = ((name, copy) for name, copy in alert.copies.items() if not name.startswith(OWN_SOURCE))
    return {name.partition("/")[0] for name, copy in copies if not copy.ends_at or copy.ends_at >= alert.started_at}


def record_heartbeat(changes: Changes, watchdog: str, row: Row, now: int) -> None:
    """A heartbeat came: it is written down, and whoever waits for one is looked at again."""
    if now <= load_heartbeat(row.value):
        return
    cell = heartbeat_cell(watchdog)
    changes.expect[cell], changes.put[cell] = row.version, str(now).encode()
    changes.topics.add.append((topic(watchdog), BEAT))
    changes.topics.remove.append((topic(watchdog), BEAT))


def topic(watchdog: str) -> str:
    """Where subjects of the agenda watch for its heartbeats."""
    return blake2b(watchdog.encode("utf-8", "surrogatepass"), digest_size=8, person=b"heartbeat").hexdigest()
