"""A real Alertmanager with a Watchdog, in front of a real gateway process: it stops and goes on; its
Prometheus dies and comes back.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support.alertmanager import Alertmanager, alertmanager, until
from tests.support.processes import GatewayProcess

CONFIG = """
route:
  receiver: gateway
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1s
receivers:
  - name: gateway
    webhook_configs: [{{url: "{url}/webhooks/alertmanager"}}]
"""
RULES = """
destinations:
  chat:  {slack: {channel: "#alerts"}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
routes:
  - {name: everything, notify: [chat], page: [pager], group_wait: 200ms, update_interval: 500ms, resolve_after: 0s}
watchdogs:
  - {name: prometheus, match: ['alertname="Watchdog"'], every: 6s, hold_resolves: true}
"""
MISSING = "GatewayHeartbeatMissing"


@dataclass
class Chain:
    real: Alertmanager
    gateway: GatewayProcess
    pagerduty: PagerDutySandbox
    started: datetime

    async def prometheus_says(self, *names: str, valid: timedelta = timedelta(minutes=4)) -> None:
        """That these fire; Alertmanager takes each for ended when it is not said again until then."""
        ends = (datetime.now(UTC) + valid).isoformat()
        severity = {"Watchdog": "none"}
        await self.real.post(*[
            {"labels": {"alertname": name, "severity": severity.get(name, "critical")}, "startsAt": self.started.isoformat(), "endsAt": ends}
            for name in names
        ])  # fmt: skip

    def pages(self, name: str) -> list[str]:
        return [one.status for one in self.pagerduty.incidents if name in one.title]

    async def counted(self, name: str) -> float:
        return (await self.gateway.metrics()).get(name, 0)


@pytest.fixture
async def chain(tmp_path: Path) -> AsyncIterator[Chain]:
    async with SlackSandbox.start(channels=["alerts"]) as slack, PagerDutySandbox.start() as pagerduty:
        gateway = GatewayProcess(tmp_path / "g", slack, pagerduty, rules=RULES)
        gateway.start()
        try:
            await gateway.ready()
            async with alertmanager(tmp_path, CONFIG.format(url=gateway.url)) as real:
                yield Chain(real, gateway, pagerduty, datetime.now(UTC))
            assert await gateway.stop() == 0, gateway.log()[-2000:]
        finally:
            gateway.kill()
            gateway.kill_store()


@pytest.mark.long
async def test_an_alertmanager_that_stops_is_paged_for_and_over_as_soon_as_it_goes_on(chain: Chain) -> None:
    await chain.prometheus_says("Watchdog", "Down")
    await until(lambda: chain.pages("Down") == ["triggered"])
    chain.real.signal(signal.SIGSTOP)
    await until(lambda: chain.pages(MISSING) == ["triggered"])
    chain.real.signal(signal.SIGCONT)
    await until(lambda: chain.pages(MISSING) == ["resolved"])
    assert chain.pages("Down") == ["triggered"]
    assert not chain.pages("Watchdog")
    assert await chain.counted('gateway_watchdog_missing{watchdog="prometheus"}') == 0


@pytest.mark.long
async def test_a_prometheus_that_dies_ends_nothing_until_it_is_back(chain: Chain) -> None:
    await chain.prometheus_says("Watchdog", valid=timedelta(seconds=5))
    await chain.prometheus_says("Down", "Slow", valid=timedelta(seconds=6))
    await until(lambda: chain.pages("Down") == chain.pages("Slow") == ["triggered"])
    await until(lambda: chain.pages(MISSING) == ["triggered"])

    async def ends_are_held() -> bool:  # at Slack and at PagerDuty
        return await chain.counted('gateway_standing{standing="ends_held"}') == 4

    await until(ends_are_held)
    assert not [one for one in await chain.real.alerts() if one["labels"]["alertname"] in ("Down", "Slow")]  # type: ignore[index]
    assert chain.pages("Down") == chain.pages("Slow") == ["triggered"]

    await chain.prometheus_says("Slow")

    async def slow_fires_again() -> bool:
        return await chain.counted('gateway_observations_total{outcome="opened",reason="disputed"}') == 1

    await until(slow_fires_again)
    await chain.prometheus_says("Watchdog")
    await until(lambda: chain.pages(MISSING) == ["resolved"])
    await until(lambda: chain.pages("Down") == ["resolved"])
    assert chain.pages("Slow") == ["triggered"]
