"""Traces of a running gateway, as a receiver of OTLP decodes them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re

import pytest
import structlog

from gateway.telemetry.logging import configure_logging
from tests.support.otlp_receiver import Link, OtlpReceiver, ReceivedSpan
from tests.support.running_gateway import RULES, Running, Starter
from tests.support.traced import NOT_SAMPLED, SAMPLED, SENDERS_SPAN, SENDERS_TRACE, post, sending_to, told
from tests.support.webhook_receiver import receiving

HOOK_RULES = """
destinations: {hook: {webhook: {url: {env: HOOK_URL}}}}
routes: [{name: everything, notify: [hook], group_wait: 0s}]
"""


@pytest.fixture
async def traced(receiver: OtlpReceiver, starter: Starter) -> Running:
    starter.more = sending_to(receiver)
    return await starter.start()


@pytest.fixture
async def all_sampled(receiver: OtlpReceiver, starter: Starter, monkeypatch: pytest.MonkeyPatch) -> Running:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_on")
    starter.more = sending_to(receiver) | {"OTEL_TRACES_SAMPLER": "always_on"}
    return await starter.start()


def one(spans: list[ReceivedSpan], name: str) -> ReceivedSpan:
    (found,) = (span for span in spans if span.name == name)
    return found


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
async def test_one_trace_goes_from_the_webhook_to_its_commit_and_is_linked_to_what_follows(
    receiver: OtlpReceiver, starter: Starter, protocol: str
) -> None:
    starter.more = sending_to(receiver, protocol)
    app = await starter.start()

    await told(app)
    await receiver.until(lambda: receiver.named("send"))
    send = receiver.named("send")[0]
    await receiver.until(lambda: send.parent in {span.span_id for span in receiver.named("delivery")})

    webhook = receiver.of_trace(SENDERS_TRACE)
    served = one(webhook, "POST /webhooks/alertmanager")
    commit = one(webhook, "commit")
    assert (served.parent, served.kind) == (SENDERS_SPAN, "server")
    assert [one(webhook, step).parent for step in ("receive", "normalise")] == [served.span_id] * 2
    assert commit.parent == served.span_id
    assert [one(webhook, step).parent for step in ("deduplicate", "correlate")] == [commit.span_id] * 2
    planned = receiver.named("plan")[0]
    assert (planned.parent, planned.links) == ("", (Link(SENDERS_TRACE, served.span_id),))
    steps = [span for span in receiver.of_trace(planned.trace_id) if span is not planned]
    assert {span.name for span in steps} == {"route", "suppress", "seat", "conclude", "resolve"}
    assert {span.parent for span in steps} == {planned.span_id}
    delivered = receiver.of_trace(send.trace_id)
    delivery = one(delivered, "delivery")
    assert (delivery.parent, delivery.links) == ("", planned.links)
    assert {send.parent, one(delivered, "deliver").parent} == {delivery.span_id}


async def test_webhooks_that_are_committed_together_have_one_commit(
    traced: Running, receiver: OtlpReceiver
) -> None:
    # While the first one is committed, the others wait for the next commit.
    async with asyncio.TaskGroup() as tasks:
        for number in range(1, 9):
            parent = f"00-{number:032x}-{SENDERS_SPAN}-01"
            tasks.create_task(post(traced, parent, f"pay-{number}"))
    await receiver.until(lambda: len([span for span in receiver.spans if span.kind == "server"]) == 8)

    shared = max(receiver.named("commit"), key=lambda span: len(span.links))
    assert shared.attributes["gateway.webhooks"] == 1 + len(shared.links) > 1
    others = {link.trace_id for link in shared.links}
    assert len(others | {shared.trace_id}) == shared.attributes["gateway.webhooks"]


class TestASpan:
    async def test_says_what_was_decided_and_no_label_of_an_alert(
        self, traced: Running, receiver: OtlpReceiver
    ) -> None:
        await told(traced, service="hush-hush")
        await receiver.until(lambda: receiver.named("delivery"))

        served, commit = receiver.named("POST /webhooks/alertmanager")[0], receiver.named("commit")[0]
        assert served.attributes["http.response.status_code"] == 200
        assert served.attributes["gateway.reason"] == "taken"
        assert commit.attributes["gateway.verdicts.opened.first_firing"] == 1
        assert commit.attributes["gateway.outcome"] == "taken"
        assert commit.attributes["gateway.shard"] == 0
        incidents = (await traced.shown("/api/v1/incidents"))["items"]
        assert receiver.named("plan")[0].attributes["gateway.incident"] == incidents[0]["id"]
        assert "hush-hush" not in repr(receiver.spans)

    async def test_tells_partitions_and_shards_apart_without_the_values_of_their_labels(
        self, receiver: OtlpReceiver, starter: Starter
    ) -> None:
        (starter.folder / "rules.yaml").write_text(f"partition_by: [service]\n{RULES}", "utf-8")
        starter.more = {**sending_to(receiver), "GATEWAY_SHARDS": "4"}
        app = await starter.start()

        for service in ("hush-one", "hush-two", "hush-three", "hush-four"):
            await told(app, service=service)
        await receiver.until(
            lambda: len({span.attributes["gateway.incident"] for span in receiver.named("plan")}) == 4
        )

        plans = receiver.named("plan")
        assert len({span.attributes["gateway.partition"] for span in plans}) == 4
        assert len({span.attributes["gateway.shard"] for span in plans}) > 1
        assert "hush" not in repr(receiver.spans)

    async def test_has_nothing_that_the_rules_hide(self, receiver: OtlpReceiver, starter: Starter) -> None:
        (starter.folder / "rules.yaml").write_text(f"labels: {{redact: [service]}}\n{RULES}", "utf-8")
        starter.more = sending_to(receiver)
        app = await starter.start()

        await told(app, service="hush-hush")
        await receiver.until(lambda: receiver.named("send"))
        wanted = {"accept": "application/openmetrics-text; version=1.0.0"}
        metrics = (await app.ask("/metrics", headers=wanted)).text

        assert "hush-hush" not in repr(receiver.spans) + metrics

    async def test_goes_to_no_vendor(self, receiver: OtlpReceiver, starter: Starter) -> None:
        async with receiving() as there:
            (starter.folder / "rules.yaml").write_text(HOOK_RULES, "utf-8")
            starter.more = {**sending_to(receiver), "HOOK_URL": f"{there.url}/webhooks/pagerduty"}
            app = await starter.start()

            await post(app)
            await receiver.until(lambda: receiver.named("send"))

        assert there.taken
        assert not {"traceparent", "tracestate"} & {name for one in there.taken for name in one.headers}

    async def test_of_a_send_names_the_destination_and_its_answer(
        self, traced: Running, receiver: OtlpReceiver
    ) -> None:
        await told(traced)
        await receiver.until(lambda: len(receiver.named("send")) >= 2)

        sends = {span.attributes["gateway.destination"]: span for span in receiver.named("send")}
        assert sends.keys() == {"chat", "pager"}
        assert sends["chat"].attributes["gateway.outcome"] == "delivered"
        assert sends["chat"].kind == "client"

    async def test_stands_within_its_parent(self, traced: Running, receiver: OtlpReceiver) -> None:
        await told(traced)
        await receiver.until(lambda: receiver.named("delivery"))

        by_id = {span.span_id: span for span in receiver.spans}
        within = [(span, by_id[span.parent]) for span in receiver.spans if span.parent in by_id]
        assert within
        for span, parent in within:
            assert parent.started <= span.started <= span.ended <= parent.ended

    async def test_says_which_service_it_is_of(self, traced: Running, receiver: OtlpReceiver) -> None:
        await told(traced)
        await receiver.until(lambda: receiver.spans)

        assert receiver.spans[0].resource["service.name"] == "alert-gateway"
        assert receiver.spans[0].resource["service.version"]


class TestWhoeverLooksForATrace:
    async def test_finds_its_id_in_the_slack_message(self, traced: Running, receiver: OtlpReceiver) -> None:
        await told(traced)

        assert f"trace {SENDERS_TRACE}" in repr(traced.slack.messages("alerts")[0].blocks)

    async def test_finds_none_there_where_the_webhook_is_in_no_trace(
        self, traced: Running, receiver: OtlpReceiver
    ) -> None:
        await told(traced, NOT_SAMPLED)

        assert "trace " not in repr(traced.slack.messages("alerts")[0].blocks)

    async def test_finds_it_in_the_log_and_its_other_traces(
        self, receiver: OtlpReceiver, traced: Running
    ) -> None:
        stream, before = io.StringIO(), logging.getLogger().handlers
        configure_logging("json", "info", [], stream)
        try:
            await told(traced)
            await receiver.until(lambda: len(receiver.named("send")) >= 2)
        finally:
            logging.getLogger().handlers = before
            structlog.reset_defaults()

        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        taken = next(line for line in lines if line["event"] == "webhook_received")
        delivered = next(line for line in lines if line["event"] == "delivered")
        served = receiver.named("POST /webhooks/alertmanager")[0]
        assert (taken["trace_id"], taken["span_id"]) == (SENDERS_TRACE, served.span_id)
        assert delivered["correlation"] == taken["correlation"]
        await receiver.until(
            lambda: delivered["trace_id"] in {span.trace_id for span in receiver.named("delivery")}
        )
        by_trace = {span.trace_id: span for span in receiver.named("delivery")}
        assert by_trace[delivered["trace_id"]].span_id == delivered["span_id"]

    async def test_is_led_there_by_the_exemplars_of_the_metrics(
        self, traced: Running, receiver: OtlpReceiver
    ) -> None:
        await told(traced)
        await traced.until(lambda: traced.gateway.metrics.registry.get_sample_value(
            "gateway_alert_to_delivery_seconds_count"))  # fmt: skip
        wanted = {"accept": "application/openmetrics-text; version=1.0.0"}
        metrics = (await traced.ask("/metrics", headers=wanted)).text

        for name in (
            "gateway_webhook_seconds_bucket",
            "gateway_http_request_seconds_bucket",
            "gateway_delivery_seconds_bucket",
            "gateway_alert_to_delivery_seconds_bucket",
        ):
            assert re.search(rf'^{name}.* # {{trace_id="[0-9a-f]{{32}}"}}', metrics, re.MULTILINE), name
        assert f'trace_id="{SENDERS_TRACE}"' in metrics
        assert "trace_id" not in (await traced.ask("/metrics")).text


class TestTheSample:
    async def test_is_what_the_sender_says(self, traced: Running, receiver: OtlpReceiver) -> None:
        await told(traced, NOT_SAMPLED, "pay")
        await told(traced, SAMPLED, "shop")
        await receiver.until(lambda: len(receiver.named("send")) >= 2)

        assert len(receiver.named("commit")) == 1
        assert {link.trace_id for span in receiver.named("plan") for link in span.links} == {SENDERS_TRACE}

    async def test_is_a_tenth_where_the_sender_says_nothing(
        self, traced: Running, receiver: OtlpReceiver
    ) -> None:
        for _ in range(300):
            assert (await traced.ask("/api/v1/incidents")).status_code == 200
        await told(traced)
        await receiver.until(lambda: receiver.named("commit"))

        assert 10 <= len(receiver.named("GET /api/v1/incidents")) <= 60

    async def test_is_all_where_the_variable_says_so(
        self, all_sampled: Running, receiver: OtlpReceiver
    ) -> None:
        for _ in range(5):
            await all_sampled.ask("/api/v1/incidents")

        await receiver.until(lambda: len(receiver.named("GET /api/v1/incidents")) == 5)

    async def test_leaves_out_what_machines_ask_every_few_seconds(
        self, all_sampled: Running, receiver: OtlpReceiver
    ) -> None:
        for path in ("/metrics", "/livez", "/readyz", "/health", "/api/v1/incidents"):
            await all_sampled.ask(path)
        await receiver.until(lambda: receiver.named("GET /api/v1/incidents"))

        assert {span.name for span in receiver.spans if span.kind == "server"} == {"GET /api/v1/incidents"}
