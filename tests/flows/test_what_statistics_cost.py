"""What the statistics add to the work of the store: nothing to an intake, and rows to what calls somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from gateway.decisions.intake.correlate import Correlator
from gateway.intake.group_commit import GroupCommit
from gateway.model.alert import Observation
from gateway.model.changes import Changes, Query
from gateway.model.durations import MINUTE
from gateway.storage.redis import RedisStore
from tests.support.build import rulebook, seen
from tests.support.connected import patient
from tests.support.world import World

ARRIVALS: dict[str, Callable[[], list[Observation]]] = {
    "one that is new": lambda: [seen(service="new")],
    "one that is known": lambda: [seen(service="known")],
    "one that ends": lambda: [seen(service="known", ends=MINUTE)],
    "a hundred that are new": lambda: [seen(service=f"s{number}") for number in range(100)],
}


@dataclass
class Asked:
    """What a store was asked to do, and the rows that it was given."""

    store: Any
    asked: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._gather, self._commit = self.store.gather, self.store.commit
        self.store.gather, self.store.commit = self.gather, self.commit

    async def gather(self, query: Query) -> Any:
        self.asked["gather"] += 1
        return await self._gather(query)

    async def commit(self, changes: Changes) -> Any:
        self.asked["commit"] += 1
        self.rows += len(changes.put)
        self.events += [msgspec.json.decode(event)["kind"] for event in changes.events.values()]
        return await self._commit(changes)


def unfed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away both ways by which a plan and a settlement feed the statistics."""
    monkeypatch.setattr("gateway.reconcile.plan.record_plan", lambda *_: None)
    monkeypatch.setattr("gateway.reconcile.settle.record_send", lambda *_: None)


async def intake_of(store: Any) -> GroupCommit:
    intake = GroupCommit(
        store,
        Correlator(rulebook()),
        woken=lambda: None,
        taken=lambda _verdicts, _now: None,
        keep_ended=MINUTE,
    )
    for _ in range(2):  # a script is loaded when it is first used
        await intake.accept([seen(service="known")], ())
    return intake


@pytest.mark.parametrize("arrival", ARRIVALS)
async def test_an_intake_reads_at_most_twice_writes_once_and_feeds_no_statistics(arrival: str) -> None:
    world = World()
    world.leave_plans_to_agenda()
    await world.intake.accept([seen(service="known")], ())
    asked = Asked(world.store)
    await world.intake.accept(ARRIVALS[arrival](), ())
    assert asked.asked["commit"] == 1
    assert asked.asked["gather"] <= 2
    assert asked.events == []


@pytest.mark.parametrize("arrival", ARRIVALS)
async def test_an_intake_runs_no_more_scripts_than_that_in_a_real_store(
    arrival: str, valkey_url: str
) -> None:
    client = patient(valkey_url)
    await client.ask_each("FLUSHALL")
    store = RedisStore(client)
    intake = await intake_of(store)
    asked = Asked(store)
    await client.ask_each("CONFIG", "RESETSTAT")
    await intake.accept(ARRIVALS[arrival](), ())
    ((_, said),) = await client.ask_each("INFO", "commandstats")
    scripts = [stat["calls"] for name, stat in said.items() if name in ("cmdstat_evalsha", "cmdstat_eval")]
    assert sum(scripts) == asked.asked.total() <= 3
    await client.aclose()


async def paged() -> Asked:
    """A critical alert is planned, paged, told in the channel, and ends."""
    world = World()
    asked = Asked(world.store)
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await world.webhook(seen(service="db", ends=world.at))
    await world.until(world.at + 10 * MINUTE)
    return asked


async def test_statistics_cost_no_question_and_no_commit_but_the_rows_of_what_happened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fed = await paged()
    unfed(monkeypatch)
    bare = await paged()
    assert bare.events == []
    assert fed.asked == bare.asked
    assert fed.rows == bare.rows
    # The first plan, the settlement of the first call of a life (each further one writes `call` alone), the end.
    assert fed.events == ["service_seen", "page", "call", "incident_end", "label"]
