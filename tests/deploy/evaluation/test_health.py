"""The health of the causal-evaluation service."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gateway.sandbox.server import LocalServer
from tests.support.evaluation_service import Service, service
from tests.support.patience import PATIENCE


async def health(running: Service, path: str = "/health") -> tuple[int, dict[str, Any]]:
    answer = await running.client.get(path)
    return answer.status_code, answer.json()


async def test_what_is_not_set_up_is_neither_well_nor_ill(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        code, found = await health(running)
    assert (code, found["status"], found["version"]) == (200, "healthy", "1.0.0")
    assert found["checks"] == {
        "database": True, "redis": None, "external_apis": None, "disk_space": True, "memory": True,
    }  # fmt: skip
    assert datetime.fromisoformat(found["timestamp"]).utcoffset() is not None


async def test_it_is_degraded_without_what_it_can_do_without(tmp_path: Path) -> None:
    async with service(tmp_path, redis_url="redis://127.0.0.1:1") as running:
        code, found = await health(running)
    assert (code, found["status"], found["checks"]["redis"]) == (200, "degraded", False)


async def test_it_asks_what_it_depends_on(tmp_path: Path, valkey_url: str) -> None:
    server = LocalServer()

    async def answer(request: Any) -> PlainTextResponse:
        return PlainTextResponse("", 503 if request.url.path == "/ill" else 200)

    async with server.running(Starlette(routes=[Route("/{path}", answer)]), 0):
        async with service(tmp_path, redis_url=valkey_url, apis=[f"{server.url}/well"]) as running:
            assert (await health(running))[1]["checks"] | {"database": True} == {
                "database": True, "redis": True, "external_apis": True, "disk_space": True, "memory": True,
            }  # fmt: skip
        async with service(tmp_path, apis=[f"{server.url}/well", f"{server.url}/ill"]) as running:
            assert (await health(running))[1]["status"] == "degraded"


async def test_without_its_database_or_its_memory_it_is_unhealthy(tmp_path: Path) -> None:
    async with service(tmp_path, pool=1) as running:
        assert running.results is not None
        with running.results.connection():
            code, found = await health(running)
    assert (code, found["status"], found["checks"]["database"]) == (503, "unhealthy", False)
    async with service(tmp_path, memory=1 << 20) as running:
        code, found = await health(running)
    assert (code, found["status"], found["checks"]["memory"]) == (503, "unhealthy", False)


async def test_deep_health_tries_what_it_is_there_for_and_counts_nothing_of_it(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        code, found = await health(running, "/health/deep")
        shown = await running.metrics()
    assert code == 200
    assert found["detailed_checks"] == {
        "can_evaluate": True,
        "can_generate": True,
        "can_analyze": True,
        "models_available": ["bayes-ball", "skeleton"],
    }
    assert found["latency_ms"] >= found["database_latency_ms"] > 0
    assert found["cache_latency_ms"] is None
    assert sum(value for name, value in shown.items() if "requests_total" in name) == 0


async def test_deep_health_is_unhealthy_where_nothing_can_be_analysed(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        assert running.results is not None
        with running.results.connection() as connection:
            connection.execute("DROP TABLE evaluations")
        code, found = await health(running, "/health/deep")
    assert (code, found["status"], found["detailed_checks"]["can_analyze"]) == (503, "unhealthy", False)


async def test_a_database_that_hangs_holds_deep_health_up_for_a_bounded_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluation.health.CHECK_SECONDS", 0.1)
    async with service(tmp_path, pool=1, patience=10 * PATIENCE) as running:
        assert running.results is not None
        with running.results.connection():
            async with asyncio.timeout(PATIENCE):
                code, found = await health(running, "/health/deep")
    assert (code, found["checks"]["database"], found["database_latency_ms"]) == (503, False, None)
    assert found["detailed_checks"]["can_analyze"] is False
    assert found["detailed_checks"]["can_evaluate"] is True
