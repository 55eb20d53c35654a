"""Which days are to be compacted now, and the history with them compacted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import structs

from gateway.decisions.statistics.compact import YOUNGEST, compact
from gateway.model.durations import DAY
from gateway.model.statistics.compacted import CompactedDay
from gateway.model.statistics.events import AnyEvent, QuietSpell, RulesChanged, ServiceSeen
from gateway.model.statistics.history import History
from gateway.model.statistics.incident_state import IncidentState

KEPT_COMPACTED = 400 * DAY  # 13 months
DAYS_AT_ONCE = 1  # in one commit: with 200,000 events a day takes seconds, and a lease lasts 20


class Compacted(NamedTuple):
    """The days that were compacted, and the incidents that are followed from now on."""

    days: tuple[CompactedDay, ...]
    followed: Mapping[str, IncidentState]


def compacts(keep: int) -> bool:
    """Return whether events that are kept for so long (ms) are compacted after it, and not just forgotten.

    Labels count for up to 60 days, so that no younger day is final.
    """
    return keep >= YOUNGEST


def days_kept(keep: int) -> int:
    """Return for how long (ms) a compacted day is kept where events are kept for `keep`."""
    return max(KEPT_COMPACTED, keep) if compacts(keep) else keep


def next_day(since: int | None, first: int | None, now: int, keep: int, *, crowded: bool) -> int | None:
    """Return the begin of the day that is to be compacted now, None where none is old enough.

    `since` is where the compacted days end, and `first` when the first event came (None: there is none).
    Where the store is `crowded` with events a day goes as soon as it is final.
    """
    begin = since if since is not None else None if first is None else first // DAY * DAY
    oldest = YOUNGEST if crowded else keep
    if begin is None or not compacts(keep) or begin + DAY > now - oldest:
        return None
    return begin


def is_for_ever(event: AnyEvent) -> bool:
    """Return whether an event outlives its day: since when a service is known, and the settings in force."""
    return isinstance(event, ServiceSeen | RulesChanged)


def first_of(events: Iterable[AnyEvent]) -> int | None:
    """Return the time of the first event of a day, None where there is none."""
    times = (
        event.from_ if isinstance(event, QuietSpell) else event.at
        for event in events
        if not is_for_ever(event)
    )
    return min(times, default=None)


def with_day(history: History, day: CompactedDay, followed: Mapping[str, IncidentState]) -> History:
    """Return the history with a further day compacted."""
    days = (*history.days, day)
    return without_compacted(History(history.events, days, followed, history.seed, history.missing))


def without_compacted(history: History) -> History:
    """Return the history without those events that its compacted days stand for."""
    since = history.exact_since
    if since is None:
        return history
    events = tuple(event for event in history.events if event.at >= since or is_for_ever(event))
    return History(events, history.days, history.followed, history.seed, history.missing)


def compact_due(history: History, now: int, keep: int, *, crowded: bool) -> Compacted:
    """Compact the days that are old enough, the oldest first, some at a time.

    The history has all events and all days before them.
    """
    first = first_of(history.events)
    made: list[CompactedDay] = []
    while len(made) < DAYS_AT_ONCE:
        begin = next_day(history.exact_since, first, now, keep, crowded=crowded)
        if begin is None:
            break
        compaction = compact(history, begin, now)
        # The store keeps since when a service is known as an event.
        day = structs.replace(compaction.day, seen=())
        made.append(day)
        history = with_day(history, day, compaction.followed)
    return Compacted(tuple(made), history.followed)
