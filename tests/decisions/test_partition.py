"""Partitions: where they live, and that alerts of different ones have nothing to do with each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.partition import HOME, partition_of, shard_of
from gateway.decisions.suppression.inhibit import Inhibitor
from gateway.model.rules.kinds import CorrelateRule, InhibitRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.rulebook import Rulebook
from tests.decisions.cases import alert
from tests.support.build import START, match


@pytest.mark.parametrize(
    ("partition", "shards", "shard"),
    [
        (("acme",), 8, 1),
        (("globex",), 8, 7),
        (("acme", "eu"), 8, 4),
        (("",), 8, HOME),
        ((), 8, HOME),
        (("acme",), 1, HOME),
    ],
)
def test_a_partition_has_the_same_shard_for_ever(partition: tuple[str, ...], shards: int, shard: int) -> None:
    assert shard_of(partition, shards) == shard


def test_partitions_are_spread_evenly() -> None:
    counts = [0] * 8
    for number in range(8000):
        counts[shard_of((f"tenant-{number}",), 8)] += 1
    assert min(counts) > 850


@given(st.lists(st.text(), min_size=1, max_size=3), st.integers(1, 256))
def test_every_partition_has_a_shard(partition: list[str], shards: int) -> None:
    assert 0 <= shard_of(partition, shards) < shards


def test_a_missing_label_is_the_empty_partition() -> None:
    assert partition_of({"alertname": "Down"}, ("tenant", "region")) == ("", "")


def test_alerts_of_different_partitions_never_meet_in_an_incident() -> None:
    correlator = Correlator(
        Rulebook(correlate=(CorrelateRule("all", BUILT_IN, by=("service",)),), partition_by=("tenant",))
    )
    keys = [
        correlator.placement(alert(service="pay", tenant=tenant), START).keys
        for tenant in ("acme", "acme", "globex")
    ]
    assert keys[0] == keys[1]
    assert not {*keys[0]} & {*keys[2]}


def test_alerts_of_different_partitions_never_inhibit_each_other() -> None:
    rule = InhibitRule("down", BUILT_IN, match('alertname="Down"'), match('alertname="Slow"'), ("cluster",))
    inhibitor = Inhibitor((rule,), ("tenant",))
    (watch,) = inhibitor.subscriptions({"alertname": "Slow", "cluster": "a", "tenant": "acme"})
    assert {*inhibitor.topics({"alertname": "Down", "cluster": "a", "tenant": "acme"})} & {*watch.topics}
    assert not {*inhibitor.topics({"alertname": "Down", "cluster": "a", "tenant": "globex"})} & {
        *watch.topics
    }
