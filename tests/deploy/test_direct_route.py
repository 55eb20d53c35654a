"""The shipped Alertmanager file on a real Alertmanager: what it tells directly, and how it reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli.stack.shipped import sped_up, with_addresses, with_files_in
from tests.support.alertmanager import alertmanager, until
from tests.support.stack import ALERTMANAGER_FILES, Receivers, stack_of


def shipped(age: str, folder: Path, receivers: Receivers) -> str:
    """The file of that age, with its receivers' addresses and its waits a tenth as long."""
    text = with_files_in(
        folder,
        ALERTMANAGER_FILES[age].read_text("utf-8"),
        slack_url=f"{receivers.url}/slack",
        gateway_url=f"{receivers.url}/webhooks/alertmanager",
    )
    addresses = {"http://gateway:9096": receivers.url, "jaeger:4318": receivers.url.partition("//")[2]}
    return sped_up(with_addresses(text, addresses), 10)


def missing(watchdog: str, *, ended: bool = False) -> dict[str, object]:
    now = datetime.now(UTC)
    return {
        "labels": {"alertname": "GatewayWatchdogMissing", "watchdog": watchdog, "severity": "critical"},
        "annotations": {
            "summary": f"No heartbeat of {watchdog}",
            "description": "Alerts from there may not arrive.",
            "runbook_url": "https://alert-gateway.example/docs/runbooks/gateway.md#gatewaywatchdogmissing",
        },
        "startsAt": (now - timedelta(seconds=30)).isoformat(),
        "endsAt": (now - timedelta(seconds=1) if ended else now + timedelta(minutes=4)).isoformat(),
    }


def watchdogs(receivers: Receivers) -> set[str]:
    """Return whose absence the gateway was told of."""
    return {alert["labels"]["watchdog"] for body in receivers.gateway for alert in body["alerts"]}


def texts(receivers: Receivers, *parts: str) -> list[dict[str, str]]:
    """Return what Slack was posted that says all of these."""
    posted = [post["attachments"][0] for post in receivers.slack]
    return [post for post in posted if all(f"heartbeat of {part}" in post["text"] for part in parts)]


@pytest.mark.parametrize("age", [pytest.param(age, marks=pytest.mark.long) for age in ALERTMANAGER_FILES])
async def test_what_the_gateway_may_be_unable_to_tell_is_told_directly_too_each_alert_apart(
    age: str, tmp_path: Path
) -> None:
    async with Receivers.start() as receivers:
        config = shipped(age, tmp_path, receivers)
        async with alertmanager(tmp_path, config, binary=stack_of(age).alertmanager) as real:
            await real.post(missing("eu"), missing("us"))
            # Either of them may be told by itself first; both are told together with the next change.
            await until(lambda: texts(receivers, "eu", "us") and watchdogs(receivers) == {"eu", "us"})
            await real.post(missing("eu", ended=True), missing("us", ended=True))
            await until(lambda: texts(receivers, "eu* (ended)", "us* (ended)"))

    (told, *_), (ended, *_) = texts(receivers, "eu", "us"), texts(receivers, "eu* (ended)", "us* (ended)")
    assert told["title"] == "🔴 GatewayWatchdogMissing (sent by Alertmanager itself)"
    assert told["title_link"].endswith("#gatewaywatchdogmissing")
    assert told["text"] == (
        "*No heartbeat of eu*\nAlerts from there may not arrive.\n――――\n*No heartbeat of us*\nAlerts from there may not arrive."
    )
    assert ended["title"] == "✅ GatewayWatchdogMissing (sent by Alertmanager itself)"
    assert {header["authorization"] for header in receivers.headers} == {"Bearer secret"}


@pytest.mark.long
async def test_the_newer_file_has_events_recorded_and_webhooks_that_bear_a_trace(tmp_path: Path) -> None:
    recorder = ("--enable-feature=event-recorder",)
    async with Receivers.start() as receivers:
        config = shipped("newer", tmp_path, receivers).replace(
            "sampling_fraction: 0.1", "sampling_fraction: 1.0"
        )
        binary = stack_of("newer").alertmanager
        async with alertmanager(tmp_path, config, binary=binary, options=recorder) as real:
            await real.post(missing("eu"))
            await until(lambda: "alertCreated" in str(receivers.events))
            await until(lambda: receivers.gateway)
    assert all("traceparent" in header for header in receivers.headers)
