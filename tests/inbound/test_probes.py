"""Probes and scrapes say whether the process lives, whether its store answers, and what it counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gateway.errors import StateUnavailable
from gateway.inbound import asked_store
from gateway.inbound.asked_store import AskedStore
from gateway.inbound.auth import Callers
from gateway.inbound.deep_health import DeepHealth
from gateway.inbound.probes import Probes
from gateway.inbound.refused import RefusedRequests
from gateway.model.verdict import Reason
from gateway.simulate.self_test import PathTested
from gateway.storage.memory import MemoryStore
from gateway.telemetry.metrics import Metrics
from tests.support.patience import PATIENCE
from tests.support.processes import alert
from tests.support.running_gateway import Running


async def test_every_verdict_reason_is_a_metric_from_the_start(app: Running) -> None:
    text = (await app.ask("/metrics")).text
    assert 'gateway_observations_total{outcome="opened",reason="first_firing"} 0.0' in text
    assert 'gateway_identity_residue{identity="ends"} 0.0' in text
    for reason in Reason:
        assert f'reason="{reason}"' in text


async def test_why_members_are_not_told_is_a_metric(app: Running) -> None:
    await app.webhook(alert("idle", starts="2026-11-23T10:00:00Z", severity="warning"))
    await app.until(lambda: app.slack.messages("alerts"))
    await app.gateway.auditor.look()
    text = (await app.ask("/metrics")).text
    assert 'gateway_standing_reason{reason="page_when"} 1.0' in text


class Stuck:
    """A store that answers nothing, or says why it is away."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    async def now(self) -> int:
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()
        raise AssertionError


def probes_over(store: Any, metrics: Metrics, health: Mapping[str, object] | None = None) -> Probes:
    def shown(store_answers: bool) -> Mapping[str, object]:
        return health or {"status": "healthy"}

    async def nothing() -> PathTested:
        return PathTested()

    asked = AskedStore(store)
    deep_health = DeepHealth(asked, shown, nothing, nothing)
    refused = RefusedRequests(lambda _door, _reason: None)
    return Probes(asked, metrics, shown, deep_health, Callers(["see-me"]), refused)


async def probe(
    path: str, store: Any, health: Mapping[str, object] | None = None, accept: str = "*/*"
) -> httpx.Response:
    routes = probes_over(store, Metrics(), health).routes()
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.get(path, headers={"accept": accept})


async def test_a_process_without_its_store_is_alive_and_not_ready() -> None:
    away = Stuck(StateUnavailable("no route to the store"))
    assert (await probe("/livez", away)).status_code == 200
    answer = await probe("/readyz", away)
    assert (answer.status_code, answer.text) == (503, "the store is away: no route to the store\n")


async def test_a_store_that_does_not_answer_in_time_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asked_store, "STORE_SECONDS", 0.01)
    answer = await asyncio.wait_for(probe("/readyz", Stuck()), PATIENCE)
    assert (answer.status_code, answer.text) == (503, "the store is away: it does not answer in time\n")


async def test_a_process_with_its_store_is_ready() -> None:
    answer = await probe("/readyz", MemoryStore(lambda: 1))
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize(("status", "code"), [("healthy", 200), ("degraded", 200), ("unhealthy", 503)])
async def test_health_is_503_only_where_alerts_are_lost(status: str, code: int) -> None:
    answer = await probe("/health", Stuck(), {"status": status})
    assert (answer.status_code, answer.json()) == (code, {"status": status})


async def test_metrics_are_in_the_format_of_prometheus() -> None:
    answer = await probe("/metrics", Stuck())
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE gateway_webhooks_total counter" in answer.text


PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "openmetrics"),
    [
        pytest.param(PROMETHEUS, True, id="Prometheus prefers OpenMetrics"),
        pytest.param("application/openmetrics-text", True, id="one that names it alone gets it"),
        pytest.param("", False, id="one that says nothing gets plain text"),
        pytest.param("*/*", False, id="curl gets plain text"),
        pytest.param("text/html,*/*;q=0.8", False, id="a browser gets plain text"),
        pytest.param("text/plain, application/openmetrics-text;q=0.5", False, id="the weights count"),
        pytest.param(
            "application/openmetrics-text;version=0.0.1", False, id="the draft of it is not written"
        ),
        pytest.param("application/openmetrics-text;q=much", False, id="a weight that is no number is none"),
    ],
)
async def test_metrics_are_openmetrics_for_a_scraper_that_asks_for_it(accept: str, openmetrics: bool) -> None:
    answer = await probe("/metrics", Stuck(), accept=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text") is openmetrics
    assert answer.text.endswith("# EOF\n") is openmetrics
    assert answer.headers["vary"] == "accept"


async def test_no_series_says_only_when_another_one_began() -> None:
    for accept in ("text/plain", "application/openmetrics-text"):
        assert "_created" not in (await probe("/metrics", Stuck(), accept=accept)).text


class CountedMetrics(Metrics):
    """Metrics that know how often they were rendered."""

    renderings = 0

    def render(self, *, openmetrics: bool = False) -> tuple[bytes, str]:
        self.renderings += 1
        time.sleep(0.1)
        return super().render(openmetrics=openmetrics)


async def test_scrapes_that_come_together_share_one_rendering_and_the_next_one_is_new() -> None:
    metrics = CountedMetrics()
    routes = probes_over(Stuck(), metrics).routes()
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        scrapes = [asyncio.create_task(client.get("/metrics")) for _ in range(50)]
        await asyncio.sleep(0.05)
        scrapes[0].cancel()  # whoever hangs up takes the answer from nobody else
        answers = await asyncio.gather(*scrapes[1:])
        assert {answer.status_code for answer in answers} == {200}
        assert metrics.renderings == 1
        await client.get("/metrics")
    assert metrics.renderings == 2
