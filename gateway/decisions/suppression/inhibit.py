"""Inhibit: where alerts stand to keep others quiet, and where those watch for them.

Alertmanager's documented meaning (https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule): any alert that fires
and matches the source side will do, inhibited or not; a missing label is an empty one; an alert that matches both sides is not
inhibited by one that does too, itself included. A post is a rule and the values of its `equal`, once for sources that match the
source side alone and once for those that match both.
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
from gateway.model.changes import Topics
from gateway.model.rules.kinds import InhibitRule


@dataclass(frozen=True, slots=True)
class Subscription:
    """A rule that may keep an alert quiet, and the posts at which an alert that does so stands."""

    rule: InhibitRule
    topics: tuple[str, ...]


class Inhibitor:
    """The `inhibit` rules of one rule set, compiled."""

    def __init__(self, rules: Sequence[InhibitRule], partition_by: Sequence[str] = ()) -> None:
        self._rules = rules
        self._equal = [kept_apart(one.equal, partition_by) for one in rules]
        self._sources = RuleIndex([one.source for one in rules])
        self._targets = RuleIndex([one.target for one in rules])
        self._texts = [
            json.dumps(([*map(str, one.source)], [*map(str, one.target)], equal))
            for one, equal in zip(rules, self._equal, strict=True)
        ]

    def topics(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Where an alert with these labels stands while it fires."""
        found = self._sources.matching(labels) if self._rules else ()
        if not found:
            return ()
        targeted = {*self._targets.matching(labels)}
        return tuple(sorted({self._topic(number, labels, both=number in targeted) for number in found}))

    def place(self, alert: Alert, changes: Topics) -> Alert:
        """The alert where it stands now, and what has to change for that."""
        topics = self.topics(alert.labels) if alert.firing else ()
        if topics == alert.topics:
            return alert
        changes.add += [(topic, alert.id) for topic in topics if topic not in alert.topics]
        changes.remove += [(topic, alert.id) for topic in alert.topics if topic not in topics]
        return msgspec.structs.replace(alert, topics=topics)

    def subscriptions(self, labels: Mapping[str, str]) -> tuple[Subscription, ...]:
        """The rules that may keep an alert with these labels quiet."""
        found = self._targets.matching(labels) if self._rules else ()
        if not found:
            return ()
        sources = {*self._sources.matching(labels)}
        return tuple(
            Subscription(self._rules[number], tuple(self._topic(number, labels, both=both) for both in sides))
            for number in found
            for sides in [(False,) if number in sources else (False, True)]
        )

    def _topic(self, number: int, labels: Mapping[str, str], *, both: bool) -> str:
        """Of JSON, so that no value can be taken for two, and every release finds the same."""
        values = json.dumps([labels.get(name, "") for name in self._equal[number]])
        return blake2b(f"{self._texts[number]}{values}{both}".encode(), digest_size=8).hexdigest()
