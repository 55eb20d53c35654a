"""Traces of a running gateway, as a receiver of OTLP decodes them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.otlp_receiver import Link, OtlpReceiver, ReceivedSpan
from tests.support.processes import alert
from tests.support.running_gateway import Running, Starter

SENT_BY = "4bf92f3577b34da6a3ce929d0e0e4736"
SAMPLED, NOT_SAMPLED = f"00-{SENT_BY}-00f067aa0ba902b7-01", f"00-{SENT_BY}-00f067aa0ba902b7-00"
STARTS = "2026-11-23T10:00:00Z"


@pytest.fixture
async def receiver(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OtlpReceiver]:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    async with OtlpReceiver.start() as receiver:
        yield receiver


def sending_to(receiver: OtlpReceiver, protocol: str = "http/protobuf") -> dict[str, str]:
    endpoint = receiver.grpc_url if protocol == "grpc" else receiver.url
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}


@pytest.fixture
async def traced(receiver: OtlpReceiver, starter: Starter) -> Running:
    starter.more = sending_to(receiver)
    return await starter.start()


async def told(app: Running, traceparent: str = SAMPLED, service: str = "pay") -> None:
    before = len(app.slack.messages("alerts"))
    sent = await app.client.post(
        "/webhooks/alertmanager",
        json={"version": "4", "status": "firing", "receiver": "gateway", "groupKey": "g",
              "alerts": [alert(service, starts=STARTS)]},
        headers={"traceparent": traceparent},
    )  # fmt: skip
    assert sent.status_code == 200
    await app.until(lambda: len(app.slack.messages("alerts")) > before)


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
    await receiver.until(lambda: receiver.named("delivery"))

    webhook = receiver.of_trace(SENT_BY)
    served = one(webhook, "POST /webhooks/alertmanager")
    commit = one(webhook, "commit")
    assert (served.parent, served.kind) == ("00f067aa0ba902b7", "server")
    assert [one(webhook, step).parent for step in ("receive", "normalise")] == [served.span_id] * 2
    assert commit.parent == served.span_id
    assert [one(webhook, step).parent for step in ("deduplicate", "correlate")] == [commit.span_id] * 2
    planned = receiver.named("plan")[0]
    assert (planned.parent, planned.links) == ("", (Link(SENT_BY, served.span_id),))
    steps = [span for span in receiver.of_trace(planned.trace_id) if span is not planned]
    assert {span.name for span in steps} == {"route", "suppress", "seat", "conclude", "resolve"}
    assert {span.parent for span in steps} == {planned.span_id}
    send = receiver.named("send")[0]
    delivered = receiver.of_trace(send.trace_id)
    delivery = one(delivered, "delivery")
    assert (delivery.parent, delivery.links) == ("", planned.links)
    assert {send.parent, one(delivered, "deliver").parent} == {delivery.span_id}


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


class TestTheSample:
    async def test_is_what_the_sender_says(self, traced: Running, receiver: OtlpReceiver) -> None:
        await told(traced, NOT_SAMPLED, "pay")
        await told(traced, SAMPLED, "shop")
        await receiver.until(lambda: len(receiver.named("send")) >= 2)

        assert len(receiver.named("commit")) == 1
        assert {link.trace_id for span in receiver.named("plan") for link in span.links} == {SENT_BY}

    async def test_is_a_tenth_where_the_sender_says_nothing(
        self, traced: Running, receiver: OtlpReceiver
    ) -> None:
        for _ in range(300):
            assert (await traced.ask("/api/v1/incidents")).status_code == 200
        await told(traced)
        await receiver.until(lambda: receiver.named("commit"))

        assert 10 <= len(receiver.named("GET /api/v1/incidents")) <= 60

    async def test_is_all_where_the_variable_says_so(
        self, receiver: OtlpReceiver, starter: Starter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_on")
        starter.more = sending_to(receiver) | {"OTEL_TRACES_SAMPLER": "always_on"}
        app = await starter.start()

        for _ in range(5):
            await app.ask("/api/v1/incidents")

        await receiver.until(lambda: len(receiver.named("GET /api/v1/incidents")) == 5)

    async def test_leaves_out_what_machines_ask_every_few_seconds(
        self, receiver: OtlpReceiver, starter: Starter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_on")
        starter.more = sending_to(receiver) | {"OTEL_TRACES_SAMPLER": "always_on"}
        app = await starter.start()

        for path in ("/metrics", "/livez", "/readyz", "/health", "/api/v1/incidents"):
            await app.ask(path)
        await receiver.until(lambda: receiver.named("GET /api/v1/incidents"))

        assert {span.name for span in receiver.spans if span.kind == "server"} == {"GET /api/v1/incidents"}
