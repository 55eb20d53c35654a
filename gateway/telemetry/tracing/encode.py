"""Encode spans for OTLP.

The SDK's encoder takes eight times as long for a step of the path: it builds a message for each part of
a span, whether the part is empty or not. Here only what a span has is written.
`tests/telemetry/tracing/test_encode.py` holds both encoders to the same messages.
"""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans as encode_as_the_sdk_does
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan
from opentelemetry.proto.trace.v1.trace_pb2 import SpanFlags
from opentelemetry.proto.trace.v1.trace_pb2 import Status as SentStatus
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

from gateway.ports.spans import SpanValue
from gateway.telemetry.tracing.finished import FinishedSpan

KINDS = {
    SpanKind.INTERNAL: SentSpan.SPAN_KIND_INTERNAL,
    SpanKind.SERVER: SentSpan.SPAN_KIND_SERVER,
    SpanKind.CLIENT: SentSpan.SPAN_KIND_CLIENT,
    SpanKind.CONSUMER: SentSpan.SPAN_KIND_CONSUMER,
}
INTERNAL = KINDS[SpanKind.INTERNAL]
STATUS_CODES = {StatusCode.OK: SentStatus.STATUS_CODE_OK, StatusCode.ERROR: SentStatus.STATUS_CODE_ERROR}
OURS = SpanFlags.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK
ANOTHER_PROCESS = OURS | SpanFlags.SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK


def encode_spans(spans: Sequence[FinishedSpan]) -> ExportTraceServiceRequest:
    """Return the request that sends these spans, of which there is at least one. All are of one gateway.

    The SDK encodes the first span, and with it the resource and the scope that all spans have in common.
    """
    request: ExportTraceServiceRequest = encode_as_the_sdk_does(spans[:1])
    sent = request.resource_spans[0].scope_spans[0].spans
    for span in spans[1:]:
        _encode(span, sent.add())
    return request


def _encode(span: FinishedSpan, sent: SentSpan) -> None:
    trace, parent, kind = span.trace, span.parent, span.kind
    sent.trace_id = trace.trace_id.to_bytes(16, "big")
    sent.span_id = span.span_id.to_bytes(8, "big")
    sent.name = span.name
    # Most are internal, and to look a member of an enum up is slow.
    sent.kind = INTERNAL if kind is SpanKind.INTERNAL else KINDS[kind]
    sent.start_time_unix_nano = span.start_time
    sent.end_time_unix_nano = span.end_time
    if parent is None:
        sent.flags = OURS
    else:
        sent.flags = _flags(parent)
        sent.parent_span_id = parent.span_id.to_bytes(8, "big")
    if trace.trace_state:
        sent.trace_state = trace.trace_state.to_header()
    if span.attributes:
        for name, value in span.attributes.items():
            _encode_attribute(name, value, sent.attributes.add())
    for link in span.links:
        other, sent_link = link.context, sent.links.add()
        sent_link.trace_id = other.trace_id.to_bytes(16, "big")
        sent_link.span_id = other.span_id.to_bytes(8, "big")
        sent_link.flags = _flags(other)
    if span.status is not None:
        sent.status.code = STATUS_CODES[span.status.status_code]


def _encode_attribute(name: str, value: SpanValue, sent: KeyValue) -> None:
    sent.key = name
    match value:
        case bool():  # before int, which a bool is as well
            sent.value.bool_value = value
        case int():
            sent.value.int_value = value
        case float():
            sent.value.double_value = value
        case str():
            sent.value.string_value = value


def _flags(context: SpanContext) -> int:
    return ANOTHER_PROCESS if context.is_remote else OURS
