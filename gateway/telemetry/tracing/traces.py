"""Put together what makes spans and sends them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from gateway.telemetry.otlp import Exporter
from gateway.telemetry.tracing.exporters import span_exporter
from gateway.telemetry.tracing.finished import FinishedSpans, Origin
from gateway.telemetry.tracing.outbox import Count, Outbox
from gateway.telemetry.tracing.resource import SERVICE, resource_of, silence_the_sdk
from gateway.telemetry.tracing.spans import TracedSpans

LEAST_SPANS = 3  # of a trace: that of a webhook of repeats
MANY_SPANS = 16  # of a trace, as of a webhook of thousands of alerts


class _Counted(SpanExporter):
    """An exporter that sends the spans of many traces, `most` at once, and tells the outbox what became of
    them.
    """

    def __init__(self, exporter: SpanExporter, most: int) -> None:
        self._exporter = exporter
        self._most = most
        self.settled: Callable[[int, bool], None] = lambda _records, _sent: None

    def export(self, traces: Sequence[FinishedSpans]) -> SpanExportResult:  # type: ignore[override]
        result = SpanExportResult.SUCCESS
        spans = [span for trace in traces for span in trace.spans]
        for start in range(0, len(spans), self._most):
            sent = spans[start : start + self._most]
            result = SpanExportResult.FAILURE
            try:
                result = self._exporter.export(sent)
            finally:
                self.settled(len(sent), result is SpanExportResult.SUCCESS)
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
    counted = _Counted(span_exporter(to), to.batch)
    # The processor counts traces, and the outbox spans: it must not be full before the processor sends.
    traces_at_once = max(1, min(to.batch // LEAST_SPANS, to.queue // (2 * MANY_SPANS)))
    processor = BatchSpanProcessor(counted, max_queue_size=to.queue, max_export_batch_size=traces_at_once)
    # The processor asks whether the trace of an entry is in the sample, and reads nothing else of it.
    put = cast("Callable[[FinishedSpans], None]", processor.on_end)
    outbox: Outbox[FinishedSpans] = Outbox(to.signal, to.place, to.queue, put, count)
    counted.settled = lambda records, sent: outbox.settled(records, sent=sent)

    def finished(trace: FinishedSpans) -> None:
        outbox.add(trace, len(trace.spans))

    origin = Origin(resource_of(version), InstrumentationScope(SERVICE, version), finished)
    return TracedSpans(origin, sampler), processor.shutdown
