"""The causal-evaluation service as its callers, Prometheus and whoever reads its log see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from evaluation.metrics import DURATIONS, MOST_ORGANIZATIONS
from tests.support.evaluation_service import ASKED, TASK, Service, service
from tests.support.stack import run, stack_of

LABELS = {
    "evaluation_duration_seconds": {"task_type", "difficulty", "domain"},
    "evaluation_accuracy_ratio": {"model", "task_type"},
    "evaluation_requests_total": {"task_type"},
    "evaluation_errors_total": {"task_type", "error_type"},
    "daily_evaluations_total": {"organization", "model_type"},
    "user_satisfaction_score": {"feature", "version"},
    "memory_usage_bytes": {"component"},
    "memory_total_bytes": set(),
    "cpu_usage_percent": set(),
    "active_database_connections": set(),
}


@pytest.fixture
async def evaluation(tmp_path: Path) -> AsyncIterator[Service]:
    async with service(tmp_path) as running:
        yield running


async def test_an_evaluation_says_what_was_answered_and_what_is_right(evaluation: Service) -> None:
    answer = await evaluation.evaluate()
    assert answer.status_code == 200
    found = answer.json()
    assert found.pop("duration_ms") > 0
    assert found == {
        "task_id": "t1",
        "task_type": "d_separation",
        "difficulty": "easy",
        "model_id": "bayes-ball",
        "answer": True,
        "expected": True,
        "score": 1.0,
    }


async def test_a_task_that_was_made_can_be_sent_as_it_came(evaluation: Service) -> None:
    made = await evaluation.client.post(
        "/generate", json={"task_type": "effect", "difficulty": "medium", "seed": 4}
    )
    assert (await evaluation.evaluate(task=made.json())).json()["score"] == 1.0


async def test_the_analysis_has_what_each_model_got_right(evaluation: Service) -> None:
    collider = {**TASK, "edges": [["release", "errors"], ["retries", "errors"]], "given": []}
    await evaluation.evaluate()
    await evaluation.evaluate(model_id="skeleton", task=collider)
    await evaluation.evaluate(model_id="skeleton")
    assert (await evaluation.client.get("/analysis")).json() == {
        "models": [
            {"model": "bayes-ball", "task_type": "d_separation", "asked": 1, "accuracy": 1.0},
            {"model": "skeleton", "task_type": "d_separation", "asked": 2, "accuracy": 0.5},
        ]
    }


# Metrics


async def test_every_metric_is_there_with_its_labels_and_promtool_finds_nothing(
    evaluation: Service, tmp_path: Path
) -> None:
    await evaluation.evaluate()
    text = (await evaluation.client.get("/metrics")).text
    shown = {name.partition("{")[0]: labels_of(name) - {"le"} for name in await evaluation.metrics()}
    for name, labels in LABELS.items():
        series = name if name in shown else f"{name}_bucket"
        assert shown[series] == labels, name
    (tmp_path / "metrics").write_text(text, "utf-8")
    code, said = run("sh", "-c", f"{stack_of('older').promtool} check metrics <{tmp_path / 'metrics'}")
    assert code == 0, said


def labels_of(series: str) -> set[str]:
    return {pair.partition("=")[0] for pair in series.partition("{")[2].rstrip("}").split(",") if pair}


async def test_metrics_are_openmetrics_for_those_who_ask_for_it(evaluation: Service) -> None:
    plain = await evaluation.client.get("/metrics")
    asked = await evaluation.client.get(
        "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"}
    )
    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert asked.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert asked.text.endswith("# EOF\n")


async def test_errors_are_counted_from_zero_so_that_a_rate_sees_the_first_one(evaluation: Service) -> None:
    before = await evaluation.metrics()
    assert before['evaluation_errors_total{error_type="injected",task_type="backdoor"}'] == 0
    assert before['evaluation_requests_total{task_type="backdoor"}'] == 0


async def test_accuracy_and_a_days_evaluations_are_counted_by_model_and_by_who_asked(
    evaluation: Service,
) -> None:
    await evaluation.evaluate()
    await evaluation.evaluate(model_id="skeleton", organization="initech")
    shown = await evaluation.metrics()
    assert shown['evaluation_accuracy_ratio{model="bayes-ball",task_type="d_separation"}'] == 1
    assert shown['daily_evaluations_total{model_type="symbolic",organization="acme"}'] == 1
    assert shown['daily_evaluations_total{model_type="heuristic",organization="initech"}'] == 1


async def test_organizations_beyond_the_first_few_are_counted_together(evaluation: Service) -> None:
    for number in range(MOST_ORGANIZATIONS + 3):
        await evaluation.evaluate(organization=f"o{number}")
    shown = {
        name: value
        for name, value in (await evaluation.metrics()).items()
        if "daily_evaluations_total" in name
    }
    assert len(shown) == MOST_ORGANIZATIONS + 1
    assert shown['daily_evaluations_total{model_type="symbolic",organization="other"}'] == 3


async def test_satisfaction_has_a_bucket_for_each_step_of_its_scale(evaluation: Service) -> None:
    said = [
        await evaluation.client.post("/feedback", json={"feature": "evaluate", "score": score})
        for score in (2, 5)
    ]
    assert [answer.status_code for answer in said] == [204, 204]
    shown = await evaluation.metrics()
    steps = [
        shown[f'user_satisfaction_score_bucket{{feature="evaluate",le="{le}.0",version="1.0.0"}}']
        for le in range(1, 6)
    ]
    assert steps == [0, 1, 1, 1, 2]


def test_durations_have_buckets_above_the_limit_of_the_alert() -> None:
    assert len([bound for bound in DURATIONS if bound > 5]) > 1


async def test_the_components_of_memory_are_those_of_one_whole(evaluation: Service) -> None:
    before = await evaluation.metrics()
    await evaluation.switch(memory=64)
    after = await evaluation.metrics()
    assert before['memory_usage_bytes{component="held"}'] == 0
    assert after['memory_usage_bytes{component="held"}'] == 64 << 20
    assert after['memory_usage_bytes{component="runtime"}'] > 0
    assert after["memory_total_bytes"] == 1 << 40


# The log


async def test_an_evaluation_has_one_line_at_its_begin_and_one_at_its_end(evaluation: Service) -> None:
    with capture_logs() as written:
        await evaluation.evaluate()
    started, completed = written
    about = {"task_id": "t1", "model_id": "bayes-ball", "task_type": "d_separation", "difficulty": "easy"}
    assert started == {"event": "evaluation_started", "log_level": "info", **about}
    assert completed.pop("duration_ms") > 0
    assert completed == {
        "event": "evaluation_completed", "log_level": "info", **about, "score": 1.0, "success": True,
    }  # fmt: skip


async def test_a_failed_evaluation_says_what_failed(evaluation: Service) -> None:
    await evaluation.switch(errors=1)
    with capture_logs() as written:
        answer = await evaluation.evaluate()
    failed = written[-1]
    assert (answer.status_code, failed["event"], failed["log_level"]) == (500, "evaluation_failed", "error")
    assert (failed["success"], failed["error_type"]) == (False, "injected")
    assert failed["error"] == "the switch `errors` is on"


# Switches and faults


async def test_exactly_the_wanted_share_fails(evaluation: Service) -> None:
    await evaluation.switch(errors=0.25)
    answers = [(await evaluation.evaluate()).status_code for _ in range(12)]
    assert answers == [200, 200, 200, 500] * 3
    shown = await evaluation.metrics()
    assert shown['evaluation_requests_total{task_type="d_separation"}'] == 12
    assert shown['evaluation_errors_total{error_type="injected",task_type="d_separation"}'] == 3


async def test_latency_is_in_the_duration(evaluation: Service) -> None:
    await evaluation.switch(latency=0.2)
    await evaluation.evaluate()
    name = 'evaluation_duration_seconds_sum{difficulty="easy",domain="operations",task_type="d_separation"}'
    assert (await evaluation.metrics())[name] >= 0.2


async def test_switches_go_off_when_they_are_left_out(evaluation: Service) -> None:
    await evaluation.switch(errors=1, memory=8)
    await evaluation.switch()
    assert (await evaluation.client.get("/switches")).json() == {
        "errors": 0.0, "latency": 0.0, "memory": 0, "death": False,
    }  # fmt: skip
    assert (await evaluation.evaluate()).status_code == 200


async def test_nobody_reaches_switches_that_were_not_asked_for(tmp_path: Path) -> None:
    async with service(tmp_path, switches=False) as plain:
        assert (await plain.client.post("/switches", json={"death": True})).status_code == 404


async def test_an_evaluation_that_gets_no_connection_fails_as_the_databases_fault(tmp_path: Path) -> None:
    async with service(tmp_path, pool=1) as busy:
        assert busy.results is not None
        with busy.results.connection():
            assert (await busy.metrics())["active_database_connections"] == 1
            answer = await busy.evaluate()
        assert (answer.status_code, answer.json()) == (503, {"error": "no connection was free for 0.05 s"})
        shown = await busy.metrics()
    assert shown['evaluation_errors_total{error_type="database",task_type="d_separation"}'] == 1
    assert shown["active_database_connections"] == 0


async def test_right_answers_are_kept_in_a_redis_and_computed_without_it(
    tmp_path: Path, valkey_url: str
) -> None:
    async with service(tmp_path, redis_url=valkey_url) as kept:
        first, again = await kept.evaluate(), await kept.evaluate()
    async with service(tmp_path, redis_url="redis://127.0.0.1:1") as away:
        computed = await away.evaluate()
    assert first.json()["expected"] is again.json()["expected"] is computed.json()["expected"] is True


# What is refused


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (
            {**ASKED, "model_id": "oracle"},
            404,
            "model_id: there is no 'oracle'; choose one of bayes-ball, skeleton",
        ),
        ({**ASKED, "task": {**TASK, "cause": "nowhere"}}, 422, "cause, effect: 'nowhere' is no node"),
        ({**ASKED, "task": {**TASK, "nodes": ["a"] * 11}}, 400, "at `$.task.nodes`"),
        ({"model_id": "skeleton"}, 400, "missing required field `organization`"),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused_and_is_no_evaluation(
    evaluation: Service, body: dict[str, Any], status: int, says: str
) -> None:
    answer = await evaluation.client.post("/evaluate", json=body)
    assert answer.status_code == status
    assert says in answer.json()["error"]
    assert sum(value for name, value in (await evaluation.metrics()).items() if "requests_total" in name) == 0


async def test_only_json_of_a_bounded_size_is_taken(evaluation: Service) -> None:
    form = await evaluation.client.post("/switches", content='{"death": true}')
    large = await evaluation.client.post("/evaluate", json={"more": "x" * 70_000})
    assert (form.status_code, large.status_code) == (415, 413)
