"""Plans and deliveries as transactions of Elastic APM, and all spans, by the seam of `ports/spans.py`.

A plan or a delivery is a transaction of its own, linked to the webhook that caused it. The steps of the path,
commits and calls to vendors are spans of the transaction that they were done for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from elasticapm.conf.constants import TRANSACTION
from elasticapm.traces import Transaction, execution_context
from elasticapm.utils.disttracing import TraceParent
from starlette.types import ASGIApp, Scope

from gateway.clock import elapsed_seconds, utc_ns
from gateway.ports.spans import Span, Spans, SpanValue
from gateway.telemetry.apm import ApmApp, Client, close, make_client
from gateway.telemetry.current_span import under_way

NANOSECONDS = 1_000_000_000
STEP = "app"  # the type of a span whose time is the gateway's own
DELIVERED = "delivered"  # the outcome of a send that the vendor has taken


@dataclass(frozen=True, slots=True)
class ApmReporter:
    """Reports by one client (`runtime/apm.py`)."""

    client: Client

    def around(self, app: ASGIApp, endpoint_of: Callable[[Scope], str | None]) -> ASGIApp:
        return ApmApp(app, self.client, endpoint_of)

    def spans(self, traced: Spans | None) -> Spans:
        return ReportedSpans(self.client, traced)

    def close(self) -> None:
        """Send what is left, and end: a server that is away is waited for."""
        close(self.client)


def make_reporter(options: Mapping[str, str], version: str) -> ApmReporter:
    """Return what reports the gateway of a version. `options` are the agent's settings by its own names."""
    return ApmReporter(make_client(options, "alert-gateway", version))


class ReportedSpans:
    """Begins transactions beside the spans of `traced`, which are those of OpenTelemetry where there are any.

    Where there are, the steps of a request that is in a trace that is kept are reported, and what it causes.
    """

    def __init__(self, client: Client, traced: Spans | None) -> None:
        self._client = client
        self._traced = traced

    def serve(self, name: str, traceparent: str, tracestate: str) -> Span | None:
        traced = self._traced.serve(name, traceparent, tracestate) if self._traced is not None else None
        transaction = execution_context.get_transaction()  # `ApmApp` has begun it
        if transaction is None or not transaction.is_sampled or (self._traced is not None and traced is None):
            return traced
        # The agent's monotonic clock is that of `elapsed_seconds`.
        return ReportedSpan(transaction, transaction.timestamp - transaction.start_time, traced)

    def caused(self, name: str, traceparent: str, began: float) -> Span | None:
        traced = self._traced.caused(name, traceparent, began) if self._traced is not None else None
        cause = TraceParent.from_string(traceparent)
        if cause is None or not self._client.config.is_recording:
            return traced
        assert self._client.tracer is not None
        # Not by `begin_transaction`, which would draw lots again: the webhook is in the sample, so this is.
        transaction = Transaction(
            self._client.tracer,
            name,
            start=utc_ns() / NANOSECONDS - (elapsed_seconds() - began),
            sample_rate=self._client.config.transaction_sample_rate,
            links=[cause],
        )
        return ReportedWork(self._client, transaction, name, began, traced)

    def alone(self, name: str) -> Span | None:
        return self._traced.alone(name) if self._traced is not None else None


class ReportedSpan:
    """The work of a transaction that somebody else ends, such as a request. `traced` is the same work by
    OpenTelemetry.

    `zero` is the time when `elapsed_seconds` was 0, in seconds since the epoch. It is asked for once, so
    that no span is outside its transaction when the machine's clock is set.
    """

    def __init__(self, transaction: Transaction, zero: float, traced: Span | None) -> None:
        self._transaction = transaction
        self._zero = zero
        self._traced = traced

    @property
    def traceparent(self) -> str:
        return self._traced.traceparent if self._traced else f"00-{self.trace_id}-{self.span_id}-01"

    @property
    def trace_id(self) -> str:
        return self._traced.trace_id if self._traced else self._transaction.trace_parent.trace_id

    @property
    def span_id(self) -> str:
        return self._traced.span_id if self._traced else self._transaction.id

    def note(self, **attributes: SpanValue) -> None:
        if self._traced is not None:
            self._traced.note(**attributes)

    def step(self, name: str, began: float, ended: float) -> None:
        if self._traced is not None:
            self._traced.step(name, began, ended)
        self._span(name, STEP, began).end(duration=timedelta(seconds=ended - began))

    def sent(self, seconds: float, **attributes: SpanValue) -> None:
        if self._traced is not None:
            self._traced.sent(seconds, **attributes)
        span = self._span("send", "external", elapsed_seconds() - seconds)
        span.outcome = "success" if attributes.get("outcome") == DELIVERED else "failure"
        span.end(duration=timedelta(seconds=seconds))

    def child(self, name: str, others: Sequence[Span] = ()) -> Span:
        began = elapsed_seconds()
        traced = self._traced.child(name, [_as_traced(other) for other in others]) if self._traced else None
        piece = self._span(name, STEP, began)
        return ReportedChild(self._transaction, self._zero, traced, piece, began)

    def current(self) -> AbstractContextManager[Span]:
        return under_way(self)

    def answered(self, endpoint: str, method: str, status: int) -> None:
        if self._traced is not None:
            self._traced.answered(endpoint, method, status)

    def fail(self) -> None:
        if self._traced is not None:
            self._traced.fail()
        self._transaction.outcome = "failure"

    def end(self) -> None:
        if self._traced is not None:
            self._traced.end()

    def _span(self, name: str, kind: str, began: float) -> Any:
        """Begin a span of the agent's, at a time of `elapsed_seconds`. Its `end` takes a timedelta."""
        start = self._zero + began
        span = self._transaction.begin_span(name, kind, start=start, auto_activate=False)
        span.timestamp = start  # the agent's own would follow the machine's clock
        return span


class ReportedChild(ReportedSpan):
    """A part of that work with steps of its own, such as the commit of a webhook: spans within its span."""

    def __init__(
        self, transaction: Transaction, zero: float, traced: Span | None, piece: Any, began: float
    ) -> None:
        super().__init__(transaction, zero, traced)
        self._piece = piece
        self._piece.outcome = "success"
        self._began = began

    def fail(self) -> None:
        if self._traced is not None:
            self._traced.fail()
        self._piece.outcome = "failure"

    def end(self) -> None:
        super().end()
        self._piece.end(duration=timedelta(seconds=elapsed_seconds() - self._began))

    def _span(self, name: str, kind: str, began: float) -> Any:
        # The agent takes the active span for the parent. Afterwards it is active no more: tasks would inherit it.
        execution_context.set_span(self._piece)
        try:
            return super()._span(name, kind, began)
        finally:
            execution_context.unset_span()


class ReportedWork(ReportedSpan):
    """A transaction of its own, from `began` (a time of `elapsed_seconds`) to its end."""

    def __init__(
        self, client: Client, transaction: Transaction, name: str, began: float, traced: Span | None
    ) -> None:
        super().__init__(transaction, transaction.timestamp - began, traced)
        self._client, self._name, self._began = client, name, began

    def end(self) -> None:
        super().end()
        work = self._transaction
        work.name, work.outcome = self._name, work.outcome or "success"
        work.result = work.outcome
        work.end(duration=timedelta(seconds=elapsed_seconds() - self._began))
        self._client.queue(TRANSACTION, work.to_dict())


def _as_traced(span: Span) -> Span:
    """Return the span of OpenTelemetry's for the same work, to which alone others of its kind are linked."""
    return span._traced or span if isinstance(span, ReportedSpan) else span
