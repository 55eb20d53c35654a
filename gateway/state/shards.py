"""The slots of a store together: for people, metrics and whatever concerns all of them. Never asked on the path of an alert.

A slot is atomic by itself; nothing here is atomic over several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gateway.decisions.partition import HOME
from gateway.model.changes import Ask, Cell, Kept, LogEntry, Row, Table
from gateway.ports import State


class Slots:
    """An `Archive` over all of them. What is not of an alert (the orders, the quarantine) lives in the home slot."""

    def __init__(self, states: Sequence[State]) -> None:
        self.states = tuple(states)
        self.home = self.states[HOME]

    async def holding(self, cell: Cell) -> State:
        """The slot that has this row; the home slot where none has."""
        if len(self.states) > 1:
            for state in self.states:
                if (await state.gather(Ask(cells=(cell,)))).rows[cell].value:
                    return state
        return self.home

    async def counters(self) -> dict[str, int]:
        """The sums: the identities are linear, so they hold for these too."""
        total: Counter[str] = Counter()
        for state in self.states:
            total.update(await state.counters())
        return dict(total)

    async def size(self, table: Table) -> int:
        return sum([await state.size(table) for state in self.states])

    async def page(self, table: Table, cursor: int, count: int) -> tuple[int, dict[str, Row]]:
        """A cursor is the slot's own times the number of slots, and the slot."""
        inner, slot = divmod(cursor, len(self.states))
        inner, rows = await self.states[slot].page(table, inner, count)
        if inner:
            return inner * len(self.states) + slot, rows
        return (slot + 1) % len(self.states), rows

    async def timeline(self, subject: str | None, limit: int, since: int = 0) -> list[tuple[int, LogEntry]]:
        lines = [line for state in self.states for line in await state.timeline(subject, limit, since)]
        return sorted(lines, key=lambda line: line[0], reverse=True)[:limit]

    async def quarantine(self, limit: int) -> list[tuple[Kept, int, int]]:
        return await self.home.quarantine(limit)

    async def agenda(self) -> tuple[int, int]:
        found = [await state.agenda() for state in self.states]
        return sum(depth for depth, _ in found), max(overdue for _, overdue in found)
