"""What sends spans and records of the log, by the protocol that the settings name."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

from opentelemetry.sdk._logs.export import LogRecordExporter
from opentelemetry.sdk.trace.export import SpanExporter

from gateway.telemetry.otlp import GRPC, HTTP, Exporter, Signal
from gateway.telemetry.tracing.resource import headers_of

# By name, so that only the protocol that is spoken is imported: grpc takes 10 MB and 0.1 s.
EXPORTERS = {
    (Signal.TRACES, HTTP): "opentelemetry.exporter.otlp.proto.http.trace_exporter:OTLPSpanExporter",
    (Signal.TRACES, GRPC): "opentelemetry.exporter.otlp.proto.grpc.trace_exporter:OTLPSpanExporter",
    (Signal.LOGS, HTTP): "opentelemetry.exporter.otlp.proto.http._log_exporter:OTLPLogExporter",
    (Signal.LOGS, GRPC): "opentelemetry.exporter.otlp.proto.grpc._log_exporter:OTLPLogExporter",
}


def span_exporter(to: Exporter) -> SpanExporter:
    """Return what sends spans there. Raises ImportError where the protocol is not installed."""
    exporter = _exporter(to)
    assert isinstance(exporter, SpanExporter)
    return exporter


def log_exporter(to: Exporter) -> LogRecordExporter:
    """Return what sends records of the log there. Raises ImportError where the protocol is not installed."""
    exporter = _exporter(to)
    assert isinstance(exporter, LogRecordExporter)
    return exporter


def _exporter(to: Exporter) -> Any:  # the two signals have no base class in common
    security = {"insecure": to.plain} if to.protocol == GRPC else {}  # HTTP has it in its address
    return resolve_name(EXPORTERS[to.signal, to.protocol])(
        to.endpoint, headers=headers_of(to.headers), **security
    )
