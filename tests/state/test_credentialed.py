"""Every shard knows which kinds of destinations ever had a credential."""

from __future__ import annotations

from gateway.model.agenda import TOLD_IN_LOG
from gateway.model.cells import CREDENTIALED
from gateway.model.changes import Changes, Query
from gateway.model.ledger import Endpoint, Ledger, ledger_cell
from gateway.model.records import dump
from gateway.ports import State
from gateway.state.credentialed import note_credentialed
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START

SLACK, BOTH = frozenset({"slack"}), frozenset({"pagerduty", "slack"})


def shards() -> Shards:
    return Shards([MemoryStore(lambda: START) for _ in range(3)])


async def noted(state: State) -> bytes:
    return (await state.gather(Query(cells=(CREDENTIALED,)))).rows[CREDENTIALED].value


async def looks(state: MemoryStore) -> bool:
    """Whether what only the log was told is looked at; what was on the agenda is taken off."""
    return state.agenda_at.pop(TOLD_IN_LOG, None) is not None


async def told_through(state: State, incident: str, kind: str) -> None:
    ledger = Ledger(incident, "t", "t", endpoint=Endpoint(kind, "t", "SECRET", "mark"))
    await state.commit(Changes(put={ledger_cell(incident, "t"): dump(ledger)}))


async def test_each_shard_notes_a_kind_that_comes_and_keeps_one_that_goes() -> None:
    of = shards()
    assert await note_credentialed(of, SLACK) == SLACK
    assert await note_credentialed(of, frozenset({"pagerduty"})) == BOTH
    assert [await noted(state) for state in of.states] == [b"pagerduty slack"] * 3


async def test_what_the_log_was_told_is_looked_at_with_a_new_kind_and_not_at_every_start() -> None:
    of = shards()
    first, *_ = of.states
    assert isinstance(first, MemoryStore)
    await note_credentialed(of, SLACK)
    assert await looks(first)
    await note_credentialed(of, SLACK)
    assert not await looks(first)
    await note_credentialed(of, BOTH)
    assert await looks(first)


async def test_a_gateway_without_credentials_looks_at_nothing() -> None:
    of = shards()
    await note_credentialed(of, frozenset())
    assert isinstance(of.home, MemoryStore)
    assert not await looks(of.home)


async def test_in_the_store_of_a_version_before_a_kind_that_people_were_told_through_had_a_credential() -> (
    None
):
    of = shards()
    await told_through(of.states[1], "i1", "pagerduty")
    await told_through(of.states[2], "i2", "log")
    await told_through(of.states[2], "i3", "")
    assert await note_credentialed(of, SLACK) == BOTH
    assert [await noted(state) for state in of.states] == [b"pagerduty slack"] * 3


async def test_only_the_first_start_on_such_a_store_reads_its_ledgers() -> None:
    of = shards()
    await note_credentialed(of, frozenset())
    await told_through(of.home, "i1", "pagerduty")
    assert await note_credentialed(of, SLACK) == SLACK


async def test_it_is_the_same_on_every_store(store: State) -> None:
    assert await note_credentialed(Shards([store]), frozenset()) == frozenset()
    assert await note_credentialed(Shards([store]), SLACK) == SLACK
    assert await noted(store) == b"slack"
