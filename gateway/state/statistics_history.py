"""The whole history of the statistics as the store has it: events, and the compacted days before them.

The days, and what is followed from them, stand in the home shard; events stand in the shard that wrote them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.decisions.statistics.due_days import is_for_ever, without_compacted
from gateway.model.cells import STATISTICS_DAYS, STATISTICS_FOLLOWED, statistics_day_cell
from gateway.model.changes import Cell, Query
from gateway.model.durations import DAY
from gateway.model.statistics.compacted import CompactedDay, load_day
from gateway.model.statistics.events import AnyEvent
from gateway.model.statistics.history import History
from gateway.model.statistics.kept_days import KeptDays, load_followed, load_kept
from gateway.ports import State
from gateway.state.shards import Shards
from gateway.state.statistics import MAX_EVENTS, read_events

DAYS_READ_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """The history, which days it has, and the versions of the rows that say so. `now` is the time of
    people (ms).

    `crowded`: a shard has as many events as are kept.
    """

    history: History
    kept: KeptDays
    versions: dict[Cell, bytes]
    now: int
    crowded: bool


async def read_history(shards: Shards, seed: str = "") -> StoredHistory:
    """Read everything that reports are made from. Raises `StateUnavailable`."""
    # Days that are compacted meanwhile are read as such, and
    # their events, which were read before, are left out.
    events = await read_events(shards)
    heads = (STATISTICS_DAYS, STATISTICS_FOLLOWED)
    gathered = await shards.home.gather(Query(cells=heads))
    kept = load_kept(gathered.rows[STATISTICS_DAYS].value)
    history = History(
        events=events,
        days=await read_days(shards.home, kept),
        followed=load_followed(gathered.rows[STATISTICS_FOLLOWED].value),
        seed=seed,
    )
    versions = {cell: gathered.rows[cell].version for cell in heads}
    # Each goes through all events.
    whole = await asyncio.to_thread(without_compacted, history)
    crowded = await asyncio.to_thread(is_crowded, history.events)
    return StoredHistory(whole, kept, versions, gathered.wall, crowded)


def is_crowded(events: Iterable[AnyEvent]) -> bool:
    """Return whether a shard has so many events that the oldest have to go."""
    counted = Counter(event.shard for event in events if not is_for_ever(event))
    return max(counted.values(), default=0) >= MAX_EVENTS


async def read_days(home: State, kept: KeptDays) -> tuple[CompactedDay, ...]:
    """Return the compacted days in their order."""
    if kept.begin is None or kept.end is None:
        return ()
    begins = range(kept.begin, kept.end, DAY)
    found: list[CompactedDay] = []
    for start in range(0, len(begins), DAYS_READ_AT_ONCE):
        cells = [statistics_day_cell(begin) for begin in begins[start : start + DAYS_READ_AT_ONCE]]
        rows = (await home.gather(Query(cells=cells))).rows
        found += [load_day(rows[cell].value) for cell in cells if rows[cell].value]
    return tuple(found)
