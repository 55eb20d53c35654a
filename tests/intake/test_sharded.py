"""A webhook for several shards is taken by all of them, or sent again as a whole."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable

import pytest
import structlog

from gateway.decisions.accounting.invariants import imbalances
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.policy import Policy
from gateway.errors import StateUnavailable
from gateway.intake.group_commit import GroupCommit
from gateway.intake.sharded import ShardedIntake
from gateway.model.cells import TRUNCATED
from gateway.model.changes import Query, Result, Table
from gateway.model.truncated_groups import GroupReport, load_truncated
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook, seen
from tests.support.processes import alert
from tests.support.running_gateway import RULES as ONE_PARTITION
from tests.support.running_gateway import Running, Starter

TENANTS = [f"t{number}" for number in range(8)]
PARTED = f"partition_by: [tenant]\n{ONE_PARTITION}"


async def started(starter: Starter, shards: int, rules: str = PARTED) -> Running:
    (starter.folder / "rules.yaml").write_text(rules, "utf-8")
    starter.more["GATEWAY_SHARDS"] = str(shards)
    return await starter.start()


def of(tenant: str, *, ends: bool = False) -> dict[str, object]:
    made = alert("pay", starts="2026-11-23T10:00:00Z", **({"ends": "2026-11-23T11:00:00Z"} if ends else {}))
    return {**made, "labels": {**made["labels"], "tenant": tenant}}  # type: ignore[dict-item]


async def told(app: Running, tenants: list[str], *, firing: bool = True) -> None:
    await app.webhook(*[of(tenant, ends=not firing) for tenant in tenants])
    wanted = "triggered" if firing else "resolved"
    await app.until(
        lambda: len([one for one in app.pagerduty.incidents if one.status == wanted]) >= len(tenants)
    )


async def balanced(app: Running) -> bool:
    return not any(imbalances(await app.gateway.shards.counters()).values())


# Another layout


async def test_one_shard_that_is_away_has_the_whole_webhook_sent_again_and_nothing_counted_twice(
    starter: Starter,
) -> None:
    app = await started(starter, 4)
    states = app.gateway.shards.states
    broken = states[-1]
    works = broken.commit

    async def away(_changes: object) -> object:
        raise StateUnavailable("away")

    broken.commit = away  # type: ignore[method-assign]
    assert (await app.webhook(*[of(tenant) for tenant in TENANTS])).status_code == 503
    broken.commit = works  # type: ignore[method-assign]
    await told(app, TENANTS)
    assert len(app.pagerduty.incidents) == len(TENANTS)
    assert await balanced(app)


WATCHED = "watchdogs: [{name: w, match: ['alertname=\"Watchdog\"'], every: %s, page: [pager], hold_resolves: true}]\n"


def heartbeat(tenant: str = "t3") -> dict[str, object]:
    made = alert("prometheus", starts="2026-11-23T10:00:00Z")
    return {**made, "labels": {"alertname": "Watchdog", "severity": "none", "tenant": tenant}}


async def test_a_heartbeat_of_one_shard_lets_ends_through_in_all_of_them(starter: Starter) -> None:
    app = await started(starter, 4, PARTED + WATCHED % "1h")
    await told(app, TENANTS)
    await app.webhook(*[of(tenant, ends=True) for tenant in TENANTS])
    await asyncio.sleep(0.5)
    assert {one.status for one in app.pagerduty.incidents} == {"triggered"}
    assert (await app.gateway.shards.counters())["standing:ends_held"] == 2 * len(TENANTS)
    await app.webhook(heartbeat())
    await app.until(lambda: {one.status for one in app.pagerduty.incidents} == {"resolved"})
    shown = (await app.ask("/api/v1/watchdogs")).json()["items"]
    assert [(one["name"], one["missing_since"], bool(one["last_heartbeat"])) for one in shown] == [
        ("w", None, True)
    ]
    assert await balanced(app)


def two_shards() -> tuple[ShardedIntake, list[MemoryStore]]:
    stores = [MemoryStore(lambda: START) for _ in range(2)]
    return over(stores), stores


def over(stores: list[MemoryStore]) -> ShardedIntake:
    rules = dataclasses.replace(rulebook(), partition_by=("tenant",))
    intakes = [
        GroupCommit(store, Correlator(rules), woken=lambda: None, taken=lambda *_: None) for store in stores
    ]
    return ShardedIntake(intakes, Policy(rules))


FOR_BOTH = [seen(tenant=f"t{number}") for number in range(16)]


CUT, WHOLE = GroupReport("eu/1", 37, over=False), GroupReport("eu/1", 0, over=False)


def left_out(stores: list[MemoryStore]) -> list[list[int]]:
    records = [load_truncated(store.rows[TRUNCATED.table][TRUNCATED.field].value) for store in stores]
    return [[group.left_out for group in record.groups.values()] for record in records]


async def test_every_shard_hears_that_a_group_is_cut_short_and_that_it_is_whole() -> None:
    intake, stores = two_shards()
    await intake.accept(FOR_BOTH[:1], [], [CUT])
    assert left_out(stores) == [[37], [37]]
    await intake.accept(FOR_BOTH[:1], [], [WHOLE])
    assert left_out(stores) == [[], []]


async def test_a_replica_that_begins_later_has_a_group_made_whole_in_every_shard_too() -> None:
    before, stores = two_shards()
    await before.accept(FOR_BOTH[:1], [], [CUT])
    intake = over(stores)
    intake.know_cut_short([CUT.name])
    await intake.accept(FOR_BOTH[:1], [], [WHOLE])
    assert left_out(stores) == [[], []]


async def test_the_first_failure_is_raised_and_every_failing_shard_is_logged() -> None:
    intake, stores = two_shards()

    async def away(_ask: object) -> object:
        raise StateUnavailable("away")

    for store in stores:
        store.gather = away  # type: ignore[assignment, method-assign]
    with structlog.testing.capture_logs() as logs, pytest.raises(StateUnavailable, match="away"):
        await intake.accept(FOR_BOTH, [])
    assert sorted(entry["shard"] for entry in logs if entry["event"] == "shard_refused") == [0, 1]


async def test_a_shard_that_fails_waits_for_the_others_to_take_their_parts() -> None:
    intake, stores = two_shards()

    async def away(_ask: object) -> object:
        raise StateUnavailable("away")

    stores[0].gather = away  # type: ignore[assignment, method-assign]
    with pytest.raises(StateUnavailable):
        await intake.accept(FOR_BOTH, [])
    assert stores[1].rows[Table.ALERTS]


async def test_what_waits_for_several_shards_is_forgotten_with_its_sender() -> None:
    intake, stores = two_shards()
    opens = asyncio.Event()
    for store in stores:
        gather = store.gather

        async def hangs(ask: Query, gather: Callable[[Query], Awaitable[Result]] = gather) -> Result:
            await opens.wait()
            return await gather(ask)

        store.gather = hangs  # type: ignore[method-assign]
    first = asyncio.create_task(intake.accept(FOR_BOTH[:8], []))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(intake.accept(FOR_BOTH[8:], []))
    await asyncio.sleep(0.01)
    second.cancel()
    await asyncio.wait([second])
    opens.set()
    await first
    await intake.drain()
    assert sum(len(store.rows[Table.ALERTS]) for store in stores) == 8
