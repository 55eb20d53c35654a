"""A real pair of Alertmanagers that swallows an end, loses a firing on the way and is wiped; asking it heals
or doubts each.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.server import LocalServer
from tests.support.processes import RULES, GatewayProcess
from tests.support.servers import free_port, program

pytestmark = pytest.mark.long(minutes=4)

SOURCES = """
sources:
  - name: eu
    match: ['cluster="eu"']
    token: {env: HOOK_EU}
    alertmanager: [{env: AM_A}, {env: AM_B}]
    receiver: gateway
    group_interval: 1s
    repeat_interval: 1h
"""
CONFIG = """
route: {{receiver: gateway, group_by: ["..."], group_wait: 500ms, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: gateway
    webhook_configs: [{{url: "{url}/webhooks/alertmanager", http_config: {{authorization: {{credentials: token-of-eu}}}}}}]
"""
PATIENCE = 210.0  # three looks at the source


@dataclass
class Middlebox:
    """Between Alertmanager and us; what it swallows it says to have delivered."""

    target: str
    swallows: str = ""
    server: LocalServer = field(default_factory=LocalServer)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Middlebox]:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as self._client:
            app = Starlette(routes=[Route("/{path:path}", self._pass_on, methods=["POST"])])
            async with self.server.running(app, 0):
                yield self

    async def _pass_on(self, request: Request) -> Response:
        body = await request.body()
        if self.swallows and self.swallows.encode() in body:
            return Response()
        headers = {"authorization": request.headers["authorization"]}
        answer = await self._client.post(self.target + request.url.path, content=body, headers=headers)
        return Response(answer.content, answer.status_code)


@dataclass
class Pair:
    """Two Alertmanagers that gossip; `wipe` starts both anew without anything that they knew."""

    folder: Path
    ports: list[tuple[int, int]] = field(
        default_factory=lambda: [(free_port(), free_port()) for _ in range(2)]
    )
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{web}" for web, _ in self.ports]

    async def start(self) -> None:
        binary = program("prometheus-alertmanager", "prometheus-alertmanager")
        for number, (web, mesh) in enumerate(self.ports):
            arguments = [f"--web.listen-address=127.0.0.1:{web}", f"--cluster.listen-address=127.0.0.1:{mesh}",
                         f"--cluster.peer=127.0.0.1:{self.ports[1 - number][1]}", "--cluster.peer-timeout=1s",
                         "--cluster.settle-timeout=1s", f"--config.file={self.folder / 'alertmanager.yml'}",
                         f"--storage.path={self.folder / f'am{number}'}"]  # fmt: skip
            self.running.append(
                subprocess.Popen([binary, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )
        for url in self.urls:
            await self.answers(f"{url}/-/ready")

    async def answers(self, url: str) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(300):
                try:
                    if (await client.get(url)).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError("Alertmanager did not start")

    def kill(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()
        self.running.clear()

    async def wipe(self) -> None:
        self.kill()
        for number in range(2):
            shutil.rmtree(self.folder / f"am{number}")
        await self.start()

    async def post(self, path: str, body: object) -> None:
        """Alerts go to both, as Prometheus sends them; a silence is gossiped."""
        async with httpx.AsyncClient(trust_env=False) as client:
            for url in self.urls if path == "alerts" else self.urls[:1]:
                (await client.post(f"{url}/api/v2/{path}", json=body)).raise_for_status()


STARTED = datetime.now(UTC) - timedelta(seconds=5)


def alert(name: str, *, ended: bool = False, **labels: str) -> dict[str, object]:
    now = datetime.now(UTC)
    ends = now - timedelta(milliseconds=100) if ended else now + timedelta(hours=1)
    return {
        "labels": {"alertname": name, "cluster": "eu", "severity": "critical", "team": "t0", **labels},
        "startsAt": STARTED.isoformat(),
        "endsAt": ends.isoformat(),
    }


def silence(name: str) -> dict[str, object]:
    now = datetime.now(UTC)
    matcher = {"name": "alertname", "value": name, "isRegex": False}
    ends = (now + timedelta(hours=1)).isoformat()
    return {
        "matchers": [matcher],
        "startsAt": now.isoformat(),
        "endsAt": ends,
        "createdBy": "ann",
        "comment": "a test",
    }


async def firing(gateway: GatewayProcess) -> set[str]:
    items = (await gateway.get("/api/v1/alerts?limit=500"))["items"]
    return {one["name"] for one in items if one["firing"]}  # type: ignore[attr-defined]


async def until_firing(gateway: GatewayProcess, there: set[str], gone: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not (there <= (now := await firing(gateway)) and not gone & now):
        assert asyncio.get_running_loop().time() < deadline, (now, gateway.log()[-3000:])
        await asyncio.sleep(0.5)


async def test_a_swallowed_end_a_lost_firing_and_a_wiped_pair(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    async with SlackSandbox.start(channels=["t0-alerts"]) as slack, PagerDutySandbox.start() as pagerduty:
        secrets = {"HOOK_EU": "token-of-eu", **dict(zip(("AM_A", "AM_B"), pair.urls, strict=True))}
        gateway = GatewayProcess(tmp_path / "g", slack, pagerduty, rules=RULES + SOURCES, more=secrets)
        gateway.start()
        try:
            await gateway.ready()
            async with Middlebox(gateway.url).running() as middlebox:
                (tmp_path / "alertmanager.yml").write_text(CONFIG.format(url=middlebox.server.url), "utf-8")
                await pair.start()
                await healed(pair, gateway, middlebox, pagerduty)
                await doubted(pair, gateway)
            counted = await gateway.metrics()
            assert {
                value for name, value in counted.items() if name.startswith("gateway_identity_residue")
            } == {0.0}
            assert await gateway.stop() == 0, gateway.log()[-2000:]
        finally:
            pair.kill()
            gateway.kill()
            gateway.kill_store()


async def healed(
    pair: Pair, gateway: GatewayProcess, middlebox: Middlebox, pagerduty: PagerDutySandbox
) -> None:
    stays = [alert("Stays", pod=str(number)) for number in range(8)]
    await pair.post("alerts", [alert("Muted"), *stays])
    await until_firing(gateway, {"Muted", "Stays"})

    await pair.post("silences", silence("Muted"))
    await asyncio.sleep(2)  # the other peer has heard of it
    await pair.post("alerts", [alert("Muted", ended=True)])
    middlebox.swallows = "Lost"
    await pair.post("alerts", [alert("Lost")])
    await asyncio.sleep(5)
    assert "Muted" in await firing(gateway), "Alertmanager sends no end of what is muted"
    assert "Lost" not in await firing(gateway)

    await until_firing(gateway, {"Lost", "Stays"}, gone={"Muted"})
    for _ in range(100):
        pages = {
            name: one.status for one in pagerduty.incidents for name in ("Muted", "Lost") if name in one.title
        }
        if pages == {"Muted": "resolved", "Lost": "triggered"}:
            break
        await asyncio.sleep(0.1)
    assert pages == {"Muted": "resolved", "Lost": "triggered"}
    counted = await gateway.metrics()
    assert counted['gateway_source_inferences_total{outcome="ended",reason="inferred",source="eu"}'] == 1
    assert (
        counted['gateway_source_inferences_total{outcome="opened",reason="found_at_source",source="eu"}'] == 1
    )


async def doubted(pair: Pair, gateway: GatewayProcess) -> None:
    await pair.wipe()
    await until_firing(gateway, {"GatewaySourceDoubtful", "Stays", "Lost"})
    await asyncio.sleep(70)  # another look
    assert {"Stays", "Lost"} <= await firing(gateway)
