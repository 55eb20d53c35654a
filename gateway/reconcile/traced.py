"""The spans of what the agenda has due. Without tracing nothing here does anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Self

from gateway.clock import elapsed_seconds
from gateway.decisions.delivery.redaction import redacted
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.model.agenda import SubjectKind
from gateway.model.cause import traceparent_of
from gateway.model.changes import Claim
from gateway.ports.spans import Span
from gateway.reconcile.context import Context

CAUSED = (SubjectKind.PLAN, SubjectKind.DELIVER)  # by a webhook, which is known once the incident is read


class PlanSpans:
    """The spans of the plans of one commit, from before the incidents are read.

    At the end of the context those that are left have failed.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._began = elapsed_seconds()
        self._spans: dict[str, Span] = {}  # by incident

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for span in self._spans.values():
            span.fail()
            span.end()

    def plan(self, snapshot: IncidentSnapshot) -> AbstractContextManager[object]:
        """Have the steps of a plan belong to its span, if its cause is in a trace."""
        span = self._spans.get(snapshot.incident.id) or _caused(self._context, "plan", snapshot, self._began)
        if span is None:
            return nullcontext()
        self._spans[snapshot.incident.id] = span
        return span.current()

    def again(self, incident: str) -> AbstractContextManager[object]:
        """Have what is said of a plan after its commit belong to its span, too."""
        span = self._spans.get(incident)
        return nullcontext() if span is None else span.current()

    def end(self, outcome: str, incidents: Iterable[str]) -> None:
        """End the spans of the plans of these incidents with what became of their commit."""
        for incident in incidents:
            if (span := self._spans.pop(incident, None)) is not None:
                span.note(outcome=outcome)
                span.end()


@contextmanager
def delivery_span(context: Context, snapshot: IncidentSnapshot, began: float) -> Iterator[None]:
    """Have what is done for one delivery belong to a span, if its cause is in a trace."""
    span = _caused(context, "delivery", snapshot, began)
    if span is None:
        yield
        return
    with _ending(span):
        yield


@contextmanager
def agenda_span(context: Context, claim: Claim) -> Iterator[None]:
    """Have the work on a subject that no webhook causes belong to a span, if it is in the sample."""
    kind = claim.subject.kind
    span = context.spans.alone(kind) if context.spans is not None and kind not in CAUSED else None
    if span is None:
        yield
        return
    span.note(shard=context.shard)
    with _ending(span):
        yield


@contextmanager
def _ending(span: Span) -> Iterator[None]:
    failed = True
    with span.current():
        try:
            yield
            failed = False
        finally:
            if failed:
                span.fail()
            span.end()


def _caused(context: Context, name: str, snapshot: IncidentSnapshot, began: float) -> Span | None:
    incident = snapshot.incident
    if context.spans is None or not (cause := traceparent_of(incident.trace)):
        return None
    span = context.spans.caused(name, cause, began)
    if span is not None:
        span.note(incident=incident.id, shard=context.shard)
        if (partition_by := context.policy.rules.partition_by) and snapshot.alerts:
            # No value of a label leaves the gateway by a trace; by their hash partitions are told apart.
            values = snapshot.partition(partition_by)
            span.note(partition=redacted("\xff".join(values), context.secrets.redact_key))
    return span
