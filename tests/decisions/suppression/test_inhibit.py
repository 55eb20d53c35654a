"""Inhibition: alerts enter topics as sources, and those that they keep quiet subscribe to the topics."""

from __future__ import annotations

import msgspec
import pytest

from gateway.model.alert import Alert
from gateway.model.topics import Topics
from tests.decisions.cases import alert
from tests.support.inhibitions import INHIBITIONS, Inhibition, compiled, kept_quiet, rule


@pytest.mark.parametrize("case", [pytest.param(one, id=one.says) for one in INHIBITIONS])
def test_who_is_kept_quiet(case: Inhibition) -> None:
    assert kept_quiet(case) == case.quiet


# The topics at which alerts are sources

SOURCE = {"alertname": "NodeDown", "node": "n1"}
RULES = [rule('alertname="NodeDown"', 'alertname!="NodeDown"', "node")]


def placed_at_topics(one: Alert, rules: list[dict[str, list[str]]], moves: Topics) -> Alert:
    return compiled(rules).move_to_topics(one, moves)


def test_a_source_comes_when_it_fires_stays_and_leaves_when_it_ends() -> None:
    came, stayed, left = Topics(), Topics(), Topics()
    source = placed_at_topics(alert("NodeDown", node="n1"), RULES, came)
    placed_at_topics(source, RULES, stayed)
    gone = placed_at_topics(msgspec.structs.replace(source, firing=False), RULES, left)
    assert came.add == left.remove == [(topic, source.id) for topic in source.topics] != []
    assert stayed == Topics()
    assert gone.topics == ()


def test_an_alert_that_is_nobodys_source_is_in_no_topic() -> None:
    moves = Topics()
    assert placed_at_topics(alert("Slow", node="n1"), RULES, moves).topics == ()
    assert moves == Topics()


def test_under_other_rules_it_leaves_the_old_topics_for_the_new_ones() -> None:
    before, moves = placed_at_topics(alert("NodeDown", node="n1", cluster="c"), RULES, Topics()), Topics()
    after = placed_at_topics(
        before, [rule('alertname="NodeDown"', 'alertname!="NodeDown"', "cluster")], moves
    )
    assert moves.remove == [(topic, before.id) for topic in before.topics]
    assert moves.add == [(topic, after.id) for topic in after.topics]
    assert {*before.topics}.isdisjoint(after.topics)


def test_without_rules_it_leaves_every_topic() -> None:
    before, moves = placed_at_topics(alert("NodeDown", node="n1"), RULES, Topics()), Topics()
    assert placed_at_topics(before, [], moves).topics == ()
    assert [topic for topic, _ in moves.remove] == [*before.topics]


def test_rules_that_mean_the_same_share_a_topic_whatever_they_are_called() -> None:
    inhibitor = compiled([*RULES, *RULES])
    assert len(inhibitor.topics(SOURCE)) == 1


def test_topics_are_the_same_in_every_process_and_for_every_order_of_rules() -> None:
    """Topics are stored, so a changed hash would orphan stored sources on upgrade."""
    other = rule('a="1"', 'b="1"')
    assert compiled([*RULES, other]).topics(SOURCE) == compiled([other, *RULES]).topics(SOURCE)
    assert compiled([rule('s="1"', 't="1"', "e")]).topics({"s": "1", "e": "f"}) == ("115f81bcd9916989",)
