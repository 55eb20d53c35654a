"""Log lines as records of OTLP: what stands in the log, secrets hidden as there, with its trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import (
    LoggerProvider,
    LogRecordProcessor,
    ReadableLogRecord,
    ReadWriteLogRecord,
)
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    LogRecordExporter,
    LogRecordExportResult,
)
from opentelemetry.trace import NonRecordingSpan, SpanContext, set_span_in_context
from structlog.typing import EventDict

from gateway.clock import utc_ns
from gateway.ports.spans import Span
from gateway.telemetry.current_span import CURRENT
from gateway.telemetry.otlp import Exporter
from gateway.telemetry.tracing.contexts import SAMPLED
from gateway.telemetry.tracing.exporters import log_exporter
from gateway.telemetry.tracing.outbox import Count, Outbox
from gateway.telemetry.tracing.resource import SERVICE, resource_of, silence_the_sdk

NOWHERE = Context()
# https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
SEVERITIES = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "success": SeverityNumber.INFO2,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "exception": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
# The fields of a line that have a place of their own in a record
PLACED = frozenset({"event", "level", "timestamp", "trace_id", "span_id"})


class _Counted(LogRecordExporter):
    """An exporter that tells the outbox what became of its records."""

    def __init__(self, exporter: LogRecordExporter) -> None:
        self._exporter = exporter
        self.settled: Callable[[int, bool], None] = lambda _records, _sent: None

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        result = self._exporter.export(batch)
        self.settled(len(batch), result is LogRecordExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


class _Bounded(LogRecordProcessor):
    """The SDK's queue behind the outbox, which knows when there is no room."""

    def __init__(self, batches: BatchLogRecordProcessor, outbox: Outbox[ReadWriteLogRecord]) -> None:
        self._batches = batches
        self._outbox = outbox

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        self._outbox.add(log_record)

    def shutdown(self) -> None:
        self._batches.shutdown()  # type: ignore[no-untyped-call]

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._batches.force_flush(timeout_millis)


def open_logs(
    to: Exporter, version: str, count: Count
) -> tuple[Callable[[EventDict], None], Callable[[], None]]:
    """Return what takes each line of the log, and what sends the last of them and ends."""
    silence_the_sdk()
    counted = _Counted(log_exporter(to))
    batches = BatchLogRecordProcessor(counted, max_queue_size=to.queue, max_export_batch_size=to.batch)
    outbox: Outbox[ReadWriteLogRecord] = Outbox(to.signal, to.place, to.queue, batches.on_emit, count)
    counted.settled = lambda records, sent: outbox.settled(records, sent=sent)
    provider = LoggerProvider(resource_of(version), shutdown_on_exit=False)
    provider.add_log_record_processor(_Bounded(batches, outbox))
    logger = provider.get_logger(SERVICE, version)

    def ship(event: EventDict) -> None:
        logger.emit(_record(event))

    return ship, batches.shutdown


def _record(event: EventDict) -> LogRecord:
    level, now = str(event.get("level", "info")), utc_ns()
    return LogRecord(
        timestamp=now,
        observed_timestamp=now,
        context=_within(CURRENT.get()),
        severity_text=level.upper(),
        severity_number=SEVERITIES.get(level, SeverityNumber.INFO),
        body=str(event.get("event", "")),
        # What begins with `_` is structlog's own, such as the record of another library
        attributes={
            name: value for name, value in event.items() if name not in PLACED and not name.startswith("_")
        },
    )


def _within(span: Span | None) -> Context:
    """Return the place of a line under a span, which Elastic APM may report as well."""
    if span is None:
        return NOWHERE
    context = SpanContext(int(span.trace_id, 16), int(span.span_id, 16), False, SAMPLED)
    return set_span_in_context(NonRecordingSpan(context))
