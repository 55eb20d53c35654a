"""What nobody could be told of is read from the incidents of every shard."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.model.changes import Cell, Changes, Table
from gateway.model.incident import UnheardAlert
from gateway.model.records import dump
from gateway.ports import State
from gateway.state.shards import Shards
from gateway.state.unheard import unheard_alerts
from gateway.storage.memory import MemoryStore
from tests.support.build import START
from tests.support.records import NEW_INCIDENT


async def write(state: State, incident: str, *unheard: UnheardAlert) -> None:
    record = replace(NEW_INCIDENT, id=incident, unheard=unheard)
    await state.commit(Changes(put={Cell(Table.INCIDENTS, incident): dump(record)}))


async def test_the_urgent_ones_come_first_whatever_their_shard() -> None:
    shards = Shards([MemoryStore(lambda: START) for _ in range(2)])
    slow = UnheardAlert("Slow", "dead_letter", "chat: gone", 1)
    down = UnheardAlert("Down", "dead_letter", "chat: gone", 1, urgent=True)
    disk = UnheardAlert("Disk", "unrouted", "no route", 1, urgent=True)
    await write(shards.states[0], "i1", slow, down)
    await write(shards.states[0], "i2")
    await write(shards.states[1], "i3", disk)
    assert await unheard_alerts(shards) == [disk, down, slow]


async def test_without_incidents_there_is_nothing(store: State) -> None:
    assert await unheard_alerts(Shards([store])) == []
