"""A store with a rival: another replica that writes, or fences the shard, between our read and our commit."""

from __future__ import annotations

from gateway.model.changes import Cell, Changes, Committed, Query, Result, Table
from gateway.storage.memory import MemoryStore
from tests.support.build import START

COUNT = Cell(Table.META, "count")


class RivalStore(MemoryStore):
    """The rival writes to `COUNT` after each of our next `quicker` reads, unless the shard is fenced."""

    def __init__(self, quicker: int = 0) -> None:
        self.at = START
        super().__init__(lambda: self.at)
        self.quicker = quicker
        self.reads = 0
        self.outcomes: list[str] = []
        self.fences: list[str] = []

    async def gather(self, ask: Query) -> Result:
        found = await super().gather(ask)
        self.reads += 1
        if self.quicker:
            self.quicker -= 1
            await super().commit(Changes(put={COUNT: found.rows[COUNT].value}))
        return found

    async def commit(self, changes: Changes) -> Committed:
        committed = await super().commit(changes)
        self.outcomes.append(f"{committed.outcome}{' under the fence' if changes.fence else ''}")
        return committed

    async def fence(self, holder: str, length: int) -> bool:
        taken = await super().fence(holder, length)
        self.fences.append(("taken" if length else "given back") if taken else "refused")
        return taken
