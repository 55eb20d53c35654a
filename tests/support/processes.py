"""A gateway as a process of its own, which can be killed, on a store that can be killed too."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.support.patience import PATIENCE
from tests.support.servers import free_port

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
RULES = """
destinations:
  chat:  {slack: {channel: "#{team}-alerts", allow: [t0, t1, t2, t3, t4, t5, t6, t7, none]}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
routes:
  - {name: everything, notify: [chat], page: [pager], group_wait: 200ms, update_interval: 500ms, resolve_after: 500ms}
correlate:
  - {name: one-each, by: [alertname, service], window: 1h}
"""


@dataclass
class GatewayProcess:
    """`url` stays the same over restarts."""

    folder: Path
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    redis_url: str = ""
    rules: str = RULES
    more: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    code: Path = Path(__file__).parents[2]  # where the package `gateway` lies

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        rules = self.folder / "rules.yaml"
        if not rules.exists():
            rules.write_text(self.rules, "utf-8")
        environment = {
            "PATH": os.environ["PATH"],
            "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "GATEWAY_RULES": str(rules),
            "GATEWAY_DATA_DIR": str(self.folder / "data"),
            "SLACK_BOT_TOKEN": DEFAULT_TOKEN,
            "SLACK_API_URL": self.slack.url,
            "PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
            "PAGERDUTY_EVENTS_URL": self.pagerduty.events_url,
            **({"GATEWAY_REDIS_URL": self.redis_url} if self.redis_url else {}),
            **self.more,
        }
        with (self.folder / "log.jsonl").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve"],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=self.code,
            )

    async def ready(self, patience: float = PATIENCE) -> None:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            deadline = asyncio.get_running_loop().time() + patience
            while True:
                assert self.process is not None
                assert self.process.poll() is None, self.log()[-3000:]
                try:
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                assert asyncio.get_running_loop().time() < deadline, self.log()[-3000:]
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """As the kernel would: nothing is finished."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def kill_store(self) -> None:
        try:
            os.kill(int((self.folder / "data" / "store.pid").read_text()), signal.SIGKILL)
        except (OSError, ValueError):
            return

    async def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait, 40)

    def log(self) -> str:
        return (self.folder / "log.jsonl").read_text("utf-8", "replace")

    async def metrics(self) -> dict[str, float]:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            text = (await client.get(f"{self.url}/metrics")).text
        pairs = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in pairs}

    async def get(self, path: str) -> dict[str, object]:
        """Ask the API with the token that the gateway has made; earlier versions made none."""
        token = self.folder / "data" / "admin-token"
        shown = {"authorization": f"Bearer {token.read_text().strip()}"} if token.exists() else {}
        async with httpx.AsyncClient(timeout=10, trust_env=False, headers=shown) as client:
            answer = await client.get(f"{self.url}{path}")
            assert answer.status_code == 200, answer.text
            return dict(answer.json())


async def send_until_taken(urls: list[str], body: dict[str, object], patience: float = PATIENCE) -> int:
    """As Alertmanager does: 5xx and broken connections again, at any of the addresses.

    How often it was tried.
    """
    deadline = asyncio.get_running_loop().time() + patience
    tries = 0
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        while True:
            tries += 1
            try:
                answer = await client.post(f"{urls[tries % len(urls)]}/webhooks/alertmanager", json=body)
                if answer.status_code == 200:
                    return tries
                assert answer.status_code >= 500, answer.text
            except httpx.TransportError:
                pass
            assert asyncio.get_running_loop().time() < deadline, "never taken"
            await asyncio.sleep(0.1)


def body(*alerts: dict[str, object]) -> dict[str, object]:
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "status": "firing",
        "receiver": "gateway",
        "alerts": list(alerts),
    }


def alert(
    service: str, *, starts: str, ends: str = "", name: str = "Down", **labels: str
) -> dict[str, object]:
    return {
        "status": "resolved" if ends else "firing",
        "labels": {"alertname": name, "service": service, "severity": "critical", **labels},
        "annotations": {"summary": f"{service} is down"},
        "startsAt": starts,
        "endsAt": ends or "0001-01-01T00:00:00Z",
    }
