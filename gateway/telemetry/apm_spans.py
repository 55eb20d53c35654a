"""Plans and deliveries as transactions of Elastic APM, by the seam of `ports/spans.py`.

Each is a transaction of its own, linked to the webhook that caused it, with a span for each call to a vendor. The
steps are not reported: the agent takes longer for a span (0.03 ms) than the gateway for most steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from elasticapm.conf.constants import TRANSACTION
from elasticapm.traces import Transaction, execution_context
from elasticapm.utils.disttracing import TraceParent
from starlette.types import ASGIApp, Scope

from gateway.clock import elapsed_seconds, utc_ns
from gateway.ports.spans import Span, Spans, SpanValue
from gateway.telemetry.apm import ApmApp, Client, close, make_client
from gateway.telemetry.current_span import under_way

NANOSECONDS = 1_000_000_000
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

    Where there are, plans and deliveries are reported whose webhook is in a trace that is kept.
    """

    def __init__(self, client: Client, traced: Spans | None) -> None:
        self._client = client
        self._traced = traced

    def serve(self, name: str, traceparent: str, tracestate: str) -> Span | None:
        if self._traced is not None:
            return self._traced.serve(name, traceparent, tracestate)
        transaction = execution_context.get_transaction()  # `ApmApp` has begun it
        sampled = transaction is not None and transaction.is_sampled
        return ReportedSpan(transaction) if transaction is not None and sampled else None

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
            start=_moment(began),
            sample_rate=self._client.config.transaction_sample_rate,
            links=[cause],
        )
        return ReportedWork(self._client, transaction, name, began, traced)

    def alone(self, name: str) -> Span | None:
        return self._traced.alone(name) if self._traced is not None else None


class ReportedSpan:
    """A piece of a transaction that somebody else ends. `traced` is the same work by OpenTelemetry."""

    def __init__(self, transaction: Transaction, traced: Span | None = None) -> None:
        self._transaction = transaction
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

    def sent(self, seconds: float, **attributes: SpanValue) -> None:
        if self._traced is not None:
            self._traced.sent(seconds, **attributes)
        start = _moment(elapsed_seconds() - seconds)
        span = self._transaction.begin_span("send", "external", start=start, auto_activate=False)
        span.outcome = "success" if attributes.get("outcome") == DELIVERED else "failure"
        span.end(duration=timedelta(seconds=seconds))

    def child(self, name: str, others: Sequence[Span] = ()) -> Span:
        return self._traced.child(name, others) if self._traced else ReportedSpan(self._transaction)

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


class ReportedWork(ReportedSpan):
    """A transaction of its own, from `began` (a time of `elapsed_seconds`) to its end."""

    def __init__(
        self, client: Client, transaction: Transaction, name: str, began: float, traced: Span | None
    ) -> None:
        super().__init__(transaction, traced)
        self._client, self._name, self._began = client, name, began

    def end(self) -> None:
        super().end()
        work = self._transaction
        work.name, work.outcome = self._name, work.outcome or "success"
        work.result = work.outcome
        work.end(duration=timedelta(seconds=elapsed_seconds() - self._began))
        self._client.queue(TRANSACTION, work.to_dict())


def _moment(elapsed: float) -> float:
    """Return a time of `elapsed_seconds` as the agent has it: in seconds since the epoch."""
    return utc_ns() / NANOSECONDS - (elapsed_seconds() - elapsed)
