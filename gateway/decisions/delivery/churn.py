"""Fold the alerts of a label whose value churns, such as a measured value that a rule puts into it:
each value is another alert.

For people all these are one alert, which fires on. They see the newest value, and how many there were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median_low

import msgspec

from gateway.decisions.delivery.thing import thing_labels
from gateway.decisions.notification.view import TargetMember
from gateway.model.durations import MINUTE, SECOND, ordinal
from gateway.model.rules.rulebook import LabelRules

CHURNING_FROM = 3  # measured values: two may be two things
# Longer whole numbers, and those of two digits that a rule begins at its own pace. Shards
# 10 to 14 are things, and a disk that fills from 91 to 95 % is one: a rule ends a value
# and begins the next in one evaluation, or its `for` later, while shards fail whenever
# they do. Where a rollout restarts them evenly they are folded, since a wrong fold costs
# less: whatever fires is shown, and how many there were, while each value of a real churn
# would be a reply in the night. Whoever has such shards names the label in `labels.thing`.
SEVERAL = 5
# By how much even gaps differ from the usual one, since two replicas of Prometheus evaluate at other moments.
EVEN_WITHIN_MS = 30 * SECOND
MANY = 10  # anything else with a digit: brokers 1, 2 and 3 that fail in turn are things
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?( ?%)?")
_WITH_UNIT = re.compile(r"[-+]?[0-9]+\.[0-9]+ ?[A-Za-zµ/]{1,5}")
LONGEST_GAP_MS = (
    10 * MINUTE
)  # between the end of a value and the start of the next: a rule's `for`, or a late end


class Churn(msgspec.Struct, frozen=True, gc=False):
    """The values of one label so far: `earlier` are the alerts whose place the newest one took."""

    label: str
    earlier: tuple[TargetMember, ...]

    @property
    def described(self) -> str:
        return f"{ordinal(len(self.earlier) + 1)} value of {self.label}"


def churns_of(members: Sequence[TargetMember], labels: LabelRules) -> dict[str, Churn]:
    """Return the churning labels of these alerts, by the episode of the alert that has the newest value."""
    # What has not ended made room for nothing, so that most incidents are through here.
    if sum(not member.alert.firing for member in members) < CHURNING_FROM - 1:
        return {}
    found = {}
    for label, group in _by_all_but_one(members, labels):
        values = sorted(group, key=lambda member: member.started_at)
        if _follow_each_other(values) and _are_values(values, label):
            # The end of the value before may come late: while it fires, it is shown.
            earlier = tuple(member for member in values[:-1] if not member.alert.firing)
            found[values[-1].episode_id] = Churn(label, earlier)
    return found


def _by_all_but_one(
    members: Sequence[TargetMember], labels: LabelRules
) -> Iterator[tuple[str, list[TargetMember]]]:
    """Yield groups of alerts that differ in one label alone, whose every value holds a digit."""
    # Pods that fail one after the other are different things, and people want to see which.
    kept = thing_labels(labels) | {"alertname", labels.severity.label}
    groups: dict[tuple[str, frozenset[tuple[str, str]]], list[TargetMember]] = {}
    for member in members:
        items = member.alert.labels.items()
        for name, value in items:
            if name not in kept and any(map(str.isdigit, value)):
                rest = frozenset(item for item in items if item[0] != name)
                groups.setdefault((name, rest), []).append(member)
    yield from ((name, group) for (name, _), group in groups.items())


def _are_values(members: Sequence[TargetMember], label: str) -> bool:
    """Return whether these follow each other rather as values of one thing than as the names of several."""
    texts = [member.alert.labels[label] for member in members]
    if not all(map(_is_number, texts)):
        return len(texts) >= MANY
    # A name may be a whole number, a small one most of all, but hardly a fraction or a percentage.
    if not all(map(str.isdecimal, texts)):
        return len(texts) >= CHURNING_FROM
    digits = min(map(len, texts))
    several = digits > 2 or (digits == 2 and _are_even(members))
    return len(texts) >= (SEVERAL if several else MANY)


def _are_even(values: Sequence[TargetMember]) -> bool:
    """Return whether about the same time lies between most of them: a rule may miss an evaluation."""
    gaps = [_gap(before, after) for before, after in pairwise(values) if not before.alert.firing]
    if not gaps:
        return False
    usual = median_low(gaps)
    even = sum(abs(gap - usual) <= EVEN_WITHIN_MS for gap in gaps)
    return 4 * even >= 3 * len(gaps)


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text) or _WITH_UNIT.fullmatch(text))


def _follow_each_other(values: Sequence[TargetMember]) -> bool:
    """Return whether each alert began when the one before ended; the last end but one may be due."""
    return all(
        _follows(before, after) or (before is values[-2] and before.alert.firing)
        for before, after in pairwise(values)
    )


def _follows(before: TargetMember, after: TargetMember) -> bool:
    alert = before.alert
    return not alert.firing and alert.ended_at is not None and abs(_gap(before, after)) <= LONGEST_GAP_MS


def _gap(before: TargetMember, after: TargetMember) -> int:
    """Return how long after the end of the one the other began (ms), by what their source said of the end."""
    said = [copy.ends_at for copy in before.alert.copies.values() if copy.ends_at is not None]
    return after.started_at - max(said, default=before.alert.ended_at or 0)


def without_earlier_values(
    members: Sequence[TargetMember], churns: Mapping[str, Churn]
) -> list[TargetMember]:
    over = {member.episode_id for churn in churns.values() for member in churn.earlier}
    return [member for member in members if member.episode_id not in over]
