"""Receivers of OTLP: one that is away or slow costs neither alerts nor time, and what is lost is counted and said."""

from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.runtime import tracing
from gateway.runtime.tracing import FLUSH_SECONDS, close_in_time
from tests.support.certificates import certificates
from tests.support.otlp_receiver import OtlpReceiver
from tests.support.patience import PATIENCE
from tests.support.running_gateway import Running, Starter
from tests.support.servers import free_port
from tests.support.traced import post, sending_to

MUCH = 40  # webhooks; each has six spans


def lost(app: Running, outcome: str) -> float:
    labels = {"signal": "traces", "outcome": outcome}
    return app.gateway.metrics.registry.get_sample_value("gateway_telemetry_records_total", labels) or 0


@pytest.mark.long
async def test_a_receiver_that_is_away_delays_no_webhook(starter: Starter) -> None:
    starter.more = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTEL_BSP_MAX_QUEUE_SIZE": "50",
    }
    app = await starter.start()

    for number in range(MUCH):
        await post(app, service=f"pay-{number}")

    assert lost(app, "dropped") > 0
    times = app.gateway.metrics.registry.get_sample_value
    assert times("gateway_webhook_seconds_bucket", {"le": "5.0"}) == MUCH


@pytest.mark.long
async def test_a_receiver_that_is_slow_delays_no_webhook_and_no_end(
    receiver: OtlpReceiver, starter: Starter
) -> None:
    receiver.delay = 30.0
    starter.more = {**sending_to(receiver), "OTEL_BSP_MAX_QUEUE_SIZE": "50"}
    app = await starter.start()
    for number in range(MUCH):
        await post(app, service=f"pay-{number}")
    assert lost(app, "dropped") > 0

    began = time.monotonic()
    with capture_logs() as said:
        await starter.stack.aclose()

    assert time.monotonic() - began < FLUSH_SECONDS + 15
    assert [line for line in said if line["event"] == "telemetry_not_flushed"]


async def test_what_waits_is_sent_at_the_end(
    receiver: OtlpReceiver, starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "60000")
    monkeypatch.setattr(tracing, "close_in_time", partial(close_in_time, seconds=PATIENCE))
    starter.more = sending_to(receiver)
    app = await starter.start()
    await post(app)
    assert receiver.spans == []

    await starter.stack.aclose()

    assert receiver.named("commit")


async def test_closing_does_not_wait_for_longer_than_it_may() -> None:
    never = threading.Event()
    with capture_logs() as said:
        await close_in_time(lambda: bool(never.wait()) or None, 0.05)
    never.set()
    assert said[-1]["event"] == "telemetry_not_flushed"


async def test_a_receiver_with_an_authority_of_its_own_is_reached_by_tls(
    starter: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = certificates(tmp_path / "tls")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(tls / "ca.pem"))
    async with OtlpReceiver.start(tls) as receiver:
        starter.more = {**sending_to(receiver, "grpc"), "OTEL_EXPORTER_OTLP_HEADERS": "api-key=s3cret"}
        app = await starter.start()

        await post(app)
        await receiver.until(lambda: receiver.named("commit"))
        await starter.stack.aclose()

    assert receiver.headers[0]["api-key"] == "s3cret"
