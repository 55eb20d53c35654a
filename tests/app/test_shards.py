"""Partitions over several shards: every tenant is told, and people see one gateway."""

from __future__ import annotations

import asyncio

from gateway.decisions.accounting.invariants import imbalances
from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Table
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


async def test_every_tenant_is_told_in_an_incident_of_its_own_wherever_its_shard_is(starter: Starter) -> None:
    app = await started(starter, 4)
    await told(app, TENANTS)
    sizes = [await state.size(Table.INCIDENTS) for state in app.gateway.shards.states]
    assert sum(sizes) == len(TENANTS)
    assert len([size for size in sizes if size]) > 1
    await told(app, TENANTS, firing=False)
    assert len(app.pagerduty.incidents) == len(TENANTS)
    assert await balanced(app)


async def test_people_see_one_gateway_over_all_shards(starter: Starter) -> None:
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


async def test_a_source_that_says_nothing_is_noticed_in_every_shard_by_the_home_shard_alone(
    starter: Starter,
) -> None:
    app = await started(starter, 4, PARTED + "sources: [{name: eu, stale_after: 3s}]\n")
    few = TENANTS[:5]  # no more would be believed at once
    await told(app, few)
    await asyncio.sleep(3.1)  # whoever is told later than that would be told of an end at once
    await app.gateway.shards.home.commit(Changes(agenda={Subject.poll("eu"): (0, 0)}))
    await app.until(lambda: [one.status for one in app.pagerduty.incidents] == ["resolved"] * len(few))
    counted = await app.gateway.shards.counters()
    assert (counted["concluded:ended:inferred"], counted["received"]) == (len(few), len(few))
    assert await balanced(app)


async def test_a_silence_reaches_every_shard(starter: Starter) -> None:
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

WATCHED = "watchdogs: [{name: w, match: ['alertname=\"Watchdog\"'], every: %s, page: [pager], hold_resolves: true}]\n"


def heartbeat(tenant: str = "t3") -> dict[str, object]:
    made = alert("prometheus", starts="2026-11-23T10:00:00Z")
    return {**made, "labels": {"alertname": "Watchdog", "severity": "none", "tenant": tenant}}


async def test_a_missing_heartbeat_is_said_once_whatever_the_number_of_shards(starter: Starter) -> None:
    app = await started(starter, 4, PARTED + WATCHED % "2s")
    await app.until(lambda: app.pagerduty.incidents)
    await app.gateway.auditor.look()
    assert (
        "no heartbeat of watchdog w yet: alerts from default may not reach us"
        in (await app.ask("/health")).json()["worries"]
    )
    assert 'gateway_watchdog_missing{watchdog="w"} 1.0' in (await app.ask("/metrics")).text
    await app.webhook(heartbeat())
    await app.until(lambda: app.pagerduty.incidents[0].status == "resolved")
    assert await balanced(app)
