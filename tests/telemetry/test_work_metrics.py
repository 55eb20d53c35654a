"""What this process says of its own work: each step, each answer of the store, each endpoint, its event loop."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from gateway.intake.parse_webhook import Parsed
from gateway.model.path import Step
from gateway.runtime.loop_lag import LoopLag
from gateway.simulate import path
from gateway.telemetry.metrics import Metrics
from tests.support.running_gateway import Running
from tests.support.servers import program
from tests.telemetry.test_metrics import value

NOTHING = Parsed("default", [], [])


def shown(app: Running, name: str, **labels: str) -> float:
    return app.gateway.metrics.registry.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize("step", Step)
async def test_each_step_of_the_path_is_timed_where_it_is_taken(app: Running, step: Step) -> None:
    await app.told()
    assert shown(app, "gateway_step_seconds_count", step=step.value) >= 1
    assert shown(app, "gateway_step_seconds_sum", step=step.value) > 0


def test_the_steps_are_those_that_the_path_names() -> None:
    assert [step.value for step in Step] == [found.step for found in path.path_of(NOTHING, (), {}, 0)]


async def test_the_store_s_answers_are_timed_by_what_it_was_asked(app: Running) -> None:
    await app.told()
    for script in ("gather", "commit_grow", "commit", "claim"):
        assert shown(app, "gateway_store_seconds_count", script=script) >= 1


async def test_requests_count_by_endpoint_method_and_status(app: Running) -> None:
    incident = await app.told()
    await app.ask(f"/api/v1/incidents/{incident}")
    await app.ask("/nowhere")
    endpoints = {
        ("/webhooks/alertmanager", "POST", "200"),
        ("/api/v1/incidents/{incident}", "GET", "200"),
        ("other", "GET", "404"),
    }
    for endpoint, method, status in endpoints:
        counted = shown(app, "gateway_http_requests_total", endpoint=endpoint, method=method, status=status)
        assert counted == 1, endpoint
        assert shown(app, "gateway_http_request_seconds_count", endpoint=endpoint) >= 1


async def test_what_a_rule_decided_counts_for_that_rule(app: Running) -> None:
    await app.told()
    await app.gateway.auditor.look()
    assert shown(app, "gateway_rule_matches_total", kind="route", rule="everything") == 2, "at two targets"
    assert shown(app, "gateway_rule_matches_total", kind="correlate", rule="default") == 1


async def test_the_version_and_the_generation_of_the_rules_are_shown(app: Running) -> None:
    text = (await app.ask("/metrics")).text
    assert 'gateway_build_info{python="3.' in text
    assert "gateway_rules_generation 1.0" in text


async def test_a_loop_that_is_held_up_says_by_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 11.25, 20.0, 20.9])
    monkeypatch.setattr("gateway.runtime.loop_lag.elapsed_seconds", lambda: next(clock))
    monkeypatch.setattr("gateway.runtime.loop_lag.MEASURE_SECONDS", 0.0)
    lags: list[float] = []
    measured = asyncio.create_task(LoopLag(lags.append).run())
    while len(lags) < 2 and not measured.done():
        await asyncio.sleep(0)
    measured.cancel()
    assert lags[:2] == [1.25, pytest.approx(0.9)]
    metrics = Metrics()
    metrics.work.loop_lagged(0.3)
    assert value(metrics, "gateway_event_loop_lag_seconds_sum") == 0.3


async def test_promtool_finds_nothing_wrong_with_what_a_gateway_shows(app: Running) -> None:
    promtool = program("promtool", "prometheus")
    await app.told()
    await app.gateway.auditor.look()
    text = (await app.ask("/metrics")).content
    checked = await asyncio.to_thread(
        subprocess.run, [promtool, "check", "metrics"], input=text, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
