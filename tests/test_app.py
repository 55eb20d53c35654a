"""A gateway is composed, started and ended as a whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from contextlib import AsyncExitStack

import pytest

from gateway import app as composition
from gateway.errors import BadRules
from gateway.sandbox import Fault, FaultKind
from gateway.self_monitoring import auditor as audit
from gateway.self_monitoring import own_alerts
from gateway.storage.embedded_socket import StoreFailed
from tests.support.pages import answers_written
from tests.support.processes import ROUTING_KEY, alert
from tests.support.running_gateway import RULES, Running, Starter


async def test_what_goes_to_quarantine_is_counted_as_an_observation(app: Running) -> None:
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"), {"labels": "none", "status": "firing"})
    counted = app.gateway.metrics.registry.get_sample_value(
        "gateway_observations_total", {"outcome": "quarantined", "reason": "malformed"}
    )
    assert counted == 1


async def test_a_start_that_was_told_to_end_ends_though_a_library_swallowed_that(starter: Starter) -> None:
    began = False

    async def start() -> None:
        nonlocal began
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        async with composition.running(starter.environment()):
            began = True

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(start())
    assert not began


async def test_changed_rules_come_into_force_and_removed_destinations_are_told_moved(app: Running) -> None:
    await app.told()
    (app.folder / "rules.yaml").write_text(
        RULES.replace(", page: [pager]", "").replace(", page_when: {any: [{severity: critical}]}", ""),
        "utf-8",
    )
    assert await app.gateway.reloader.reload()
    await app.until(lambda: app.pagerduty.incidents[0].status == "resolved")
    assert not app.slack.messages("alerts")[0].text.startswith("✅")


async def test_rules_with_errors_are_refused_and_the_last_good_set_stays(app: Running) -> None:
    (app.folder / "rules.yaml").write_text("routes: [{nam: x}]", "utf-8")
    assert not await app.gateway.reloader.reload()
    assert any(
        "unknown key `nam`; did you mean `name`?" in one
        for one in (await app.ask("/api/v1/rules")).json()["findings"]
    )
    await app.until(lambda: any("GatewayRulesRejected" in one.text for one in app.slack.messages("alerts")))
    assert await app.told()


async def test_a_store_that_dies_is_started_again_and_nothing_taken_is_lost(app: Running) -> None:
    incident = await app.told()
    os.kill(int((app.folder / "data" / "store.pid").read_text()), signal.SIGKILL)
    for _ in range(200):
        if (
            await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", ends="2026-11-23T10:30:00Z"))
        ).status_code == 200:
            break
        await asyncio.sleep(0.05)
    await app.until(lambda: app.pagerduty.incidents[0].status == "resolved")
    assert (await app.ask(f"/api/v1/incidents/{incident}")).json()["firing"] == 0


async def test_two_gateways_on_one_data_directory_are_refused(app: Running, starter: Starter) -> None:
    del app
    with pytest.raises(StoreFailed, match="another gateway is using"):
        await starter.start()


async def test_a_restart_goes_on_where_it_stopped(starter: Starter) -> None:
    async with AsyncExitStack() as first:
        starter.stack, kept = first, starter.stack
        await (await starter.start()).told()
        starter.stack = kept
    app = await starter.start()
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", ends="2026-11-23T10:30:00Z"))
    await app.until(lambda: app.pagerduty.incidents[0].status == "resolved")
    await app.until(lambda: "Resolved" in app.slack.messages("alerts")[0].text)
    assert len(app.slack.messages("alerts")) == 1


async def test_bad_rules_at_the_start_are_named_and_nothing_is_started(starter: Starter) -> None:
    (starter.folder / "rules.yaml").write_text("routes: [{name: x, notify: [nobody]}]", "utf-8")
    with pytest.raises(BadRules, match=r"rules.yaml:1:29: unknown destination `nobody`"):
        await starter.start()
    assert not (starter.folder / "data").exists()


async def test_without_credentials_deliveries_go_to_the_log_and_health_says_so(starter: Starter) -> None:
    starter.more = {"SLACK_BOT_TOKEN": "", "PAGERDUTY_ROUTING_KEY": ""}
    app = await starter.start()
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    health = (await app.ask("/health")).json()
    assert health["status"] == "degraded"
    assert any("PAGERDUTY_ROUTING_KEY" in worry for worry in health["worries"])
    for _ in range(100):
        counters = await app.gateway.shards.counters()
        if counters.get("standing:told", 0) == 2:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(counters)


async def test_a_page_whose_key_file_is_away_is_told_at_the_fallback_and_sent_when_it_is_back(
    starter: Starter,
) -> None:
    key = starter.folder / "key"
    key.write_text(ROUTING_KEY)
    starter.more = {"PAGERDUTY_ROUTING_KEY": "", "PAGERDUTY_ROUTING_KEY_FILE": str(key)}
    app = await starter.start()
    key.rename(starter.folder / "elsewhere")
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    await app.until(
        lambda: any(
            "pager cannot be reached" in reply.text
            for message in app.slack.messages("alerts")
            for reply in message.replies
        )
    )
    worries = (await app.ask("/health")).json()["worries"]
    assert any(one.startswith("pager has no credential: PAGERDUTY_ROUTING_KEY_FILE") for one in worries)
    (starter.folder / "elsewhere").rename(key)
    await app.until(lambda: app.pagerduty.incidents)


async def test_what_only_the_log_was_told_is_told_by_the_next_start_with_a_credential(
    starter: Starter,
) -> None:
    starter.more = {"PAGERDUTY_ROUTING_KEY": ""}
    async with AsyncExitStack() as first:
        starter.stack, kept = first, starter.stack
        app = await starter.start()
        await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
        await answers_written(app.gateway.shards)
        starter.stack = kept
    assert not app.pagerduty.incidents
    starter.more = {}
    app = await starter.start()
    await app.until(lambda: app.pagerduty.incidents)
    assert len(app.slack.messages("alerts")) == 1


async def test_a_failing_destination_is_an_alert_of_our_own_at_its_fallback_and_ends_with_it(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_alerts, "STANDING_MS", 3_000)
    monkeypatch.setattr(own_alerts, "REPEAT_MS", 500)
    monkeypatch.setattr(audit, "AUDIT_SECONDS", 0.1)
    monkeypatch.setattr(own_alerts, "LOOK_SECONDS", 0.1)
    app.pagerduty.faults.add(Fault(FaultKind.STATUS, method="enqueue"))
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    await app.until(lambda: any("GatewayDeliveryFailing" in one.text for one in app.slack.messages("alerts")))
    app.pagerduty.faults.clear()
    await app.until(lambda: app.pagerduty.incidents)
    own = next(one for one in app.slack.messages("alerts") if "GatewayDeliveryFailing" in one.text)
    await app.until(lambda: "Resolved" in own.text)
    assert all("GatewayDeliveryFailing" not in one.title for one in app.pagerduty.incidents)
