"""What a server of Elastic APM hears of the gateway's requests, and what it costs when that server is away."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from gateway.config.environment import Environment
from gateway.runtime import apm
from gateway.runtime.apm import UNREPORTED, reporting
from tests.cli.test_serve import serving
from tests.support.apm_receiver import ApmReceiver, faults, needs_schemas
from tests.support.patience import quickly
from tests.support.processes import ROUTING_KEY, alert, body
from tests.support.reported import PAY, TRACEPARENT, receiver, reported, reported_gateway, told, webhook_told
from tests.support.running_gateway import Running, Starter
from tests.support.servers import free_port
from tests.support.traced import SENDERS_SPAN, SENDERS_TRACE

__all__ = ["receiver"]
SECRET = "a-token-of-apm"
LOUD = {
    "ELASTIC_APM_CAPTURE_BODY": "all",
    "ELASTIC_APM_CAPTURE_HEADERS": "true",
    "ELASTIC_APM_COLLECT_LOCAL_VARIABLES": "all",
    "ELASTIC_APM_INSTRUMENT": "true",
    "ELASTIC_APM_SPAN_STACK_TRACE_MIN_DURATION": "0ms",
}
"""Variables of the agent that would have it send what is nobody's business."""


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in LOUD.items():
        monkeypatch.setenv(name, value)


async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    routing_key = ROUTING_KEY
    try:
        raise KeyError(routing_key)
    except KeyError as error:
        raise RuntimeError(f"no place for {routing_key}") from error


class TestARequest:
    async def test_is_a_transaction_named_for_its_route(self, app: Running, receiver: ApmReceiver) -> None:
        async with reported(receiver, app.gateway.asgi_app) as client:
            await client.post("/webhooks/alertmanager", json=body(PAY))
            await client.get("/api/v1/incidents/4711abc")
            await client.get("/nowhere/customer-4711")
        shown = {
            event["name"]: (event["result"], event["outcome"], event["context"]["response"])
            for event in receiver.of("transaction")
        }
        assert shown == {
            "POST /webhooks/alertmanager": ("HTTP 2xx", "success", {"status_code": 200}),
            "GET /api/v1/incidents/{incident}": ("HTTP 4xx", "success", {"status_code": 404}),
            "GET other": ("HTTP 4xx", "success", {"status_code": 404}),
        }

    async def test_goes_on_with_the_trace_of_its_sender(self, app: Running, receiver: ApmReceiver) -> None:
        async with reported(receiver, app.gateway.asgi_app) as client:
            await client.post("/webhooks/alertmanager", json=body(PAY), headers=TRACEPARENT)
            await client.post("/webhooks/alertmanager", json=body(PAY), headers={"traceparent": "nonsense"})
        first, second = receiver.of("transaction")
        assert (first["trace_id"], first["parent_id"]) == (SENDERS_TRACE, SENDERS_SPAN)
        assert second["trace_id"] != SENDERS_TRACE
        assert "parent_id" not in second

    async def test_of_a_probe_is_none(self, app: Running, receiver: ApmReceiver) -> None:
        async with reported(receiver, app.gateway.asgi_app) as client:
            for path in ("/livez", "/readyz", "/health", "/metrics"):
                await client.get(path)
        assert receiver.of("transaction") == []

    async def test_that_fails_is_an_error_with_its_type_and_place(self, receiver: ApmReceiver) -> None:
        async with reported(receiver, failing) as client:
            assert (await client.get("/broken")).status_code == 500
        (transaction,) = receiver.of("transaction")
        (error,) = receiver.of("error")
        assert (transaction["result"], transaction["outcome"]) == ("HTTP 5xx", "failure")
        assert error["transaction_id"] == transaction["id"]
        assert error["exception"]["type"] == "RuntimeError"
        assert [cause["type"] for cause in error["exception"]["cause"]] == ["KeyError"]
        assert error["exception"]["stacktrace"][-1]["function"] == "failing"


