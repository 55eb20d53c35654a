"""A real Alertmanager (a pair of them) in front of a real gateway process, with the local vendors behind it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support.alertmanager import answers, until
from tests.support.processes import GatewayProcess
from tests.support.servers import free_port, program

CONFIG = """
route: {{receiver: gateway, group_by: [alertname], group_wait: 500ms, group_interval: 1s, repeat_interval: 2s}}
receivers:
  - name: gateway
    webhook_configs: [{{url: "{url}/webhooks/alertmanager", http_config: {{authorization: {{credentials: secret-token}}}}}}]
"""


@dataclass
class Pair:
    """Two Alertmanagers that gossip, as their users run them."""

    urls: list[str]

    async def post(self, *alerts: dict[str, object], to: int | None = None) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            for url in self.urls if to is None else [self.urls[to]]:
                (await client.post(f"{url}/api/v2/alerts", json=list(alerts))).raise_for_status()


@dataclass
class Chain:
    pair: Pair
    gateway: GatewayProcess
    slack: SlackSandbox
    pagerduty: PagerDutySandbox

    @property
    def messages(self) -> list[str]:
        return [one.text for one in self.slack.messages("t0-alerts") if one.thread_ts is None]


@asynccontextmanager
async def alertmanagers(folder: Path, gateway_url: str) -> AsyncIterator[Pair]:
    binary = program("prometheus-alertmanager", "prometheus-alertmanager")
    ports = [(free_port(), free_port()) for _ in range(2)]
    (folder / "alertmanager.yml").write_text(CONFIG.format(url=gateway_url), "utf-8")
    running = []
    for number, (web, mesh) in enumerate(ports):
        peer = ports[1 - number][1]
        arguments = [f"--web.listen-address=127.0.0.1:{web}", f"--cluster.listen-address=127.0.0.1:{mesh}",
                     f"--cluster.peer=127.0.0.1:{peer}", "--cluster.peer-timeout=1s", "--cluster.settle-timeout=1s",
                     f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / f'am{number}'}"]  # fmt: skip
        running.append(
            subprocess.Popen([binary, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
    pair = Pair([f"http://127.0.0.1:{web}" for web, _ in ports])
    try:
        for url in pair.urls:
            await until(lambda url=url: answers(f"{url}/-/ready"))  # type: ignore[misc]
        yield pair
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.fixture
async def chain(tmp_path: Path) -> AsyncIterator[Chain]:
    async with SlackSandbox.start(channels=["t0-alerts"]) as slack, PagerDutySandbox.start() as pagerduty:
        gateway = GatewayProcess(
            tmp_path / "g", slack, pagerduty, more={"GATEWAY_WEBHOOK_TOKEN": "old-token,secret-token"}
        )
        gateway.start()
        try:
            await gateway.ready()
            async with alertmanagers(tmp_path, gateway.url) as pair:
                yield Chain(pair, gateway, slack, pagerduty)
            assert await gateway.stop() == 0, gateway.log()[-2000:]
        finally:
            gateway.kill()
            gateway.kill_store()


def fires(replica: str, *, ended: bool = False) -> dict[str, object]:
    now = datetime.now(UTC)
    labels = {
        "alertname": "HighErrorRate",
        "service": "payments",
        "severity": "critical",
        "team": "t0",
        "prometheus_replica": replica,
    }
    ends = now - timedelta(milliseconds=100) if ended else now + timedelta(minutes=4)
    return {
        "labels": labels,
        "annotations": {"summary": "9 % fail"},
        "startsAt": STARTED.isoformat(),
        "endsAt": ends.isoformat(),
    }


STARTED = datetime.now(UTC) - timedelta(seconds=5)


async def test_a_pair_of_alertmanagers_and_of_replicas_tell_nobody_twice_and_end_nothing_early(
    chain: Chain,
) -> None:
    await chain.pair.post(fires("a"), fires("b"))
    await until(lambda: chain.messages and chain.pagerduty.incidents)
    await asyncio.sleep(6)  # several repeats of both peers
    assert len(chain.messages) == 1
    assert "CRITICAL: HighErrorRate" in chain.messages[0]
    assert [one.status for one in chain.pagerduty.incidents] == ["triggered"]

    await chain.pair.post(fires("a", ended=True))
    await asyncio.sleep(4)
    assert [one.status for one in chain.pagerduty.incidents] == ["triggered"], "one replica still fires"

    await chain.pair.post(fires("b", ended=True))
    await until(lambda: chain.pagerduty.incidents[0].status == "resolved" and "Resolved" in chain.messages[0])
    await asyncio.sleep(3)
    assert len(chain.messages) == len(chain.pagerduty.incidents) == 1
    counted = await chain.gateway.metrics()
    assert {value for name, value in counted.items() if name.startswith("gateway_identity_residue")} == {0.0}
