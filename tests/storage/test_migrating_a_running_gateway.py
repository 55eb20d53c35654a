"""A store is laid out anew for other partitions or shards, while no gateway works at it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from gateway.decisions.accounting.invariants import imbalances
from gateway.errors import BadSettings
from gateway.model.cells import CREDENTIALED, RULE_HOLDERS
from gateway.model.changes import Changes, Query
from gateway.model.credentialed import load_credentialed
from gateway.model.rule_generation import RuleHolders, Sign
from gateway.rules.files import load_rules
from gateway.runtime.store import open_store
from gateway.storage.redis import RedisStore
from gateway.storage.reshard import migrate
from gateway.storage.reshard_rows import Records
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


async def migrated(starter: Starter, shards: int, rules: str = PARTED) -> Records | None:
    """As `gateway migrate` does it."""
    (starter.folder / "rules.yaml").write_text(rules, "utf-8")
    environment = starter.environment()
    found = load_rules(environment.settings.rules, 0).rulebook
    assert found is not None
    async with open_store(environment.settings) as client:
        return await migrate(client, found, shards)


async def ended(starter: Starter) -> None:
    await starter.stack.aclose()
    starter.stack = AsyncExitStack()


async def test_what_was_told_before_a_migration_is_ended_after_it_and_nothing_is_told_twice(
    starter: Starter,
) -> None:
    first = await started(starter, 1)
    await told(first, TENANTS)
    await first.ask("/api/v1/orders/pause", "POST", json={"by": "anna", "duration": "1h"})
    timeline = len(await first.gateway.shards.timeline(None, 1000))
    while not await balanced(first) or (await first.gateway.shards.counters())["standing:told"] < 2 * len(
        TENANTS
    ):
        await asyncio.sleep(0.02)
    await ended(starter)
    for before, after in pairwise((1, 4, 3)):
        starter.more["GATEWAY_SHARDS"] = str(before)
        done = await migrated(starter, after)
        assert done is not None
        assert len(done.incidents) >= len(TENANTS)  # the pause is an alert of our own
        app = await started(starter, after)
        await asyncio.sleep(0.5)
        assert len(app.pagerduty.incidents) == len(TENANTS)
        assert len(app.slack.messages("alerts")) >= len(TENANTS)
        assert (await app.ask("/api/v1/orders")).json()["pause"]["by"] == "anna"
        assert len(await app.gateway.shards.timeline(None, 1000)) >= timeline
        assert await balanced(app)
        if after != 3:
            await ended(starter)
    await told(app, TENANTS, firing=False)
    assert {one.status for one in app.pagerduty.incidents} == {"resolved"}
    assert await balanced(app)


async def test_incidents_that_a_new_partition_would_tear_are_named_and_nothing_is_changed(
    starter: Starter,
) -> None:
    app = await started(starter, 1, ONE_PARTITION)
    await app.webhook(*[of(tenant) for tenant in TENANTS])
    await app.until(lambda: app.pagerduty.incidents)
    await ended(starter)
    starter.more["GATEWAY_SHARDS"] = "1"
    with pytest.raises(BadSettings, match="1 incident has alerts that would live in different shards"):
        await migrated(starter, 4)
    again = await started(starter, 1, ONE_PARTITION)
    assert len((await again.ask("/api/v1/incidents")).json()["items"]) == 1


async def test_a_store_at_which_a_gateway_works_is_not_migrated(starter: Starter) -> None:
    await started(starter, 1)
    await ended(starter)
    environment = starter.environment()
    rules = load_rules(environment.settings.rules, 0).rulebook
    assert rules is not None
    async with open_store(environment.settings) as client:
        store = RedisStore(client)
        signs = RuleHolders({"another": Sign(1, await store.now())})
        await store.commit(Changes(put={RULE_HOLDERS: signs.dump()}))
        with pytest.raises(BadSettings, match="stop all of them"):
            await migrate(client, rules, 4)


async def test_a_store_whose_gateways_have_stopped_is_migrated_at_once(starter: Starter) -> None:
    await started(starter, 1)
    await ended(starter)
    done = await migrated(starter, 4)
    assert done is not None
    assert done.layout.shards == 4


async def test_that_a_vendor_had_a_credential_is_known_in_every_shard_after_a_migration(
    starter: Starter,
) -> None:
    first = await started(starter, 1)
    await told(first, TENANTS[:1])
    await ended(starter)
    await migrated(starter, 4)
    starter.more |= {"GATEWAY_SHARDS": "4", "PAGERDUTY_ROUTING_KEY": ""}
    app = await starter.start()
    for state in app.gateway.shards.states:
        row = (await state.gather(Query(cells=(CREDENTIALED,)))).rows[CREDENTIALED]
        assert load_credentialed(row.value) == {"pagerduty", "slack"}
    health = (await app.ask("/health")).json()
    assert (
        "pager has no credential: PAGERDUTY_ROUTING_KEY is not set: nothing can be delivered there"
        in (health["worries"])
    )
