"""What a server of Elastic APM hears of webhooks, plans and deliveries, and of their steps."""

from __future__ import annotations

import asyncio

import elasticapm.utils.time as agent_time
import pytest
from elasticapm.utils.time import time_to_perf_counter

from tests.support.apm_receiver import ApmReceiver
from tests.support.otlp_receiver import OtlpReceiver
from tests.support.reported import TRACEPARENT, receiver, reported_gateway, webhook_told
from tests.support.running_gateway import Starter
from tests.support.traced import NOT_SAMPLED, SENDERS_TRACE, post

__all__ = ["receiver"]


class TestAWebhook:
    async def test_has_a_span_for_each_step_and_for_its_commit(
        self, starter: Starter, receiver: ApmReceiver
    ) -> None:
        async with reported_gateway(receiver, starter) as app:
            await webhook_told(app, TRACEPARENT)
        (webhook,) = receiver.named("POST /webhooks/alertmanager")
        steps = [span for span in receiver.of("span") if span["transaction_id"] == webhook["id"]]
        assert {step["name"]: (step["type"], step["outcome"]) for step in steps} == {
            **dict.fromkeys(["receive", "normalise", "deduplicate", "correlate"], ("app", None)),
            "commit": ("app", "success"),
        }
        assert all(0 <= step["duration"] <= webhook["duration"] for step in steps)
        (commit,) = receiver.named("commit")
        assert {step["name"]: step["parent_id"] for step in steps} == {
            **dict.fromkeys(["receive", "normalise", "commit"], webhook["id"]),
            **dict.fromkeys(["deduplicate", "correlate"], commit["id"]),
        }

    async def test_and_what_it_causes_have_spans_within_their_transactions_though_the_clock_is_set(
        self, starter: Starter, receiver: ApmReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with reported_gateway(receiver, starter) as app:
            # The agent looks every five minutes how far its two clocks are apart.
            monkeypatch.setattr(agent_time, "CLOCK_DIFF", time_to_perf_counter(3600.0))
            await webhook_told(app, TRACEPARENT)
        works = {work["id"]: work for work in receiver.of("transaction")}
        spans = receiver.of("span")
        assert len(spans) > 5
        for span in spans:
            work = works[span["transaction_id"]]
            since = span["timestamp"] - work["timestamp"]  # in microseconds; both are cut off
            assert -1 <= since <= work["duration"] * 1000 + 1

    async def test_that_is_committed_with_others_is_linked_to_their_commit_by_opentelemetry_too(
        self, starter: Starter, receiver: ApmReceiver
    ) -> None:
        async with OtlpReceiver.start() as otlp:
            starter.more = {"OTEL_EXPORTER_OTLP_ENDPOINT": otlp.url}
            async with reported_gateway(receiver, starter) as app:
                await asyncio.gather(*(post(app, service=f"pay-{number}") for number in range(8)))
                await otlp.until(lambda: len(otlp.named("POST /webhooks/alertmanager")) == 8)
        webhooks = {span.span_id for span in otlp.named("POST /webhooks/alertmanager")}
        linked = {link.span_id for commit in otlp.named("commit") for link in commit.links}
        assert linked
        assert webhooks > linked  # a commit is within the first of its webhooks


class TestWorkOfTheAgenda:
    async def test_is_a_transaction_linked_to_its_webhook_with_a_span_for_each_step_and_send(
        self, starter: Starter, receiver: ApmReceiver
    ) -> None:
        async with reported_gateway(receiver, starter) as app:
            await webhook_told(app, TRACEPARENT)
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
            of_delivery = [
                span["name"] for span in receiver.of("span") if span["transaction_id"] == delivery["id"]
            ]
            assert delivery["span_count"]["started"] == len(of_delivery)
            assert set(of_delivery) >= {"send", "resolve", "deliver"}

    async def test_of_a_webhook_that_is_not_in_the_sample_is_not_reported(
        self, starter: Starter, receiver: ApmReceiver
    ) -> None:
        async with reported_gateway(receiver, starter) as app:
            await webhook_told(app, {"traceparent": NOT_SAMPLED})
        assert receiver.named("plan") == receiver.named("delivery") == []

    async def test_is_in_both_where_traces_of_opentelemetry_are_asked_for_too(
        self, starter: Starter, receiver: ApmReceiver
    ) -> None:
        async with OtlpReceiver.start() as otlp:
            starter.more = {"OTEL_EXPORTER_OTLP_ENDPOINT": otlp.url}
            async with reported_gateway(receiver, starter) as app:
                await webhook_told(app, TRACEPARENT)
                await otlp.until(lambda: otlp.named("deliver"))
        (webhook,) = otlp.named("POST /webhooks/alertmanager")
        for event in (*receiver.named("plan"), *receiver.named("delivery")):
            assert event["links"] == [{"trace_id": SENDERS_TRACE, "span_id": webhook.span_id}]
        assert receiver.named("delivery")
        assert otlp.named("route")
        (commit,) = otlp.named("commit")
        assert commit.parent == webhook.span_id
        (reported,) = receiver.named("POST /webhooks/alertmanager")
        (reported_commit,) = receiver.named("commit")
        assert reported_commit["transaction_id"] == reported["id"]
