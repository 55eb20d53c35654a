"""Two gateways on one Redis and the evaluation service under load, in which most of what can happen happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from gateway.sandbox import Fault, FaultKind, PagerDutySandbox, SlackSandbox
from tests.support.evaluation_service import Service, service_process
from tests.support.otlp_receiver import OtlpReceiver
from tests.support.processes import GatewayProcess, alert, body
from tests.support.servers import free_port, killable_redis

PAUSE_SECONDS = 0.25
RULES = """
destinations:
  chat:  {slack: {channel: "#alerts"}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}, fallback: [chat], fallback_after: 1s}
routes:
  - {name: everything, notify: [chat], page: [pager], page_when: {any: [{severity: critical}]}, group_wait: 100ms, update_interval: 1s, resolve_after: 100ms}
correlate: [{name: by-service, by: [service], window: 10m}]
inhibit: [{name: node-down, source_matchers: ['alertname="NodeDown"'], target_matchers: ['severity="warning"'], equal: [service]}]
maintenance: [{name: attic, match: ['service="attic"'], start: 2020-01-01T00:00:00Z, end: 2090-01-01T00:00:00Z}]
watchdogs: [{name: prometheus, match: ['alertname="Watchdog"'], every: 5m}]
"""


@dataclass
class Observed:
    gateways: list[GatewayProcess]
    evaluation: Service
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    traces: OtlpReceiver


@asynccontextmanager
async def observed(folder: Path) -> AsyncIterator[Observed]:
    """Start everything, and keep it busy until the block ends."""
    async with AsyncExitStack() as parts:
        slack = await parts.enter_async_context(SlackSandbox.start(channels=["alerts"]))
        pagerduty = await parts.enter_async_context(PagerDutySandbox.start())
        url = parts.enter_context(killable_redis()).url
        traces = await parts.enter_async_context(OtlpReceiver.start())
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": traces.url, "OTEL_TRACES_SAMPLER": "always_on"}
        gateways = []
        for name in ("g0", "g1"):
            gateway = GatewayProcess(folder / name, slack, pagerduty, url, RULES, traced)
            parts.callback(gateway.kill)
            gateway.start()
            gateways.append(gateway)
        for gateway in gateways:
            await gateway.ready()
        evaluation = await parts.enter_async_context(
            service_process(folder, free_port(), "--memory-limit-mib=2000")
        )
        everything = Observed(gateways, evaluation, slack, pagerduty, traces)
        tasks = [asyncio.create_task(work(everything)) for work in (_alerts, _people, _trouble, _evaluations)]
        try:
            yield everything
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()


def _now() -> str:
    return datetime.now(UTC).isoformat()


async def _alerts(on: Observed) -> None:
    """Send new alerts, repeats, ends, some that come back, and some that are none."""
    began = _now()
    # What has fired for longer than the goal makes the share that ended within it known, whatever else is open.
    long_ago = (datetime.now(UTC) - timedelta(minutes=20)).isoformat()
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for number in count():
            url = f"{on.gateways[number % 2].url}/webhooks/alertmanager"
            service = f"shop-{number // 4}"
            severity = ("critical", "warning", "strange")[number // 4 % 3]
            node = alert(service, starts=began, name="NodeDown", severity="info")
            ended = [
                alert(service, starts=began, ends=_now(), severity=severity),
                {**node, "status": "resolved", "endsAt": _now()},
            ]
            sent = [
                alert(service, starts=began, severity=severity),
                alert("attic", starts=began, severity="warning"),
                alert("archive", starts=long_ago),
                alert("prometheus", starts=began, name="Watchdog", severity="none"),
                *([node] if number % 4 == 1 else []),
                *(ended if number % 4 == 3 else []),
                # One that comes back again and again
                alert("flapping", starts=began if number % 40 < 20 else _now(), ends=_now() if number % 20 > 15 else ""),
            ]  # fmt: skip
            await client.post(url, json=body(*sent))
            if number % 20 == 0:
                await client.post(url, content=b"{")
                await client.post(url, json=body({"status": "firing"}))
                await client.get(
                    f"{on.gateways[number % 2].url}/api/v1/incidents",
                    headers={"authorization": "Bearer wrong"},
                )
                await client.get(f"{on.gateways[number % 2].url}/nowhere")
            await asyncio.sleep(PAUSE_SECONDS)


async def _people(on: Observed) -> None:
    """Acknowledge incidents, and say which pages were worth it, and which were not."""
    token = (on.gateways[0].folder / "data/admin-token").read_text("utf-8").strip()
    done: set[str] = set()
    async with httpx.AsyncClient(
        trust_env=False, timeout=30, base_url=on.gateways[0].url, headers={"authorization": f"Bearer {token}"}
    ) as client:
        while True:
            shown = (await client.get("/api/v1/incidents")).json()["items"]
            for incident in [one["id"] for one in shown if one["id"] not in done][:3]:
                done.add(incident)
                by = {"by": "ann"}
                await client.post(f"/api/v1/incidents/{incident}/acknowledge", json=by)
                value = "noise" if len(done) % 3 == 0 else "actionable"
                await client.post(
                    "/api/v1/statistics/labels", json={**by, "incident": incident, "value": value}
                )
            await asyncio.sleep(1)


async def _trouble(on: Observed) -> None:
    """Have the vendors refuse something now and then."""
    while True:
        await asyncio.sleep(4)
        on.slack.faults.add(
            Fault(FaultKind.RATE_LIMIT, count=1), Fault(FaultKind.ERROR, error="invalid_blocks", count=1)
        )
        on.pagerduty.faults.add(
            Fault(FaultKind.STATUS, count=1), Fault(FaultKind.STATUS, status=400, count=1)
        )


async def _evaluations(on: Observed) -> None:
    """Ask for evaluations of all kinds, of which some fail, and say what users think of them."""
    await on.evaluation.switch(errors=0.3)
    for number in count():
        asked: dict[str, Any] = {
            "task_type": ("d_separation", "backdoor", "effect")[number % 3],
            "difficulty": ("easy", "medium", "hard")[number // 3 % 3],
            "seed": number,
        }
        with suppress(httpx.HTTPError):
            task = (await on.evaluation.client.post("/generate", json=asked)).json()
            model = ("bayes-ball", "skeleton")[number % 2]
            await on.evaluation.evaluate(model_id=model, task=task, organization=f"org-{number % 3}")
            await on.evaluation.client.post(
                "/feedback",
                json={"feature": ("evaluate", "generate", "analyse")[number % 3], "score": 1 + number % 5},
            )
        await asyncio.sleep(PAUSE_SECONDS)
