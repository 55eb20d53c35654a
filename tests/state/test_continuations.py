"""The incidents before and after one are read with it, and nothing is read for an incident that is a whole group."""

from __future__ import annotations

from gateway.model.changes import Cell, Changes, Query, Result, Table
from gateway.model.durations import HOUR
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.records import dump
from gateway.state.continuations import LATER_READ, read_groups
from gateway.storage.memory import MemoryStore
from tests.decisions.cases import alert, incident
from tests.support.build import START


class CountingStore(MemoryStore):
    """A store that counts its round trips."""

    trips = 0

    async def gather(self, ask: Query) -> Result:
        self.trips += 1
        return await super().gather(ask)


def part(number: int, of: int, **more: object) -> Incident:
    """One incident of a group of so many."""
    return incident(
        alert(),
        id=f"i{number}",
        continues=tuple(f"i{before}" for before in range(number)),
        continued_by=f"i{number + 1}" if number + 1 < of else "",
        **more,
    )


async def stored(*incidents: Incident, ledgers: tuple[Ledger, ...] = ()) -> CountingStore:
    store = CountingStore(lambda: START + HOUR)
    put = {Cell(Table.INCIDENTS, one.id): dump(one) for one in incidents}
    put |= {ledger_cell(one.incident, one.target): dump(one) for one in ledgers}
    await store.commit(Changes(put=put))
    return store


async def test_an_incident_that_is_a_whole_group_costs_nothing() -> None:
    store = await stored(incident(alert()))
    assert await read_groups(store, [incident(alert())]) == {}
    assert store.trips == 0


async def test_the_middle_of_a_group_knows_what_is_before_and_after_it() -> None:
    group = [part(number, 4, targets=("chat", "pager")) for number in range(4)]
    told = Ledger("i0", "pager", "pager")
    store = await stored(*group, ledgers=(told,))
    found = (await read_groups(store, [group[1]]))["i1"]
    assert [one.incident.id for one in found.earlier] == ["i0"]
    assert dict(found.earlier[0].ledgers) == {"pager": told}
    assert [one.id for one in found.later] == ["i2", "i3"]


async def test_several_of_a_group_are_read_together() -> None:
    group = [part(number, 4) for number in range(4)]
    store = await stored(*group)
    found = await read_groups(store, group)
    assert [len(found[one.id].earlier) for one in group] == [0, 1, 2, 3]
    assert [len(found[one.id].later) for one in group] == [3, 2, 1, 0]
    assert store.trips <= 5


async def test_what_was_forgotten_is_left_out_and_a_circle_ends() -> None:
    first = part(0, 2)
    assert (await read_groups(await stored(first), [first]))["i0"].later == ()
    looped = incident(alert(), id="i0", continued_by="i0")
    assert len((await read_groups(await stored(looped), [looped]))["i0"].later) == LATER_READ
