"""What OpenTelemetry and Elastic APM hear of the causal-evaluation service; nothing of them is there unless somebody asks."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from evaluation.observers import observers_of
from evaluation.tasks import Task
from tests.support.apm_receiver import ApmReceiver, faults, needs_schemas
from tests.support.evaluation_service import ASKED, TASK, service, service_process
from tests.support.otlp_receiver import OtlpReceiver
from tests.support.reported import receiver

__all__ = ["receiver"]
LENGTH = len(msgspec.json.encode(msgspec.convert(TASK, Task)))


def asked(receiver: ApmReceiver) -> dict[str, str]:
    return {"SERVICE_NAME": "causal-eval", "SERVER_URL": receiver.url, "ENVIRONMENT": "demo"}


class TestOpenTelemetry:
    @pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
    async def test_hears_a_span_for_an_evaluation_and_for_each_of_its_steps(
        self, tmp_path: Path, protocol: str
    ) -> None:
        async with OtlpReceiver.start() as receiver:
            url = receiver.grpc_url if protocol == "grpc" else receiver.url
            variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
            async with service(tmp_path, variables=variables) as running:
                await running.switch(latency=0.1)
                await running.evaluate()
        spans = {span.name: span for span in receiver.spans}
        whole = spans["evaluate_causal_reasoning"]
        steps = [spans[name] for name in ("preprocess_input", "model_inference", "postprocess_result")]
        assert len(receiver.spans) == 4
        assert [span.parent for span in steps] == [whole.span_id] * 3
        about = {"task.id": "t1", "input.length": LENGTH}
        assert [span.attributes for span in (whole, *steps)] == [
            {**about, "result.score": 1.0}, about, about, {**about, "result.score": 1.0},
        ]  # fmt: skip
        inference = steps[1]
        assert 100_000_000 <= inference.ended - inference.started <= whole.ended - whole.started
        assert whole.resource["service.name"] == "causal-evaluation"

    async def test_puts_an_evaluation_into_the_trace_of_whoever_asked_for_it(self, tmp_path: Path) -> None:
        parent = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
        async with OtlpReceiver.start() as receiver:
            variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
            async with service(tmp_path, variables=variables) as running:
                await running.client.post("/evaluate", json=ASKED, headers=parent)
        (whole,) = receiver.named("evaluate_causal_reasoning")
        assert (whole.trace_id, whole.parent) == ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")

    async def test_hears_it_where_few_spans_may_wait(self, tmp_path: Path) -> None:
        async with OtlpReceiver.start() as receiver:
            variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_MAX_QUEUE_SIZE": "50"}
            async with service(tmp_path, variables=variables) as running:
                await running.evaluate()
        assert receiver.named("evaluate_causal_reasoning")

    async def test_hears_which_step_failed(self, tmp_path: Path) -> None:
        async with OtlpReceiver.start() as receiver:
            variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
            async with service(tmp_path, variables=variables) as running:
                await running.switch(errors=1)
                await running.evaluate()
        failed = {span.name for span in receiver.spans if span.failed}
        assert failed == {"evaluate_causal_reasoning", "model_inference"}
        assert receiver.named("postprocess_result") == []

    async def test_is_asked_for_by_the_host_of_a_jaeger_agent_too_with_a_warning(self) -> None:
        with capture_logs() as lines:
            observers = observers_of({"JAEGER_AGENT_HOST": "127.0.0.1"})
            await observers.close()
        (line,) = lines
        assert line["event"] == "telemetry_setting"
        assert "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318: set that" in line["remedy"]

    async def test_and_elastic_apm_may_be_asked_for_together(
        self, tmp_path: Path, receiver: ApmReceiver
    ) -> None:
        async with OtlpReceiver.start() as otlp:
            variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": otlp.url, **asked(receiver)}
            async with service(tmp_path, variables=variables) as running:
                await running.evaluate()
        assert len(otlp.spans) == 4
        assert len(receiver.of("span")) == 2


class TestElasticApm:
    async def test_hears_a_span_for_each_thing_that_is_done_for_the_model(
        self, tmp_path: Path, receiver: ApmReceiver
    ) -> None:
        async with service(tmp_path, variables=asked(receiver)) as running:
            await running.switch(latency=0.1)
            await running.evaluate()
        (transaction,) = receiver.named("POST /evaluate")
        spans = {span["name"]: span for span in receiver.of("span")}
        assert spans.keys() == {"data_preprocessing", "model_inference"}
        for span in spans.values():
            assert (span["type"], span["transaction_id"]) == ("ml", transaction["id"])
            assert span["context"]["tags"] == {"model_type": "symbolic", "input_size": LENGTH}
        # Milliseconds: the span lasts as long as what it is about.
        assert 100 <= spans["model_inference"]["duration"] <= transaction["duration"]

    async def test_hears_of_an_evaluation_that_failed(self, tmp_path: Path, receiver: ApmReceiver) -> None:
        async with service(tmp_path, variables=asked(receiver)) as running:
            await running.switch(errors=1)
            await running.evaluate()
        (transaction,) = receiver.named("POST /evaluate")
        (inference,) = receiver.named("model_inference")
        assert (transaction["result"], transaction["outcome"]) == ("HTTP 5xx", "failure")
        assert inference["outcome"] == "failure"

    @needs_schemas
    async def test_gets_events_that_fit_the_published_schemas(
        self, tmp_path: Path, receiver: ApmReceiver
    ) -> None:
        async with service(tmp_path, variables=asked(receiver)) as running:
            await running.evaluate()
        assert {kind for kind, _ in receiver.events} >= {"metadata", "transaction", "span"}
        assert faults(receiver.events) == []

    async def test_gets_what_was_not_sent_yet_when_the_process_is_stopped(
        self, tmp_path: Path, receiver: ApmReceiver
    ) -> None:
        async with service_process(tmp_path, **asked(receiver)) as running:
            assert (await running.evaluate()).status_code == 200
            assert running.process is not None
            running.process.terminate()
            await receiver.until(lambda: receiver.named("model_inference"))
        assert receiver.of("metadata")[0]["service"]["name"] == "causal-eval"


class TestNobody:
    async def test_has_the_libraries_of_an_observer_that_was_not_asked_for(self, tmp_path: Path) -> None:
        async with service_process(tmp_path, PYTHONPROFILEIMPORTTIME="1") as running:
            await running.evaluate()
            imported = (tmp_path / "evaluation.log").read_text()
        assert "evaluation.observers" in imported
        assert "elasticapm" not in imported
        # Whatever of it is imported imports this; the list has attempts of redis-py's, too.
        assert "opentelemetry.context" not in imported

    @pytest.mark.parametrize(
        ("package", "extra", "variable"),
        [
            ("elasticapm", "apm", "ELASTIC_APM_SERVER_URL"),
            ("opentelemetry", "tracing", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ],
    )
    def test_is_kept_from_evaluating_by_what_is_not_installed(
        self, monkeypatch: pytest.MonkeyPatch, package: str, extra: str, variable: str
    ) -> None:
        monkeypatch.setitem(sys.modules, package, None)
        with capture_logs() as lines:
            observers_of({variable: "http://127.0.0.1:1"})
        (line,) = lines
        assert line["event"] == "observer_not_installed"
        assert f"pip install '.[{extra}]'" in line["remedy"]
