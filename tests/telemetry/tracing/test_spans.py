"""Spans by themselves: what begins one, what stands in it, and when there is none."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanKind, StatusCode

from gateway.telemetry.current_span import CURRENT, exemplar
from gateway.telemetry.tracing.finished import FinishedSpan, FinishedSpans, Origin
from gateway.telemetry.tracing.spans import AT_ONCE, MAX_LINKS, TracedSpans

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def finished() -> list[FinishedSpan]:
    return []


@pytest.fixture
def spans(finished: list[FinishedSpan]) -> TracedSpans:
    def taken(trace: FinishedSpans) -> None:
        assert trace.context.trace_flags.sampled, "the SDK's queue asks for it"
        finished.extend(trace.spans)

    origin = Origin(Resource({}), InstrumentationScope("gateway"), taken)
    return TracedSpans(origin, ParentBased(ALWAYS_ON))


class TestARequest:
    def test_goes_on_with_the_trace_of_its_sender(
        self, spans: TracedSpans, finished: list[FinishedSpan]
    ) -> None:
        span = spans.serve("request", PARENT, "vendor=1")
        assert span is not None
        span.end()

        (one,) = finished
        assert f"{one.context.trace_id:032x}" == TRACE
        assert one.parent is not None
        assert (f"{one.parent.span_id:016x}", one.kind) == ("00f067aa0ba902b7", SpanKind.SERVER)
        assert dict(one.context.trace_state) == {"vendor": "1"}

    @pytest.mark.parametrize("header", ["", "no", PARENT[:-3], f"00-{'0' * 32}-00f067aa0ba902b7-01"])
    def test_begins_a_trace_where_its_header_names_none(self, spans: TracedSpans, header: str) -> None:
        span = spans.serve("request", header, "")

        assert span is not None
        assert span.trace_id not in {TRACE, "0" * 32}

    def test_is_in_no_trace_where_its_sender_keeps_none(self, spans: TracedSpans) -> None:
        assert spans.serve("request", f"{PARENT[:-1]}0", "") is None

    @pytest.mark.parametrize(("status", "failed"), [(200, False), (404, False), (500, True), (503, True)])
    def test_has_failed_where_it_is_answered_by_a_fault_of_ours(
        self, spans: TracedSpans, finished: list[FinishedSpan], status: int, failed: bool
    ) -> None:
        span = spans.serve("request", PARENT, "")
        assert span is not None
        span.answered("/api/v1/incidents/{incident}", "GET", status)
        span.end()

        assert finished[0].name == "GET /api/v1/incidents/{incident}"
        assert (
            finished[0].status is not None and finished[0].status.status_code is StatusCode.ERROR
        ) is failed


class TestAStep:
    def test_has_an_id_of_its_own_within_the_span_that_it_is_a_step_of(
        self, spans: TracedSpans, finished: list[FinishedSpan]
    ) -> None:
        span = spans.serve("request", PARENT, "vendor=1")
        assert span is not None
        span.step("receive", 1.0, 2.0)
        span.end()

        step, _ = finished
        assert step.parent == span.context
        own = step.get_span_context()
        assert (own.trace_id, own.trace_state) == (span.context.trace_id, span.context.trace_state)
        assert own.span_id not in {0, span.context.span_id}
        assert step.context.trace_flags.sampled


class TestTheSpansOfATrace:
    def test_are_handed_over_together_as_the_first_of_them_ends(
        self, spans: TracedSpans, finished: list[FinishedSpan]
    ) -> None:
        span = spans.alone("plan")
        assert span is not None
        span.step("gather", 1.0, 2.0)
        span.child("commit").end()
        assert not finished

        span.end()

        assert [one.name for one in finished] == ["gather", "commit", "plan"]

    def test_that_end_after_the_first_follow_it(
        self, spans: TracedSpans, finished: list[FinishedSpan]
    ) -> None:
        span = spans.serve("request", "", "")
        assert span is not None
        commit = span.child("commit")
        span.end()

        commit.end()

        assert [one.name for one in finished] == ["request", "commit"]

    def test_do_not_all_wait_for_the_end_of_work_that_has_many_steps(
        self, spans: TracedSpans, finished: list[FinishedSpan]
    ) -> None:
        span = spans.alone("request")
        assert span is not None
        for _ in range(AT_ONCE + 1):
            span.step("commit", 1.0, 2.0)

        assert len(finished) == AT_ONCE

    def test_are_never_none_at_all(self, spans: TracedSpans, finished: list[FinishedSpan]) -> None:
        span = spans.alone("request")
        assert span is not None
        for _ in range(AT_ONCE - 1):
            span.step("commit", 1.0, 2.0)

        span.end()

        assert len(finished) == AT_ONCE


class TestWorkThatAWebhookHasCaused:
    def test_is_linked_to_it_in_a_trace_of_its_own(
        self, spans: TracedSpans, finished: list[FinishedSpan]
    ) -> None:
        span = spans.caused("plan", PARENT, 1.0)
        assert span is not None
        span.end()

        assert span.trace_id != TRACE
        assert [f"{link.context.trace_id:032x}" for link in finished[0].links] == [TRACE]

    @pytest.mark.parametrize("cause", ["", "what a newer gateway may write", f"{PARENT[:-1]}0"])
    def test_is_in_no_trace_where_the_webhook_is_in_none(self, spans: TracedSpans, cause: str) -> None:
        assert spans.caused("plan", cause, 1.0) is None

    def test_is_in_a_trace_whatever_the_sampler_says_of_others(self, finished: list[FinishedSpan]) -> None:
        origin = Origin(
            Resource({}), InstrumentationScope("gateway"), lambda trace: finished.extend(trace.spans)
        )

        assert TracedSpans(origin, ParentBased(ALWAYS_OFF)).caused("plan", PARENT, 1.0) is not None


def test_a_commit_is_linked_to_no_more_webhooks_than_a_span_may_have_links(
    spans: TracedSpans, finished: list[FinishedSpan]
) -> None:
    webhooks = [span for _ in range(MAX_LINKS + 50) if (span := spans.alone("request"))]

    webhooks[0].child("commit", webhooks[1:]).end()
    webhooks[0].end()

    assert len(finished[0].links) == MAX_LINKS


def test_the_span_under_way_is_that_of_the_innermost_work(spans: TracedSpans) -> None:
    outer = spans.alone("outer")
    assert outer is not None
    with outer.current():
        inner = outer.child("inner")
        with inner.current():
            assert CURRENT.get() is inner
        assert exemplar() == {"trace_id": outer.trace_id}
    assert (CURRENT.get(), exemplar()) == (None, None)
