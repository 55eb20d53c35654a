"""Inhibition over any rules and any alerts: the posts say the same as the documented sentence read out for
every pair.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.matchers import parse_matchers
from tests.support.inhibitions import Inhibition, Labels, kept_quiet

NAMES = ("a", "b", "c")
VALUES = ("", "1", "2", "\xff", '1"]')


def said(name: str, op: str, value: str) -> str:
    quoted = value.replace('"', '\\"')
    return f'{name}{op}"{quoted}"'


MATCHERS = st.builds(
    said, st.sampled_from(NAMES), st.sampled_from(["=", "!="]), st.sampled_from(VALUES)
) | st.builds(
    said, st.sampled_from(NAMES), st.sampled_from(["=~", "!~"]), st.sampled_from(["1|2", ".+", ".*", "1?"])
)
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "source_matchers": st.lists(MATCHERS, min_size=1, max_size=2),
            "target_matchers": st.lists(MATCHERS, min_size=1, max_size=2),
            "equal": st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
        }
    ),
    max_size=3,
)
LABELS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), min_size=1)


@st.composite
def inhibitions(draw: st.DrawFn) -> Inhibition:
    alerts = {
        f"alert-{number}": labels
        for number, labels in enumerate(draw(st.lists(LABELS, min_size=1, max_size=6)))
    }
    ended = draw(st.frozensets(st.sampled_from(sorted(alerts))))
    return Inhibition("", draw(RULES), alerts, ended=ended)


def holds(matchers: list[str], labels: Labels) -> bool:
    return all(one.matches(labels) for text in matchers for one in parse_matchers(text))


def as_documented(case: Inhibition, partition_by: Sequence[str]) -> set[str]:
    """Any source of its partition that fires; for a target that matches the source side too, one that does
    not match both.
    """
    firing = {name: labels for name, labels in case.alerts.items() if name not in case.ended}
    return {
        name
        for name, target in firing.items()
        for rule in case.rules
        for source in firing.values()
        if holds([*rule["target_matchers"]], target)
        and holds([*rule["source_matchers"]], source)
        and all(source.get(one, "") == target.get(one, "") for one in (*rule["equal"], *partition_by))
        and not (holds([*rule["source_matchers"]], target) and holds([*rule["target_matchers"]], source))
    }


PARTITIONS = st.lists(st.sampled_from(NAMES), max_size=2, unique=True)


@settings(max_examples=100)
@given(inhibitions(), PARTITIONS)
def test_exactly_those_are_kept_quiet_that_the_documents_say(
    case: Inhibition, partition_by: list[str]
) -> None:
    assert kept_quiet(case, partition_by) == as_documented(case, partition_by)


@pytest.mark.long(minutes=2)
@settings(max_examples=10_000)
@given(inhibitions(), PARTITIONS)
def test_exactly_those_are_kept_quiet_that_the_documents_say_at_length(
    case: Inhibition, partition_by: list[str]
) -> None:
    assert kept_quiet(case, partition_by) == as_documented(case, partition_by)
