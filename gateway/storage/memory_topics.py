"""The topics of the in-memory store: which alerts stand at each, and which subjects subscribe to it."""

from __future__ import annotations

from collections import defaultdict

from gateway.model.agenda import Subject
from gateway.model.topics import Topics


class TopicBook:
    def __init__(self) -> None:
        self._standing: defaultdict[str, set[str]] = defaultdict(set)
        self._subscribers: defaultdict[str, set[Subject]] = defaultdict(set)

    def first(self, topic: str) -> str:
        """Return the alert that stands at the topic, empty for none: of several always the same."""
        return min(self._standing.get(topic, ()), default="")

    def apply(self, moves: Topics) -> set[Subject]:
        """Add and remove alerts and subscribers; return the subjects that are woken by it."""
        woken: set[Subject] = set()
        for topic, alert in moves.add:
            if not self.first(topic):
                woken |= self._subscribers.get(topic, set())
            self._standing[topic].add(alert)
        for topic, alert in moves.remove:
            if alert in self._standing.get(topic, ()):
                self._standing[topic].discard(alert)
                if not self.first(topic):
                    woken |= self._subscribers.get(topic, set())
        for topic, subject in moves.subscribe:
            self._subscribers[topic].add(subject)
        for topic, subject in moves.unsubscribe:
            self._subscribers[topic].discard(subject)
        return woken
