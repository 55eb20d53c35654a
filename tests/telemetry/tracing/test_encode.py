"""Spans on the wire: the encoder says what the SDK's says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans as encode_as_the_sdk_does
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceState

from gateway.telemetry.tracing.contexts import SAMPLED
from gateway.telemetry.tracing.encode import KINDS, encode_spans
from gateway.telemetry.tracing.finished import FinishedSpan, Origin
from gateway.telemetry.tracing.spans import FAILED

ORIGIN = Origin(
    Resource({"service.name": "gateway"}), InstrumentationScope("gateway", "1.0"), lambda _span: None
)
STATES = [TraceState(), TraceState([("vendor", "1"), ("other", "2")])]
contexts = some.builds(
    SpanContext,
    some.integers(1, 2**128 - 1),
    some.integers(1, 2**64 - 1),
    some.booleans(),
    some.just(SAMPLED),
    some.sampled_from(STATES),
)
moments = some.integers(0, 2**63)
values = some.text() | some.integers(-(2**63), 2**63 - 1) | some.floats(allow_nan=False) | some.booleans()
spans = some.builds(
    FinishedSpan,
    some.text(),
    contexts,
    some.integers(1, 2**64 - 1),
    some.none() | contexts,
    some.just(ORIGIN),
    some.sampled_from(sorted(KINDS, key=lambda kind: kind.value)),
    moments,
    moments,
    some.none() | some.dictionaries(some.text(), values),
    some.lists(some.builds(Link, contexts), max_size=3),
    some.none() | some.just(FAILED),
)


@given(some.lists(spans, min_size=1, max_size=5))
def test_any_spans_are_encoded_as_the_sdk_encodes_them(sent: list[FinishedSpan]) -> None:
    assert encode_spans(sent) == encode_as_the_sdk_does(sent)


def test_each_kind_of_span_that_the_gateway_makes_has_its_name_on_the_wire() -> None:
    assert set(SpanKind) - set(KINDS) == {SpanKind.PRODUCER}  # the gateway produces into no queue of others
