"""Spans that have ended, as plain values, and still what the SDK's queue and encoder can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status

from gateway.ports.spans import SpanValue


@dataclass(frozen=True, slots=True)
class Origin:
    """What all spans of one gateway have in common; `finished` takes those of a trace as it ends."""

    resource: Resource
    scope: InstrumentationScope
    finished: Callable[[FinishedSpans], None]


class FinishedSpan(ReadableSpan):
    """The values of one span, times in ns since the epoch. `status` is None where it is not set.

    `trace` is the context of any span of its trace. `get_span_context` makes one of its own, which takes
    as long as all the rest.
    """

    __slots__ = (
        *("name", "trace", "span_id", "parent", "origin", "kind"),
        *("start_time", "end_time", "attributes", "links", "status"),
    )
    name: str
    trace: SpanContext
    span_id: int
    parent: SpanContext | None
    origin: Origin
    attributes: Mapping[str, SpanValue] | None
    links: Sequence[Link]
    kind: SpanKind
    status: Status | None  # type: ignore[assignment]
    start_time: int
    end_time: int
    events: Sequence[Event] = ()
    dropped_attributes = dropped_events = dropped_links = 0

    def __init__(
        self,
        name: str,
        trace: SpanContext,
        span_id: int,
        parent: SpanContext | None,
        origin: Origin,
        kind: SpanKind,
        started: int,
        ended: int,
        attributes: Mapping[str, SpanValue] | None = None,
        links: Sequence[Link] = (),
        status: Status | None = None,
    ) -> None:
        self.name = name
        self.trace = trace
        self.span_id = span_id
        self.parent = parent
        self.origin = origin
        self.kind = kind
        self.start_time = started
        self.end_time = ended
        self.attributes = attributes
        self.links = links
        self.status = status

    @property
    def context(self) -> SpanContext:
        """The context of any span of its trace, as `trace` is."""
        return self.trace

    @property
    def resource(self) -> Resource:
        return self.origin.resource

    @property
    def instrumentation_scope(self) -> InstrumentationScope:
        return self.origin.scope

    def get_span_context(self) -> SpanContext:
        trace = self.trace
        return SpanContext(trace.trace_id, self.span_id, False, trace.trace_flags, trace.trace_state)


@dataclass(frozen=True, slots=True)
class FinishedSpans:
    """Spans of one trace, at least one: they are one entry of the SDK's queue, which costs as much for each
    entry as a step of the path does.
    """

    spans: Sequence[FinishedSpan]

    @property
    def context(self) -> SpanContext:
        """The context of their trace: the SDK's queue asks twice whether that is in the sample."""
        return self.spans[0].trace
