"""Health names in sentences everything that a person should worry about."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.errors import StateUnavailable
from gateway.model.store_memory import MIB
from gateway.self_monitoring.machine_watch import Room
from gateway.telemetry.metrics import Metrics
from tests.support.processes import alert
from tests.support.running_gateway import RULES, Running, Starter


def document(app: Running) -> dict[str, Any]:
    """What /health shows of what stands in the gateway now: no other look comes in between."""
    return dict(app.gateway.health.shown(store_answers=True))


async def test_files_with_errors_show_in_the_metrics_and_in_health(starter: Starter) -> None:
    running = await starter.start()
    (running.folder / "rules.yaml").write_text("routes: [{nam: a-word-of-the-file}]")
    assert not await running.gateway.reloader.reload()
    assert running.gateway.metrics.registry.get_sample_value("gateway_rules_rejected") == 1
    health = (await running.ask("/health")).json()
    assert health["status"] == "degraded"
    (worry,) = [worry for worry in health["worries"] if worry.startswith("rules: ")]
    assert worry.startswith("rules: 2 errors at rules.yaml:1: `gateway check` says what")
    assert "nam" not in worry.replace("rules.yaml", "")
    shown = (await running.ask("/api/v1/rules")).json()["findings"]
    assert any("unknown key `nam`" in finding for finding in shown)


async def test_a_store_that_is_away_is_the_first_worry(app: Running) -> None:
    async def away() -> dict[str, int]:
        raise StateUnavailable("away")

    app.gateway.auditor.shards.counters = away  # type: ignore[method-assign]
    await app.gateway.auditor.look()
    answer = await app.ask("/health")
    assert answer.json()["worries"][0].startswith("the store does not answer")
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
    assert answer.json()["checks"]["database"] is answer.json()["checks"]["redis"] is False


async def test_a_gateway_with_nothing_to_worry_about_is_healthy_part_by_part(app: Running) -> None:
    await app.gateway.auditor.look()
    await app.gateway.health.worries.memory.look()  # the store may not have answered the first look yet
    app.gateway.health.worries.machine.memory = None  # whatever the machine of the test has left
    app.gateway.health.worries.machine.disk = Room(9_000 * MIB, 10_000 * MIB)
    health = document(app)
    assert (health["status"], health["worries"]) == ("healthy", [])
    assert datetime.fromisoformat(health["timestamp"]).tzinfo is UTC
    assert health["checks"] == {
        "database": True,
        "redis": True,
        "external_apis": True,
        "disk_space": True,
        "memory": True,
        "rules": True,
        "clock": True,
        "agenda": True,
        "watchdogs": None,
    }


async def test_a_full_disk_and_a_process_without_memory_are_unhealthy(app: Running) -> None:
    await app.gateway.auditor.look()
    machine = app.gateway.health.worries.machine
    machine.disk, machine.memory = Room(MIB, 10_000 * MIB), None
    health = document(app)
    assert (health["status"], health["checks"]["disk_space"]) == ("unhealthy", False)
    machine.disk, machine.memory = None, Room(1, 100 * MIB)
    health = document(app)
    assert (health["status"], health["checks"]["memory"]) == ("unhealthy", False)
    assert health["checks"]["disk_space"] is None


async def test_one_destination_that_fails_is_degraded_and_all_of_them_are_unhealthy(app: Running) -> None:
    await app.gateway.auditor.look()
    app.gateway.auditor.failing = ["pager"]
    health = document(app)
    assert (health["status"], health["checks"]["external_apis"]) == ("degraded", False)
    app.gateway.auditor.failing = ["chat", "pager"]
    assert document(app)["status"] == "unhealthy"


async def test_a_watchdog_that_is_missing_fails_its_check(starter: Starter) -> None:
    rule = "watchdogs:\n  - {name: pulse, match: ['alertname=\"Watchdog\"'], every: 5m, source: default, page: [pager]}\n"
    app = await started(starter, RULES + rule)
    await app.gateway.auditor.look()
    assert document(app)["checks"]["watchdogs"] is True
    (heard,) = app.gateway.auditor.heard
    app.gateway.auditor.heard = [heard._replace(missing_since=1)]
    assert document(app)["checks"]["watchdogs"] is False


def test_metrics_start_without_rejected_rules() -> None:
    assert Metrics().registry.get_sample_value("gateway_rules_rejected") == 0


EU = "sources:\n  - {name: eu, match: ['service=\"pay\"'], token: {env: HOOK_EU}, repeat_interval: 30m}\n"


async def started(starter: Starter, rules: str, **more: str) -> Running:
    Path(starter.folder / "rules.yaml").write_text(rules, "utf-8")
    starter.more = more
    return await starter.start()


async def test_health_names_a_source_without_its_token_and_two_with_the_same(starter: Starter) -> None:
    app = await started(starter, RULES + EU)
    worries = (await app.ask("/health")).json()["worries"]
    assert "source eu has no token (HOOK_EU): its webhooks are refused" in worries

    starter.folder = starter.folder / "other"
    starter.folder.mkdir()
    app = await started(starter, RULES + EU, HOOK_EU="the-same", GATEWAY_WEBHOOK_TOKEN="a,the-same")
    worries = (await app.ask("/health")).json()["worries"]
    assert "sources eu and default have the same token: they cannot be told apart" in worries
    assert "the-same" not in str(worries)


async def test_each_worry_about_what_could_not_be_told_counts_what_the_api_lists(starter: Starter) -> None:
    team = '  team:  {slack: {channel: "#{team}", allow: [pay]}}\nroutes:\n  - {name: teams, match: [\'team!=""\'], notify: [team], group_wait: 50ms}'
    app = await started(starter, RULES.replace("routes:", team))
    await app.webhook(*[alert(service, starts="2026-11-23T10:00:00Z", team="x") for service in ("a", "b")])
    undeliverable: list[object] = []
    while len(undeliverable) < 2:
        await asyncio.sleep(0.02)
        undeliverable = (await app.ask("/api/v1/verdicts?standing=undeliverable")).json()["items"]
    await app.gateway.auditor.look()
    worries = (await app.ask("/health")).json()["worries"]
    assert (
        "2 alerts could not be told at a destination: `gateway incidents` says of which, `gateway incidents ID` why"
        in worries
    )
    incidents = (await app.ask("/api/v1/incidents")).json()["items"]
    unheard = sum(incident["unheard_since"] is not None for incident in incidents)
    assert any(worry.startswith(f"nobody could be told of alerts in {unheard} incident") for worry in worries)


async def test_a_source_whose_clock_is_ahead_is_a_worry(app: Running) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=2, minutes=1)).isoformat()
    await app.webhook(alert("pay", starts=ahead))
    (worry,) = [one for one in (await app.ask("/health")).json()["worries"] if "clock" in one]
    assert worry.startswith("the clock of source default is ahead of the store's by 2h or more: ")
    assert "NTP" in worry


async def test_a_doubtful_clock_is_a_worry(app: Running) -> None:
    app.gateway.auditor.clocks.doubts = ("the store's clock was set back by 5h",)
    assert "the store's clock was set back by 5h" in (await app.ask("/health")).json()["worries"]
    await app.gateway.auditor.look()
    assert not any("clock" in worry for worry in (await app.ask("/health")).json()["worries"])
