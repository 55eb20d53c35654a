"""Traces by OTLP: a span for an evaluation and one for each of its steps. It imports OpenTelemetry."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opentelemetry import context
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Receive, Scope, Send

from evaluation import VERSION
from evaluation.observers import About, Scored, Step
from gateway.runtime.tracing import close_in_time
from gateway.telemetry.otlp import GRPC, HTTP, Exporter
from gateway.telemetry.tracing.exporters import exporter_named

EXPORTERS = {
    HTTP: "opentelemetry.exporter.otlp.proto.http.trace_exporter:OTLPSpanExporter",
    GRPC: "opentelemetry.exporter.otlp.proto.grpc.trace_exporter:OTLPSpanExporter",
}


class TracingObserver:
    """Sends to where the variables of OpenTelemetry say; the SDK reads those of its sampler by itself."""

    def __init__(self, to: Exporter) -> None:
        own = Resource({SERVICE_NAME: "causal-evaluation", SERVICE_VERSION: VERSION})
        resource = own.merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter_named(EXPORTERS[to.protocol], to),
                max_queue_size=to.queue,
                max_export_batch_size=to.batch,
            )
        )
        self._tracer = self._provider.get_tracer("evaluation", VERSION)
        self._propagator = TraceContextTextMapPropagator()

    @asynccontextmanager
    async def step(self, step: Step, about: About) -> AsyncIterator[Scored]:
        attributes: dict[str, str | int] = {"task.id": about.task_id, "input.length": about.input_length}
        with self._tracer.start_as_current_span(step, attributes=attributes) as span:
            yield lambda score: span.set_attribute("result.score", score)

    def around(self, app: ASGIApp) -> ASGIApp:
        """Have the spans of a request belong to the trace of its sender."""

        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            headers = {name.decode(): value.decode("latin-1") for name, value in scope.get("headers", ())}
            token = context.attach(self._propagator.extract(headers))
            try:
                await app(scope, receive, send)
            finally:
                context.detach(token)

        return traced

    async def close(self) -> None:
        await close_in_time(self._provider.shutdown)
