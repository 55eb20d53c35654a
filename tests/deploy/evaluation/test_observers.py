"""What Elastic APM hears of the causal-evaluation service, and that nothing of it is there unless somebody asks."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from evaluation.observers import observers_of
from evaluation.tasks import Task
from tests.support.apm_receiver import ApmReceiver, apm_receiver, faults, needs_schemas
from tests.support.evaluation_service import TASK, service, service_process

LENGTH = len(msgspec.json.encode(msgspec.convert(TASK, Task)))


@pytest.fixture
async def receiver() -> AsyncIterator[ApmReceiver]:
    async with apm_receiver() as found:
        yield found


def asked(receiver: ApmReceiver) -> dict[str, str]:
    return {"SERVICE_NAME": "causal-eval", "SERVER_URL": receiver.url, "ENVIRONMENT": "demo"}


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
        assert "opentelemetry.exporter" not in imported

    def test_is_kept_from_evaluating_by_an_agent_that_is_not_installed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "elasticapm", None)
        with capture_logs() as lines:
            observers_of({"ELASTIC_APM_SERVER_URL": "http://127.0.0.1:1"})
        (line,) = lines
        assert line["event"] == "observer_not_installed"
        assert "pip install 'alert-gateway[apm]'" in line["remedy"]
