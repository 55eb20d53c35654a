"""Which services the store knows of, as far as this process has seen: so that a plan writes none twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.decisions.delivery.plan_events import service_seen
from gateway.model.alert import Alert
from gateway.model.changes import Changes
from gateway.model.rules.rulebook import LabelRules
from gateway.model.statistics.events import SERVICE_SEEN, ServiceSeen

MOST_REMEMBERED = 10_000  # alerts, and services


@dataclass(slots=True)
class SeenServices:
    """What is forgotten here is only written once more, and the store keeps the first write."""

    _alerts: set[str] = field(default_factory=set)  # those whose service is stored, or that have none
    _stored: set[str] = field(default_factory=set)  # the events
    _labels: LabelRules | None = None

    def unseen(self, alerts: Iterable[Alert], labels: LabelRules) -> Iterator[ServiceSeen]:
        """Yield an event for each service and alert name that the store may not know of."""
        if labels != self._labels:
            # Other rules may call another label the service.
            self._alerts.clear()
            self._labels = labels
        for alert in alerts:
            if alert.id in self._alerts:
                continue
            event = service_seen(alert, labels)
            if event is not None and event.id not in self._stored:
                yield event
            else:
                self._remember(self._alerts, alert.id)

    def committed(self, changes: Changes) -> None:
        """Remember what these changes, which are in the store now, have told it."""
        for name in changes.events:
            if name.startswith(SERVICE_SEEN):
                self._remember(self._stored, name)

    @staticmethod
    def _remember(known: set[str], name: str) -> None:
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        known.add(name)
