"""Recognise heartbeats, and decide which ends wait for one.

`missing_heartbeat.py` decides when a heartbeat is missing.

A heartbeat is an alert that always fires. Its silence means that nothing else would reach us either:
Prometheus, its Alertmanager or the way between them and us is broken. A dying Prometheus also makes its
Alertmanager resolve all its alerts, since only a renewed `endsAt`, some minutes ahead, keeps an alert firing
there. So such ends are not believed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

from gateway.decisions.calendar import Calendar
from gateway.decisions.rule_index import RuleIndex
from gateway.model.alert import Alert, Observation
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Changes, Row
from gateway.model.durations import DAY
from gateway.model.instants import earliest, when
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.rulebook import Rulebook
from gateway.model.verdict import MemberStatus, Reason, Verdict
from gateway.model.watchdog import load_heartbeat

MAX_RESOLVE_HOLD = DAY  # no end waits longer for a heartbeat: its absence has paged somebody long before
HEARTBEAT_MARK = "beat"  # a source that is added to a topic and removed at once, to wake the subscribers


class Watchdogs:
    """The `watchdogs` rules of one rule set, compiled."""

    def __init__(self, rules: Rulebook, calendar: Calendar) -> None:
        self.rules = rules.watchdogs
        self._listed = tuple(rules.watchdogs.values())
        self._index = RuleIndex([watchdog.match for watchdog in self._listed])
        self._calendar = calendar
        self.holding = tuple(watchdog for watchdog in self._listed if watchdog.hold_resolves)

    def _matching(self, labels: Mapping[str, str]) -> list[Watchdog]:
        return [self._listed[at] for at in self._index.matching(labels)] if self._listed else []

    def heard(self, seen: Iterable[Observation]) -> tuple[str, ...]:
        """Return the names of the watchdogs whose heartbeat is among these observations.

        An end is no heartbeat, and neither is an observation that the gateway inferred without a word of the
        source.
        """
        if not self._listed:
            return ()
        found = [
            watchdog.name
            for observation in seen
            if observation.firing and not observation.inferred_at
            for watchdog in self._matching(observation.labels)
            if watchdog.source == observation.source
        ]
        return tuple(dict.fromkeys(found))

    def heartbeat(self, alert: Alert) -> Verdict | None:
        """Return the verdict that suppresses a heartbeat, None for any other alert."""
        for watchdog in self._matching(alert.labels):
            # The same labels from another source are an ordinary alert, of which people are told.
            if any(copy.startswith(f"{watchdog.source}/") for copy in alert.copies):
                return Verdict(MemberStatus.SUPPRESSED, Reason.HEARTBEAT, watchdog.described)
        return None

    def in_force(self, watchdog: Watchdog, wall: int) -> bool:
        return self._calendar.holds(watchdog.hours, wall)

    def waits_for(
        self, alert: Alert, heartbeats: Mapping[str, int], now: int, ahead: int = 0
    ) -> Watchdog | None:
        """Return the watchdog for whose heartbeat the end of this alert waits, None where it waits for none.

        An end waits for a heartbeat newer than itself, of a source that reported the alert as firing in this
        episode.
        """
        # After a day the end is told without a heartbeat: whoever was paged must not wait for
        # a source that is gone.
        if alert.firing or alert.ended_at is None or now >= alert.ended_at + MAX_RESOLVE_HOLD:
            return None
        sources = _sources(alert)
        for watchdog in self.holding:
            heard_since = watchdog.name in heartbeats and heartbeats[watchdog.name] > alert.ended_at
            if watchdog.source in sources and not heard_since and self.in_force(watchdog, now + ahead):
                return watchdog
        return None

    def resolve_held_by(
        self, alert: Alert, heartbeats: Mapping[str, int], now: int, ahead: int = 0
    ) -> Verdict | None:
        """Return the verdict that holds an end back until its source has proved that it is alive.

        `ahead` is how far what people call the time is ahead of `now`: the hours of a watchdog are people's.
        """
        watchdog = self.waits_for(alert, heartbeats, now, ahead) if self.holding else None
        if watchdog is None or alert.ended_at is None:
            return None
        hours_change = self._calendar.until(watchdog.hours.names, now + ahead)
        until = earliest(alert.ended_at + MAX_RESOLVE_HOLD, when(hours_change, now, ahead))
        return Verdict(MemberStatus.HELD, Reason.HOLD_RESOLVES, watchdog.described, until)


def _sources(alert: Alert) -> set[str]:
    """Return the sources, the gateway aside, that reported the alert as firing in its present episode."""
    copies = ((name, copy) for name, copy in alert.copies.items() if not name.startswith(OWN_SOURCE))
    began = alert.started_at
    # A copy that ended before this episode began does not make its source a witness of this episode's end.
    return {
        name.partition("/")[0]
        for name, copy in copies
        if copy.ends_at is None or began is None or copy.ends_at >= began
    }


def record_heartbeat(changes: Changes, watchdog: str, row: Row, now: int) -> None:
    """Add to `changes` that a heartbeat came; the subjects that wait for it are due at once."""
    last = load_heartbeat(row.value)
    # A heartbeat as late as this one is recorded already, and has woken the ends that wait for it.
    if last is not None and now <= last:
        return
    cell = heartbeat_cell(watchdog)
    changes.expect[cell], changes.put[cell] = row.version, str(now).encode()
    changes.topics.add.append((topic(watchdog), HEARTBEAT_MARK))
    changes.topics.remove.append((topic(watchdog), HEARTBEAT_MARK))


def topic(watchdog: str) -> str:
    """Return the topic to which agenda subjects subscribe that wait for a heartbeat of this watchdog."""
    return blake2b(watchdog.encode("utf-8", "surrogatepass"), digest_size=8, person=b"heartbeat").hexdigest()
