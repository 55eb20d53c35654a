"""Send spans by OTLP over gRPC, with the encoder of this room (`encode.py`)."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway.telemetry.tracing.encode import encode_spans
from gateway.telemetry.tracing.finished import FinishedSpan


class GrpcSpanExporter(OTLPSpanExporter):
    """The SDK's exporter with its settings, its connection and its retries; ours is the message of a request."""

    def _translate_data(self, data: Sequence[FinishedSpan]) -> ExportTraceServiceRequest:  # type: ignore[override]
        return encode_spans(data)
