"""Partitions over several shards: every tenant is told, people see one gateway, and a store is laid out anew without a loss."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.decisions.accounting.invariants import imbalances
from gateway.errors import BadSettings, StateUnavailable
from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Table
from gateway.model.rule_generation import load_rule_generation
from gateway.rules.files import load_rules
from gateway.runtime.store import open_store
from gateway.storage.layout import read_layout, stores_of
from gateway.storage.reshard import Records, migrate
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
    await app.until(lambda: len([one for one in app.pagerduty.incidents if one.status == wanted]) >= len(tenants))


async def balanced(app: Running) -> bool:
    return not any(imbalances(await app.gateway.shards.counters()).values())


async def test_every_tenant_is_told_in_an_incident_of_its_own_wherever_its_slot_is(starter: Starter) -> None:
    app = await started(starter, 4)
    await told(app, TENANTS)
    sizes = [await state.size(Table.INCIDENTS) for state in app.gateway.shards.states]
    assert sum(sizes) == len(TENANTS)
    assert len([size for size in sizes if size]) > 1
    await told(app, TENANTS, firing=False)
    assert len(app.pagerduty.incidents) == len(TENANTS)
    assert await balanced(app)


async def test_people_see_one_gateway_over_all_slots(starter: Starter) -> None:
    app = await started(starter, 4)
    await told(app, TENANTS)
    listed, cursor = [], "0"
    while cursor:
        page = (await app.ask(f"/api/v1/incidents?limit=2&cursor={cursor}")).json()
        listed += page["items"]
        cursor = page["next"]
    assert len({one["id"] for one in listed}) == len(TENANTS)
    for one in listed:
        whole = (await app.ask(f"/api/v1/incidents/{one['id']}")).json()
        assert len(whole["alerts"]) == 1
        assert whole["timeline"]
        answer = await app.ask(f"/api/v1/incidents/{one['id']}/acknowledge", "POST", json={"by": "anna"})
        assert answer.json()["acknowledged"]["by"] == "anna"
    alerts = (await app.ask("/api/v1/alerts")).json()["items"]
    assert (await app.ask(f"/api/v1/alerts/{alerts[-1]['id']}")).json()["id"] == alerts[-1]["id"]


async def test_a_source_that_says_nothing_is_noticed_in_every_slot_by_the_home_slot_alone(starter: Starter) -> None:
    app = await started(starter, 4, PARTED + "sources: [{name: eu, stale_after: 100ms}]\n")
    few = TENANTS[:5]  # no more would be believed at once
    await told(app, few)
    await asyncio.sleep(0.2)
    await app.gateway.shards.home.commit(Changes(agenda={Subject.poll("eu"): (0, 0)}))
    await app.until(lambda: [one.status for one in app.pagerduty.incidents] == ["resolved"] * len(few))
    counted = await app.gateway.shards.counters()
    assert (counted["concluded:ended:inferred"], counted["received"]) == (len(few), len(few))
    assert await balanced(app)


async def test_a_silence_reaches_every_slot(starter: Starter) -> None:
    app = await started(starter, 4)
    made = await app.ask("/api/v1/silences", "POST", json={"matchers": ['service="pay"'], "by": "anna", "duration": "1h", "confirm": True})  # fmt: skip
    assert made.status_code == 200
    for state in app.gateway.shards.states:
        while "orders" not in (await state.page(Table.META, 0, 100))[1]:
            await asyncio.sleep(0.02)
    await app.webhook(*[of(tenant) for tenant in TENANTS])
    verdicts: list[dict[str, str]] = []
    while len(verdicts) < 2 * len(TENANTS):
        await asyncio.sleep(0.02)
        verdicts = (await app.ask("/api/v1/verdicts")).json()["items"]
    assert {one["reason"] for one in verdicts} == {"silenced"}
    assert not app.pagerduty.incidents


# Another layout


async def migrated(starter: Starter, shards: int, rules: str = PARTED) -> Records | None:
    """As `gateway migrate` does it, half a minute after the last gateway has ended."""
    (starter.folder / "rules.yaml").write_text(rules, "utf-8")
    environment = starter.environment()
    found = load_rules(environment.settings.rules, 0).rulebook
    assert found is not None
    async with open_store(environment.settings) as client:
        layout = await read_layout(client)
        assert layout is not None
        for store in stores_of(client, layout):
            raw = await client.ask("HGET", store.keys["meta"], "rules")
            known = load_rule_generation(raw[8:])
            await client.ask("HSET", store.keys["meta"], "rules", raw[:8] + known._replace(seen_at=0).dump())
        return await migrate(client, found, shards)


async def ended(starter: Starter) -> None:
    await starter.stack.aclose()
    starter.stack = AsyncExitStack()


async def test_what_was_told_before_a_migration_is_ended_after_it_and_nothing_is_told_twice(starter: Starter) -> None:
    first = await started(starter, 1)
    await told(first, TENANTS)
    await first.ask("/api/v1/orders/pause", "POST", json={"by": "anna", "duration": "1h"})
    timeline = len(await first.gateway.shards.timeline(None, 1000))
    while not await balanced(first) or (await first.gateway.shards.counters())["standing:told"] < 2 * len(TENANTS):
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


async def test_incidents_that_a_new_partition_would_tear_are_named_and_nothing_is_changed(starter: Starter) -> None:
    app = await started(starter, 1, ONE_PARTITION)
    await app.webhook(*[of(tenant) for tenant in TENANTS])
    await app.until(lambda: app.pagerduty.incidents)
    await ended(starter)
    starter.more["GATEWAY_SHARDS"] = "1"
    with pytest.raises(BadSettings, match="1 incidents have alerts that would live in different shards"):
        await migrated(starter, 4)
    again = await started(starter, 1, ONE_PARTITION)
    assert len((await again.ask("/api/v1/incidents")).json()["items"]) == 1


async def test_a_store_that_is_laid_out_otherwise_is_refused_with_the_remedy(starter: Starter) -> None:
    app = await started(starter, 1)
    await told(app, TENANTS[:1])
    await ended(starter)
    with pytest.raises(BadSettings, match="gateway migrate"):
        await started(starter, 4)
    with pytest.raises(BadSettings, match="gateway migrate"):
        await started(starter, 1, ONE_PARTITION)


async def test_an_empty_store_takes_any_layout(starter: Starter) -> None:
    await started(starter, 1, ONE_PARTITION)
    await ended(starter)
    app = await started(starter, 4)
    assert len(app.gateway.shards.states) == 4


async def test_a_store_at_which_a_gateway_works_is_not_migrated(starter: Starter) -> None:
    await started(starter, 1)
    await ended(starter)
    environment = starter.environment()
    rules = load_rules(environment.settings.rules, 0).rulebook
    assert rules is not None
    async with open_store(environment.settings) as client:
        with pytest.raises(BadSettings, match="stop all of them"):
            await migrate(client, rules, 4)


async def test_a_reload_that_changes_the_partitions_is_refused(starter: Starter) -> None:
    app = await started(starter, 1)
    (Path(app.folder) / "rules.yaml").write_text(ONE_PARTITION, "utf-8")
    assert not await app.gateway.reloader.reload()
    assert "gateway migrate" in app.gateway.reloader.errors[0]


async def test_one_slot_that_is_away_has_the_whole_webhook_sent_again_and_nothing_counted_twice(starter: Starter) -> None:
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


async def test_a_heartbeat_of_one_slot_lets_ends_through_in_all_of_them(starter: Starter) -> None:
    app = await started(starter, 4, PARTED + WATCHED % "1h")
    await told(app, TENANTS)
    await app.webhook(*[of(tenant, ends=True) for tenant in TENANTS])
    await asyncio.sleep(0.5)
    assert {one.status for one in app.pagerduty.incidents} == {"triggered"}
    assert (await app.gateway.shards.counters())["standing:ends_held"] == 2 * len(TENANTS)
    await app.webhook(heartbeat())
    await app.until(lambda: {one.status for one in app.pagerduty.incidents} == {"resolved"})
    shown = (await app.ask("/api/v1/watchdogs")).json()["items"]
    assert [(one["name"], one["missing_since"], bool(one["last_heartbeat"])) for one in shown] == [("w", None, True)]
    assert await balanced(app)


async def test_a_missing_heartbeat_is_said_once_whatever_the_number_of_slots(starter: Starter) -> None:
    app = await started(starter, 4, PARTED + WATCHED % "2s")
    await app.until(lambda: app.pagerduty.incidents)
    await app.gateway.auditor.look()
    assert (
        "no heartbeat of watchdog w yet: alerts from default may not reach us" in (await app.ask("/health")).json()["worries"]
    )
    assert 'gateway_watchdog_missing{watchdog="w"} 1.0' in (await app.ask("/metrics")).text
    await app.webhook(heartbeat())
    await app.until(lambda: app.pagerduty.incidents[0].status == "resolved")
    assert await balanced(app)
