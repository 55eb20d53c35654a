"""The log as records of OTLP."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway.telemetry.harmless_lines import HIDDEN
from gateway.telemetry.logging import configure_logging
from gateway.telemetry.otlp import GRPC, HTTP
from tests.support.apm_receiver import apm_receiver
from tests.support.otlp_receiver import OtlpReceiver
from tests.support.reported import reported_gateway
from tests.support.running_gateway import Starter
from tests.support.traced import SENDERS_TRACE, sending_to, told

SECRET = "xoxb-1234-secret"


@pytest.fixture(autouse=True)
def logged() -> Iterator[io.StringIO]:
    stream, before = io.StringIO(), logging.getLogger().handlers
    configure_logging("json", "info", [SECRET], stream)
    yield stream
    logging.getLogger().handlers = before
    structlog.reset_defaults()


@pytest.mark.parametrize("protocol", [HTTP, GRPC])
async def test_a_line_arrives_with_its_trace(receiver: OtlpReceiver, starter: Starter, protocol: str) -> None:
    starter.more = {**sending_to(receiver, protocol), "OTEL_LOGS_EXPORTER": "otlp"}
    app = await starter.start()

    await told(app)
    await receiver.until(lambda: any(record.body == "webhook_received" for record in receiver.logs))
    await receiver.until(lambda: receiver.named("POST /webhooks/alertmanager"))

    received = next(record for record in receiver.logs if record.body == "webhook_received")
    assert received.trace_id == SENDERS_TRACE
    assert received.span_id == receiver.named("POST /webhooks/alertmanager")[0].span_id
    assert (received.severity, received.attributes["status"]) == ("INFO", 200)
    assert received.resource["service.name"] == "alert-gateway"


async def test_a_line_arrives_with_its_trace_where_elastic_apm_is_told_too(
    receiver: OtlpReceiver, starter: Starter
) -> None:
    starter.more = {**sending_to(receiver), "OTEL_LOGS_EXPORTER": "otlp"}
    async with apm_receiver() as apm, reported_gateway(apm, starter) as app:
        await told(app)
        await receiver.until(
            lambda: {"webhook_received", "delivered"} <= {line.body for line in receiver.logs}
        )
    lines = {record.body: record for record in receiver.logs}
    assert lines["webhook_received"].trace_id == SENDERS_TRACE
    assert lines["delivered"].span_id in {span.span_id for span in receiver.named("delivery")}


async def test_a_secret_arrives_as_it_stands_in_the_log(
    receiver: OtlpReceiver, starter: Starter, logged: io.StringIO
) -> None:
    starter.more = {**sending_to(receiver), "OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "otlp"}
    await starter.start()

    structlog.get_logger("test").warning("leaked", value=[SECRET], error=ValueError(SECRET))
    logging.getLogger("uvicorn.error").error("a line of another library: %s", SECRET)
    await receiver.until(lambda: len([record for record in receiver.logs if HIDDEN in repr(record)]) == 2)

    assert SECRET not in repr(receiver.logs)
    assert SECRET not in logged.getvalue()
    leaked = next(record for record in receiver.logs if record.body == "leaked")
    assert leaked.attributes["value"] == [HIDDEN]


async def test_nothing_arrives_where_only_traces_are_asked_for(
    receiver: OtlpReceiver, starter: Starter
) -> None:
    starter.more = sending_to(receiver)
    app = await starter.start()

    await told(app)
    await receiver.until(lambda: receiver.named("delivery"))

    assert receiver.logs == []
