"""Fold the alerts of a label whose value churns, such as a measured value that a rule puts into it: each value
is another alert.

For people all these are one alert, which fires on. They see the newest value, and how many there were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from gateway.decisions.delivery.thing import thing_labels
from gateway.decisions.notification.view import TargetMember
from gateway.model.durations import MINUTE, ordinal
from gateway.model.rules.rulebook import LabelRules

CHURNING_FROM = 3  # measured values: two may be two things
SEVERAL = 5  # whole numbers of two digits and more, which a few shards may have too
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
        if _are_values([member.alert.labels[label] for member in values]) and _follow_each_other(values):
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


def _are_values(texts: Sequence[str]) -> bool:
    """Return whether these are rather values of one thing than the names of several."""
    if not all(map(_is_number, texts)):
        return len(texts) >= MANY
    # A name may be a whole number, a small one most of all, but hardly a fraction or a percentage.
    if not all(map(str.isdecimal, texts)):
        return len(texts) >= CHURNING_FROM
    return len(texts) >= (SEVERAL if min(map(len, texts)) > 1 else MANY)


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text) or _WITH_UNIT.fullmatch(text))


def _follow_each_other(values: Sequence[TargetMember]) -> bool:
    """Return whether each alert began when the one before ended; the last end but one may be due."""
    return all(
        _follows(before, after) or (before is values[-2] and before.alert.firing)
        for before, after in pairwise(values)
    )


def _follows(before: TargetMember, after: TargetMember) -> bool:
    ended_at = before.alert.ended_at
    return (
        not before.alert.firing
        and ended_at is not None
        and abs(after.started_at - ended_at) <= LONGEST_GAP_MS
    )


def without_earlier_values(
    members: Sequence[TargetMember], churns: Mapping[str, Churn]
) -> list[TargetMember]:
    over = {member.episode_id for churn in churns.values() for member in churn.earlier}
    return [member for member in members if member.episode_id not in over]
