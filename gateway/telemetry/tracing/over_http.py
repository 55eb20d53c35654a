"""Send spans by OTLP over HTTP, with the encoder of this room (`encode.py`)."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from gateway.telemetry.tracing.encode import encode_spans
from gateway.telemetry.tracing.finished import FinishedSpan


class HttpSpanExporter(OTLPSpanExporter):
    """The SDK's exporter with its settings, its connection and its retries; ours are the bytes of a request."""

    def export(self, spans: Sequence[FinishedSpan]) -> SpanExportResult:  # type: ignore[override]
        if self._shutdown:
            return SpanExportResult.FAILURE
        sent = self._client.export(encode_spans(spans).SerializeToString())
        return SpanExportResult.SUCCESS if sent.success else SpanExportResult.FAILURE
