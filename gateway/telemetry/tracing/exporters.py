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
    (Signal.TRACES, HTTP): "gateway.telemetry.tracing.over_http:HttpSpanExporter",
    (Signal.TRACES, GRPC): "gateway.telemetry.tracing.over_grpc:GrpcSpanExporter",
    (Signal.LOGS, HTTP): "opentelemetry.exporter.otlp.proto.http._log_exporter:OTLPLogExporter",
    (Signal.LOGS, GRPC): "opentelemetry.exporter.otlp.proto.grpc._log_exporter:OTLPLogExporter",
}


def span_exporter(to: Exporter) -> SpanExporter:
    """Return what sends spans there. Raises ImportError where the protocol is not installed."""
    exporter = exporter_named(EXPORTERS[to.signal, to.protocol], to)
    assert isinstance(exporter, SpanExporter)
    return exporter


def log_exporter(to: Exporter) -> LogRecordExporter:
    """Return what sends records of the log there. Raises ImportError where the protocol is not installed."""
    exporter = exporter_named(EXPORTERS[to.signal, to.protocol], to)
    assert isinstance(exporter, LogRecordExporter)
    return exporter


def exporter_named(name: str, to: Exporter) -> Any:  # the two signals have no base class in common
    """Return an exporter of the class with this name, `module:class`, that sends there. Raises ImportError."""
    security = {"insecure": to.plain} if to.protocol == GRPC else {}  # HTTP has it in its address
    return resolve_name(name)(to.endpoint, headers=headers_of(to.headers), **security)
