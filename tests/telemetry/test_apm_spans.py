"""What a server of Elastic APM hears of plans and deliveries."""

from __future__ import annotations

from tests.support.apm_receiver import ApmReceiver
from tests.support.otlp_receiver import OtlpReceiver
from tests.support.processes import body
from tests.support.reported import PAY, TRACEPARENT, receiver, reported_gateway, told
from tests.support.running_gateway import Starter
from tests.support.traced import NOT_SAMPLED, SENDERS_TRACE

__all__ = ["receiver"]


class TestWorkOfTheAgenda:
    async def test_is_a_transaction_linked_to_its_webhook_with_a_span_for_each_send(
        self, starter: Starter, receiver: ApmReceiver
    ) -> None:
        async with reported_gateway(receiver, starter) as app:
            await app.client.post("/webhooks/alertmanager", json=body(PAY), headers=TRACEPARENT)
            await told(app)
        (webhook,) = receiver.named("POST /webhooks/alertmanager")
        assert webhook["trace_id"] == SENDERS_TRACE
        work = [*receiver.named("plan"), *receiver.named("delivery")]
        assert {event["type"] for event in work} == {"plan", "delivery"}
        for event in work:
            assert event["links"] == [{"trace_id": SENDERS_TRACE, "span_id": webhook["id"]}]
            assert event["outcome"] == "success"
            assert event["trace_id"] != SENDERS_TRACE
        sends = receiver.named("send")
        deliveries = {event["id"]: event for event in receiver.named("delivery")}
        assert len(sends) >= 2
        for send in sends:
            delivery = deliveries[send["transaction_id"]]
            assert (send["type"], send["outcome"]) == ("external", "success")
            # In milliseconds, and in microseconds since the epoch
            assert 0 < send["duration"] <= delivery["duration"]
            assert delivery["timestamp"] <= send["timestamp"]
            assert delivery["span_count"]["started"] == 1

    async def test_of_a_webhook_that_is_not_in_the_sample_is_not_reported(
        self, starter: Starter, receiver: ApmReceiver
    ) -> None:
        async with reported_gateway(receiver, starter) as app:
            not_kept = {"traceparent": NOT_SAMPLED}
            await app.client.post("/webhooks/alertmanager", json=body(PAY), headers=not_kept)
            await told(app)
        assert receiver.named("plan") == receiver.named("delivery") == []

    async def test_is_in_both_where_traces_of_opentelemetry_are_asked_for_too(
        self, starter: Starter, receiver: ApmReceiver
    ) -> None:
        async with OtlpReceiver.start() as otlp:
            starter.more = {"OTEL_EXPORTER_OTLP_ENDPOINT": otlp.url}
            async with reported_gateway(receiver, starter) as app:
                await app.client.post("/webhooks/alertmanager", json=body(PAY), headers=TRACEPARENT)
                await told(app)
                await otlp.until(lambda: otlp.named("deliver"))
        (webhook,) = otlp.named("POST /webhooks/alertmanager")
        for event in (*receiver.named("plan"), *receiver.named("delivery")):
            assert event["links"] == [{"trace_id": SENDERS_TRACE, "span_id": webhook.span_id}]
        assert receiver.named("delivery")
        assert otlp.named("route")
