"""Put together what makes spans and sends them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from gateway.telemetry.otlp import Exporter
from gateway.telemetry.tracing.exporters import span_exporter
from gateway.telemetry.tracing.finished import Origin
from gateway.telemetry.tracing.outbox import Count, Outbox
from gateway.telemetry.tracing.resource import SERVICE, resource_of, silence_the_sdk
from gateway.telemetry.tracing.spans import TracedSpans


class _Counted(SpanExporter):
    """An exporter that tells the outbox what became of its spans."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.settled: Callable[[int, bool], None] = lambda _records, _sent: None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        self.settled(len(spans), result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def open_traces(
    to: Exporter, share: float | None, version: str, count: Count
) -> tuple[TracedSpans, Callable[[], None]]:
    """Return what begins spans, and what sends the last of them and ends; that may take as long as a request.

    `share` is how many of the traces that begin here are kept; None: as the SDK reads OTEL_TRACES_SAMPLER.
    """
    silence_the_sdk()
    sampler = (
        TracerProvider(shutdown_on_exit=False).sampler if share is None else ParentBasedTraceIdRatio(share)
    )
    counted = _Counted(span_exporter(to))
    processor = BatchSpanProcessor(counted, max_queue_size=to.queue, max_export_batch_size=to.batch)
    outbox: Outbox[ReadableSpan] = Outbox(to.signal, to.place, to.queue, processor.on_end, count)
    counted.settled = lambda records, sent: outbox.settled(records, sent=sent)
    origin = Origin(resource_of(version), InstrumentationScope(SERVICE, version), outbox.add)
    return TracedSpans(origin, sampler), processor.shutdown