class TestWhatIsSent:
    @needs_schemas
    async def test_fits_the_published_schemas(self, starter: Starter, receiver: ApmReceiver) -> None:
        async with reported_gateway(receiver, starter) as app:
            await webhook_told(app, TRACEPARENT)
        async with reported(receiver, failing) as client:
            await client.get("/broken")
        assert {kind for kind, _ in receiver.events} >= {"metadata", "transaction", "span", "error"}
        assert faults(receiver.events) == []

    @pytest.mark.usefixtures("loud")
    async def test_holds_no_secret_and_no_value_of_a_label_whatever_the_variables_say(
        self, starter: Starter, receiver: ApmReceiver
    ) -> None:
        more = {"ELASTIC_APM_SECRET_TOKEN": SECRET}
        async with reported_gateway(receiver, starter, more) as app:
            sent = await app.client.post(
                "/webhooks/alertmanager?team=customer-4711",
                json=body(alert("customer-4711", starts="2026-11-23T10:00:00Z")),
                headers={"authorization": "Bearer a-token-of-alertmanager", "cookie": "session=a-cookie"},
            )
            await told(app)
        async with reported(receiver, failing) as client:
            await client.get(f"/broken?key={ROUTING_KEY}")
        assert sent.status_code == 200
        assert {"POST /webhooks/alertmanager", "plan", "delivery", "GET /broken"} <= {
            event["name"] for event in receiver.of("transaction")
        }
        for private in ("customer-4711", "a-token-of", "a-cookie", ROUTING_KEY):
            assert private not in receiver.text, private
        assert f"Bearer {SECRET}" in receiver.authorization

    async def test_names_the_service_its_version_and_its_environment(
        self, app: Running, receiver: ApmReceiver
    ) -> None:
        plain = {"SERVICE_NAME": "pager", "SERVER_URL": receiver.url, "ENVIRONMENT": "production"}
        async with reporting(Environment(plain).apm) as reporter:
            transport = httpx.ASGITransport(reporter.around(app.gateway.asgi_app, lambda _: None))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                await client.get("/nowhere")
        service = receiver.of("metadata")[0]["service"]
        assert (service["name"], service["environment"]) == ("pager", "production")
        assert service["version"]

    @pytest.mark.parametrize("name", ["bad/name!", ""])
    async def test_bears_the_gateways_own_name_where_the_agent_takes_no_such_name(
        self, app: Running, receiver: ApmReceiver, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        # The agent reads the variables of the process itself, and would send nothing at all.
        monkeypatch.setenv("ELASTIC_APM_SERVICE_NAME", name)
        async with reported(receiver, app.gateway.asgi_app, {"ELASTIC_APM_SERVICE_NAME": name}) as client:
            await client.get("/nowhere")
        assert receiver.of("metadata")[0]["service"]["name"] == "alert-gateway"
        assert os.environ["ELASTIC_APM_SERVICE_NAME"] == name


class TestWithoutApm:
    async def test_a_gateway_that_nobody_asked_has_no_agent_in_its_process(self, tmp_path: Path) -> None:
        async with serving(tmp_path, PYTHONPROFILEIMPORTTIME="1") as gateway:
            await gateway.until(lambda: gateway.lines("gateway_ready"))
            imported = gateway.log.read_text()
        assert "gateway.runtime.apm" in imported
        assert "elasticapm" not in imported

    async def test_an_agent_that_is_not_installed_is_said_with_the_remedy_and_alerts_are_taken(
        self, app: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "elasticapm", None)
        settings = Environment({"ELASTIC_APM_SERVER_URL": "http://127.0.0.1:1"}).apm
        with capture_logs() as lines:
            async with reporting(settings) as reporter:
                assert reporter.around(app.gateway.asgi_app, lambda _: None) is app.gateway.asgi_app
        (line,) = lines
        assert (line["event"], line["log_level"]) == ("apm_not_installed", "error")
        assert "pip install '.[apm]'" in line["remedy"]
        assert "ELASTIC_APM_SERVER_URL" in line["problem"]


class TestAServerThatIsAway:
    async def test_is_said_once_with_the_remedy_and_not_at_each_try(
        self, app: Running, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings = Environment({"ELASTIC_APM_SERVER_URL": f"http://127.0.0.1:{free_port()}"}).apm
        with capture_logs() as lines:
            async with reporting(settings) as reporter:
                transport = httpx.ASGITransport(reporter.around(app.gateway.asgi_app, lambda _: None))
                async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                    await client.get("/nowhere")
        (line,) = [line for line in lines if line["event"].startswith("apm")]
        assert (line["event"], line["log_level"]) == ("apm_not_taken", "warning")
        assert "ELASTIC_APM_SERVER_URL" in line["remedy"]
        assert [
            record.name for record in caplog.records if record.name.startswith(("elasticapm", "urllib3"))
        ] == []

    @pytest.mark.parametrize("address", ["http://apm.invalid:8200", "192.0.2.2:8200"])
    async def test_on_another_machine_is_asked_by_tls_or_not_at_all(self, address: str) -> None:
        asked = Environment({"ELASTIC_APM_SERVER_URL": address, "ELASTIC_APM_SECRET_TOKEN": SECRET}).apm
        with capture_logs() as lines:
            async with reporting(asked) as reporter:
                assert reporter is UNREPORTED
        (line,) = lines
        assert (line["event"], line["log_level"]) == ("telemetry_setting", "warning")
        assert "https://" in line["remedy"]
        assert "ELASTIC_APM_SERVER_URL" in line["remedy"]


class TestAServerThatHangs:
    async def test_delays_no_webhook_and_no_end(
        self, app: Running, receiver: ApmReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ELASTIC_APM_SERVER_TIMEOUT", "60m")
        monkeypatch.setattr(apm, "CLOSE_SECONDS", 0.1)
        receiver.hangs = True
        with capture_logs() as lines:
            async with reported(receiver, app.gateway.asgi_app) as client:
                await client.post("/webhooks/alertmanager", json=body(PAY))
                await receiver.until(lambda: receiver.asked)
                assert not receiver.left
        assert [line["seconds"] for line in lines if line["event"] == "telemetry_not_flushed"] == [0.1]

    async def test_does_not_keep_the_process_from_its_end(
        self, tmp_path: Path, receiver: ApmReceiver
    ) -> None:
        receiver.hangs = True
        async with serving(tmp_path, ELASTIC_APM_SERVER_URL=receiver.url) as gateway:
            await gateway.until(lambda: gateway.lines("gateway_ready"))
            status, _ = await gateway.status("/webhooks/alertmanager", json=body(PAY))
            await receiver.until(lambda: receiver.asked)
            gateway.process.send_signal(signal.SIGTERM)
            await gateway.until(lambda: gateway.lines("stopped"))
            async with quickly(6):  # the agent by itself would wait ten
                assert (status, await gateway.process.wait()) == (200, 0)
            assert gateway.lines("telemetry_not_flushed")
