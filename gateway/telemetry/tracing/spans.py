"""Spans, made cheaply: one is a note of when it began until it ends, and only then a span of OpenTelemetry's.

The SDK's own spans cost four times as much before they are exported, for locks and limits that nothing here
needs: each of ours is written by one task, with few attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from http import HTTPStatus

from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    set_span_in_context,
)

from gateway.clock import elapsed_seconds, utc_ns
from gateway.ports.spans import Span, SpanValue
from gateway.telemetry.current_span import under_way
from gateway.telemetry.tracing.contexts import SAMPLED, context_of, links_to
from gateway.telemetry.tracing.finished import FinishedSpan, FinishedSpans, Origin

AT_ONCE = 128  # spans of one trace: a webhook of thousands of alerts has many commits
MAX_LINKS = 128  # https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-limits
FAILED = Status(StatusCode.ERROR)
NANOSECONDS = 1_000_000_000
NOTHING = Context()

_ids = RandomIdGenerator()


class OwnTrace:
    """The part of a trace that this process makes: from its `first` span on. `zero` is when `elapsed_seconds`
    was 0, in ns since the epoch.

    Its spans are handed over together as the first one ends, or `AT_ONCE` of them, and each by itself that
    ends later.
    """

    __slots__ = ("_ended", "_over", "first", "origin", "zero")

    def __init__(self, origin: Origin, first: SpanContext, zero: int) -> None:
        self.origin = origin
        self.first = first
        self.zero = zero
        self._ended: list[FinishedSpan] = []
        self._over = False

    def add(self, span: FinishedSpan) -> None:
        self._ended.append(span)
        if self._over or len(self._ended) == AT_ONCE:
            self._hand_over()

    def end(self) -> None:
        self._over = True
        self._hand_over()

    def _hand_over(self) -> None:
        ended, self._ended = self._ended, []
        if ended:
            self.origin.finished(FinishedSpans(ended))


class TracedSpan:
    """One span under way (`ports/spans.py`).

    The clock is read once for a trace in this process: all of its spans are placed by the time since
    then, so that none is outside its parent when the machine's clock is set.
    """

    __slots__ = (
        "_attributes",
        "_began",
        "_context",
        "_kind",
        "_links",
        "_name",
        "_parent",
        "_status",
        "_trace",
    )

    def __init__(
        self,
        trace: OwnTrace,
        name: str,
        context: SpanContext,
        parent: SpanContext | None,
        kind: SpanKind,
        began: float,
        links: Sequence[Link] = (),
    ) -> None:
        self._trace = trace
        self._name = name
        self._context = context
        self._parent = parent
        self._kind = kind
        self._began = began
        self._links = links
        self._attributes: dict[str, SpanValue] = {}
        self._status: Status | None = None

    @property
    def context(self) -> SpanContext:
        return self._context

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-01"

    @property
    def trace_id(self) -> str:
        return f"{self._context.trace_id:032x}"

    @property
    def span_id(self) -> str:
        return f"{self._context.span_id:016x}"

    def note(self, **attributes: SpanValue) -> None:
        for name, value in attributes.items():
            self._attributes[f"gateway.{name}"] = value

    def step(self, name: str, began: float, ended: float) -> None:
        trace, zero = self._trace, self._trace.zero
        trace.add(
            FinishedSpan(
                name,
                self._context,
                _ids.generate_span_id(),
                self._context,
                trace.origin,
                SpanKind.INTERNAL,
                zero + int(began * NANOSECONDS),
                zero + int(ended * NANOSECONDS),
            )
        )

    def sent(self, seconds: float, **attributes: SpanValue) -> None:
        ended = elapsed_seconds()
        span = self._begin("send", SpanKind.CLIENT, ended - seconds)
        span.note(**attributes)
        self._finish(span, ended)

    def child(self, name: str, others: Sequence[Span] = ()) -> TracedSpan:
        span = self._begin(name, SpanKind.INTERNAL, elapsed_seconds())
        span._links = [Link(other.context) for other in others[:MAX_LINKS] if isinstance(other, TracedSpan)]
        return span

    def current(self) -> AbstractContextManager[Span]:
        return under_way(self)

    def answered(self, endpoint: str, method: str, status: int) -> None:
        # https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server
        self._name = f"{method} {endpoint}"
        self._attributes["http.request.method"] = method
        self._attributes["http.route"] = endpoint
        self._attributes["http.response.status_code"] = status
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.fail()

    def fail(self) -> None:
        self._status = FAILED

    def end(self) -> None:
        self._finish(self, elapsed_seconds())
        if self._context is self._trace.first:
            self._trace.end()

    def _begin(self, name: str, kind: SpanKind, began: float) -> TracedSpan:
        own = self._context
        context = SpanContext(own.trace_id, _ids.generate_span_id(), False, SAMPLED, own.trace_state)
        return TracedSpan(self._trace, name, context, own, kind, began)

    def _finish(self, span: TracedSpan, ended: float) -> None:
        trace = self._trace
        trace.add(
            FinishedSpan(
                span._name,
                span._context,
                span._context.span_id,
                span._parent,
                trace.origin,
                span._kind,
                trace.zero + int(span._began * NANOSECONDS),
                trace.zero + int(ended * NANOSECONDS),
                span._attributes,
                span._links,
                span._status,
            )
        )


class TracedSpans:
    """Begins traces, and goes on with those of others (`ports/spans.py`)."""

    def __init__(self, origin: Origin, sampler: Sampler) -> None:
        self._origin = origin
        self._sampler = sampler

    def serve(self, name: str, traceparent: str, tracestate: str) -> TracedSpan | None:
        parent = context_of(traceparent, tracestate) if traceparent else None
        return self._first(name, SpanKind.SERVER, parent, elapsed_seconds())

    def caused(self, name: str, traceparent: str, began: float) -> TracedSpan | None:
        if not (links := links_to(traceparent)):
            return None
        # Whether the cause is in the sample was decided when it came, so no sampler is asked again.
        return self._root(name, SpanKind.CONSUMER, began, links)

    def alone(self, name: str) -> TracedSpan | None:
        return self._first(name, SpanKind.INTERNAL, None, elapsed_seconds())

    def _first(
        self, name: str, kind: SpanKind, parent: SpanContext | None, began: float
    ) -> TracedSpan | None:
        trace_id = parent.trace_id if parent is not None else _ids.generate_trace_id()
        # An explicit context: to ask for the current one, which nobody sets here, takes as long as the sampler.
        within = NOTHING if parent is None else set_span_in_context(NonRecordingSpan(parent), NOTHING)
        result = self._sampler.should_sample(within, trace_id, name, kind)
        if result.decision is not Decision.RECORD_AND_SAMPLE:
            return None
        context = SpanContext(trace_id, _ids.generate_span_id(), False, SAMPLED, result.trace_state)
        return self._span(name, kind, context, parent, began)

    def _root(self, name: str, kind: SpanKind, began: float, links: Sequence[Link]) -> TracedSpan:
        context = SpanContext(_ids.generate_trace_id(), _ids.generate_span_id(), False, SAMPLED)
        return self._span(name, kind, context, None, began, links)

    def _span(
        self,
        name: str,
        kind: SpanKind,
        context: SpanContext,
        parent: SpanContext | None,
        began: float,
        links: Sequence[Link] = (),
    ) -> TracedSpan:
        zero = utc_ns() - int(elapsed_seconds() * NANOSECONDS)
        return TracedSpan(OwnTrace(self._origin, context, zero), name, context, parent, kind, began, links)
