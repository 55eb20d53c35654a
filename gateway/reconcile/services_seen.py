"""Which services the store knows of, as far as this process has seen: so that a plan writes none twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.decisions.delivery.alert_subject import names_service_alike
from gateway.decisions.delivery.plan_events import service_seen
from gateway.model.alert import Alert
from gateway.model.changes import Changes
from gateway.model.own_alert import is_own
from gateway.model.rules.rulebook import LabelRules
from gateway.model.statistics.events import SERVICE_SEEN, ServiceSeen

T = TypeVar("T")
MOST_REMEMBERED = 10_000  # alerts, and services


@dataclass(slots=True)
class SeenServices:
    """What is forgotten here is only written once more, and the store keeps the first write."""

    # Those whose service is stored, or that have none: by what decides it, or by their ids
    _known: set[object] = field(default_factory=set)
    _stored: set[str] = field(default_factory=set)  # the events
    _labels: LabelRules | None = None

    def unseen(self, alerts: Iterable[Alert], labels: LabelRules) -> Iterator[ServiceSeen]:
        """Yield an event for each service and alert name that the store may not know of."""
        if labels != self._labels:
            # Other rules may call another label the service.
            self._known.clear()
            self._labels = labels
        yielded: set[object] = set()
        for alert in alerts:
            # Most members of an incident are of one service, and to find it takes as long as to route them.
            alike = alert.id if is_own(alert) else names_service_alike(alert, labels) or alert.id
            if alike in self._known or alike in yielded:
                continue
            event = service_seen(alert, labels)
            if event is not None and event.id not in self._stored:
                yielded.add(alike)
                yield event
            else:
                self._remember(self._known, alike)

    def committed(self, changes: Changes) -> None:
        """Remember what these changes, which are in the store now, have told it."""
        for name in changes.events:
            if name.startswith(SERVICE_SEEN):
                self._remember(self._stored, name)

    @staticmethod
    def _remember(known: set[T], name: T) -> None:
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        known.add(name)
