"""The spans of others, by the text that names them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from opentelemetry.context import Context
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway.telemetry.tracing.contexts import context_of, links_to
from tests.support.traced import NOT_SAMPLED, SAMPLED, SENDERS_SPAN, SENDERS_TRACE

TRACEPARENTS = some.from_regex(
    r"\A(00|01|ff)-(0{32}|[0-9a-f]{32})-(0{16}|[0-9a-f]{16})-[0-9a-f]{2}(-more)?\Z"
)


class TestTheLinkToACause:
    def test_leads_to_the_span_of_the_webhook(self) -> None:
        (link,) = links_to(SAMPLED)
        assert f"{link.context.trace_id:032x}" == SENDERS_TRACE
        assert f"{link.context.span_id:016x}" == SENDERS_SPAN
        assert link.context.is_remote

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("", id="no webhook is in a trace"),
            pytest.param(NOT_SAMPLED, id="the webhook is not in the sample"),
            pytest.param(f"{SAMPLED}-more", id="another version wrote more"),
            pytest.param("nonsense", id="no traceparent at all"),
        ],
    )
    def test_is_none_for_any_other_text(self, text: str) -> None:
        assert links_to(text) == ()


class TestTheSpanOfARequestsHeaders:
    def test_has_the_state_of_its_vendors(self) -> None:
        context = context_of(SAMPLED, "vendor=1")
        assert context is not None
        assert context.trace_flags.sampled
        assert dict(context.trace_state) == {"vendor": "1"}

    def test_that_is_not_in_the_sample_is_known_as_such(self) -> None:
        context = context_of(NOT_SAMPLED, "")
        assert context is not None
        assert not context.trace_flags.sampled

    @given(some.text("0123456789abcdefABCDEF-", max_size=60) | TRACEPARENTS)
    def test_is_the_one_that_the_propagator_of_opentelemetry_reads(self, text: str) -> None:
        read = TraceContextTextMapPropagator().extract({"traceparent": text}, Context())
        expected = get_current_span(read).get_span_context()
        assert context_of(text, "") == (expected if expected.is_valid else None)

    @pytest.mark.parametrize("text", ["nonsense", f"00-{'0' * 32}-{SENDERS_SPAN}-01"])
    def test_is_none_where_they_name_none(self, text: str) -> None:
        assert context_of(text, "vendor=1") is None
