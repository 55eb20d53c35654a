"""All shards of a store together, for people, metrics and whatever concerns all of them.

A shard is atomic by itself; nothing here is atomic over several. The path of an alert never asks here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gateway.decisions.partition import HOME
from gateway.model.agenda import AgendaLook, WaitingLane, longest_late
from gateway.model.changes import Cell, LogEntry, QuarantineEntry, Query, Row, Table
from gateway.ports import State


class Shards:
    """An `Archive` over all shards.

    What belongs to no alert (the controls, the quarantine) lives in the home shard.
    """

    def __init__(self, states: Sequence[State]) -> None:
        self.states = tuple(states)
        self.home = self.states[HOME]

    async def holding(self, cell: Cell) -> State:
        """Return the shard that has this row, or the home shard where none has it."""
        # An incident's id does not name its shard. Asking each
        # shard is cheap enough for requests of people.
        if len(self.states) > 1:
            for state in self.states:
                if (await state.gather(Query(cells=(cell,)))).rows[cell].value:
                    return state
        return self.home

    @property
    def lost_races(self) -> Counter[str]:
        """How often this process had to decide again, by transaction."""
        return sum((state.lost_races for state in self.states), Counter[str]())

    async def counters(self) -> dict[str, int]:
        """Return the sums over the shards: the invariants are linear, so they hold for these too."""
        total: Counter[str] = Counter()
        for state in self.states:
            total.update(await state.counters())
        return dict(total)

    async def size(self, table: Table) -> int:
        return sum([await state.size(table) for state in self.states])

    async def page(
        self, table: Table, cursor: int, count: int, named: str = "*"
    ) -> tuple[int, dict[str, Row]]:
        """Read a page. A cursor is the shard's own cursor times the number of shards, plus the shard."""
        inner, shard = divmod(cursor, len(self.states))
        inner, rows = await self.states[shard].page(table, inner, count, named)
        if inner:
            return inner * len(self.states) + shard, rows
        # The next shard begins at its own cursor 0. Behind the
        # last shard the sum is 0, which ends the walk.
        return (shard + 1) % len(self.states), rows

    async def timeline(self, subject: str | None, limit: int, since: int = 0) -> list[tuple[int, LogEntry]]:
        lines = [line for state in self.states for line in await state.timeline(subject, limit, since)]
        return sorted(lines, key=lambda line: line[0], reverse=True)[:limit]

    async def quarantine(self, limit: int) -> list[tuple[QuarantineEntry, int, int]]:
        return await self.home.quarantine(limit)

    async def agenda(self) -> AgendaLook:
        found = [await state.agenda() for state in self.states]
        lanes: dict[str, WaitingLane] = {}
        for waiting in (lane for look in found for lane in look.waiting):
            known = lanes.get(waiting.lane, waiting._replace(due=0))
            lanes[waiting.lane] = WaitingLane(
                waiting.lane, known.due + waiting.due, max(known.oldest, waiting.oldest)
            )
        return AgendaLook(
            sum(look.depth for look in found),
            max(look.overdue for look in found),
            longest_late(lanes.values()),
        )
