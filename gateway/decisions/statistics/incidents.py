"""Incidents: when each began and ended, how its end is known, and who took it first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.model.statistics.events import Acknowledged, AnyEvent, Closed, IncidentEnd, Page, Reopened
from gateway.model.statistics.facts import IncidentFact
from gateway.model.statistics.incident_state import ClosedState, EndState, IncidentState, Order


def states_of(
    events: Iterable[AnyEvent], before: Mapping[str, IncidentState] | None = None
) -> dict[str, IncidentState]:
    """Return what is known of each incident that the events or `before` speak of.

    An event that `before` has seen already changes nothing.
    """
    found: dict[str, _Gathered] = {name: _Gathered(state) for name, state in (before or {}).items()}
    for event in events:
        if isinstance(event, Page | Acknowledged | Closed | Reopened | IncidentEnd):
            found.setdefault(event.incident, _Gathered(IncidentState())).add(event)
    return {name: gathered.state() for name, gathered in found.items()}


class _Gathered:
    def __init__(self, before: IncidentState) -> None:
        self._started_at = before.started_at
        self._acknowledged_at = before.acknowledged_at
        self._closed, self._reopened, self._end = before.closed, before.reopened, before.end

    def add(self, event: Page | Acknowledged | Closed | Reopened | IncidentEnd) -> None:
        order = Order(event.at, event.id)
        match event:
            case Page():
                known = self._started_at
                self._started_at = event.started_at if known is None else min(known, event.started_at)
            case Reopened():
                self._reopened = max(self._reopened or order, order)
            case IncidentEnd():
                if self._end is None or order >= self._end.order:
                    self._end = EndState(
                        order, event.started_at, event.ended_at, event.how, event.last_seen_at
                    )
            case Closed() | Acknowledged():
                if event.human:
                    known = self._acknowledged_at
                    self._acknowledged_at = event.said_at if known is None else min(known, event.said_at)
                if isinstance(event, Closed) and (self._closed is None or order >= self._closed.order):
                    self._closed = ClosedState(order, event.said_at)

    def state(self) -> IncidentState:
        return IncidentState(self._started_at, self._acknowledged_at, self._closed, self._reopened, self._end)


def fact_of(state: IncidentState) -> IncidentFact:
    """Return how the incident stands. A last end that was observed or inferred says so itself."""
    end, closed_at = state.end, _closed_since(state)
    started_at = state.started_at or 0 if end is None else end.started_at
    if end is None or end.how == "by_hand":
        # Closed while its alerts fire: nobody saw their end, so all that is known is
        # that it lasted until then.
        if closed_at is not None:
            return IncidentFact(started_at, "by_hand", closed_at, state.acknowledged_at)
        if end is None or (state.reopened is not None and state.reopened > end.order):
            return IncidentFact(started_at, "open", None, state.acknowledged_at)
        return IncidentFact(started_at, "by_hand", end.last_seen_at, state.acknowledged_at)
    if end.how == "observed" and end.ended_at is not None:
        return IncidentFact(started_at, "observed", max(started_at, end.ended_at), state.acknowledged_at)
    how = "inferred" if end.how == "observed" else end.how
    return IncidentFact(started_at, how, max(started_at, end.last_seen_at), state.acknowledged_at)


def is_over(state: IncidentState) -> bool:
    """Whether nothing that comes later is expected to change how the incident stands."""
    return state.end is not None and state.end.how != "by_hand"


def _closed_since(state: IncidentState) -> int | None:
    """Return when it was closed by hand, None where it is not, or was reopened since."""
    if state.closed is None or (state.reopened is not None and state.reopened > state.closed.order):
        return None
    return state.closed.said_at
