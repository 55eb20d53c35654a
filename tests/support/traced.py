"""A gateway in this process that is traced, and what is sent to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.telemetry.otlp import GRPC, HTTP
from tests.support.otlp_receiver import OtlpReceiver
from tests.support.processes import alert, body
from tests.support.running_gateway import Running

SENDERS_TRACE, SENDERS_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"00-{SENDERS_TRACE}-{SENDERS_SPAN}-01"
NOT_SAMPLED = f"00-{SENDERS_TRACE}-{SENDERS_SPAN}-00"
STARTS = "2026-11-23T10:00:00Z"


@pytest.fixture
async def receiver(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OtlpReceiver]:
    """A receiver that is sent everything soon. Ask for it before the gateway, which sends the last at its end."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_BLRP_SCHEDULE_DELAY", "50")
    async with OtlpReceiver.start() as receiver:
        yield receiver


def sending_to(receiver: OtlpReceiver, protocol: str = HTTP) -> dict[str, str]:
    endpoint = receiver.grpc_url if protocol == GRPC else receiver.url
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}


async def post(app: Running, traceparent: str = SAMPLED, service: str = "pay") -> None:
    sent = await app.client.post(
        "/webhooks/alertmanager",
        json=body(alert(service, starts=STARTS)),
        headers={"traceparent": traceparent},
    )
    assert sent.status_code == 200


async def told(app: Running, traceparent: str = SAMPLED, service: str = "pay") -> None:
    """Post a firing alert, and wait until Slack shows it."""
    before = len(app.slack.messages("alerts"))
    await post(app, traceparent, service)
    await app.until(lambda: len(app.slack.messages("alerts")) > before)
