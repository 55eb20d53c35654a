"""Inhibit rules as publish and subscribe: an alert that fires is a source at topics, an incident subscribes.

The rules mean what Alertmanager documents
(https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule). Any alert that fires and matches the
source side inhibits, even one that is itself inhibited. A missing label is an empty one. An alert that
matches both sides is not inhibited by another alert that matches both sides, nor by itself.

A topic is the hash of a rule, of the values of its `equal` labels, and of whether the source matches both
sides. An incident subscribes to the topics of the sources that may inhibit its members. It is planned again
when the first source comes to such a topic, or the last one leaves it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from gateway.decisions.partition import kept_apart
from gateway.decisions.rule_index import RuleIndex
from gateway.model.alert import Alert
from gateway.model.rules.kinds import InhibitRule
from gateway.model.topics import Topics


@dataclass(frozen=True, slots=True)
class Subscription:
    """A rule that may inhibit an alert, and the topics at which a source that does so is found."""

    rule: InhibitRule
    topics: tuple[str, ...]


class Inhibitor:
    """The `inhibit` rules of one rule set, compiled."""

    def __init__(self, rules: Sequence[InhibitRule], partition_by: Sequence[str] = ()) -> None:
        self._rules = rules
        self._equal = [kept_apart(rule.equal, partition_by) for rule in rules]
        self._sources = RuleIndex([rule.source for rule in rules])
        self._targets = RuleIndex([rule.target for rule in rules])
        self._texts = [
            json.dumps(([*map(str, rule.source)], [*map(str, rule.target)], equal))
            for rule, equal in zip(rules, self._equal, strict=True)
        ]

    @property
    def has_rules(self) -> bool:
        return bool(self._rules)

    def topics(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Return the topics at which an alert with these labels is a source while it fires."""
        found = self._sources.matching(labels) if self._rules else ()
        if not found:
            return ()
        # A source that matches both sides must not inhibit others that do, so it publishes on a topic of its
        # own.
        targeted = {*self._targets.matching(labels)}
        return tuple(sorted({self._topic(number, labels, both=number in targeted) for number in found}))

    def move_to_topics(self, alert: Alert, changes: Topics) -> Alert:
        """Return the alert with its present topics, and add to `changes` what that changes in the store."""
        # A cause that has ended hides nothing more: what it inhibited is told if it still fires.
        topics = self.topics(alert.labels) if alert.firing else ()
        # Unchanged topics wake no incident, so a repeated webhook costs no plans.
        if topics == alert.topics:
            return alert
        changes.add += [(topic, alert.id) for topic in topics if topic not in alert.topics]
        changes.remove += [(topic, alert.id) for topic in alert.topics if topic not in topics]
        return msgspec.structs.replace(alert, topics=topics)

    def subscriptions(self, labels: Mapping[str, str]) -> tuple[Subscription, ...]:
        """Return a subscription for each rule that may inhibit an alert with these labels."""
        found = self._targets.matching(labels) if self._rules else ()
        if not found:
            return ()
        # An alert that is a source itself is inhibited only by sources that match the source side alone.
        sources = {*self._sources.matching(labels)}
        return tuple(
            Subscription(self._rules[number], tuple(self._topic(number, labels, both=both) for both in sides))
            for number in found
            for sides in [(False,) if number in sources else (False, True)]
        )

    def _topic(self, number: int, labels: Mapping[str, str], *, both: bool) -> str:
        """Return the topic of a rule for the alert's `equal` values; `both`: its sources match both sides.

        The values are encoded as JSON: the topic is unambiguous, and every version of the gateway computes
        the same.
        """
        values = json.dumps([labels.get(name, "") for name in self._equal[number]])
        return blake2b(f"{self._texts[number]}{values}{both}".encode(), digest_size=8).hexdigest()
