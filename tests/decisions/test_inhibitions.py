"""Inhibition: where alerts stand, where those that they keep quiet watch for them, and what is decided of it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.policy import Policy
from gateway.model.alert import Alert
from gateway.model.changes import Topics
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.rules.kinds import InhibitRule, Maintenance
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Hours
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.time_intervals import TimeInterval
from gateway.model.verdict import MemberStatus, Reason, Verdict
from tests.decisions.cases import alert, closed, incident, planned
from tests.support.build import START, match, rulebook
from tests.support.inhibitions import INHIBITIONS, Inhibition, compiled, kept_quiet, rule


@pytest.mark.parametrize("snapshot", [pytest.param(one, id=one.says) for one in INHIBITIONS])
def test_who_is_kept_quiet(snapshot: Inhibition) -> None:
    assert kept_quiet(snapshot) == snapshot.quiet


# Where alerts stand

SOURCE = {"alertname": "NodeDown", "node": "n1"}
RULES = [rule('alertname="NodeDown"', 'alertname!="NodeDown"', "node")]


def stood(one: Alert, rules: list[dict[str, list[str]]], moves: Topics) -> Alert:
    return compiled(rules).place(one, moves)


def test_a_source_comes_when_it_fires_stays_and_leaves_when_it_ends() -> None:
    came, stayed, left = Topics(), Topics(), Topics()
    source = stood(alert("NodeDown", node="n1"), RULES, came)
    stood(source, RULES, stayed)
    gone = stood(msgspec.structs.replace(source, firing=False), RULES, left)
    assert came.add == left.remove == [(topic, source.id) for topic in source.topics] != []
    assert stayed == Topics()
    assert gone.topics == ()


def test_an_alert_that_is_nobodys_source_stands_nowhere() -> None:
    moves = Topics()
    assert stood(alert("Slow", node="n1"), RULES, moves).topics == ()
    assert moves == Topics()


def test_under_other_rules_it_leaves_the_old_posts_for_the_new_ones() -> None:
    before, moves = stood(alert("NodeDown", node="n1", cluster="c"), RULES, Topics()), Topics()
    after = stood(before, [rule('alertname="NodeDown"', 'alertname!="NodeDown"', "cluster")], moves)
    assert moves.remove == [(topic, before.id) for topic in before.topics]
    assert moves.add == [(topic, after.id) for topic in after.topics]
    assert {*before.topics}.isdisjoint(after.topics)


def test_without_rules_it_leaves_every_post() -> None:
    before, moves = stood(alert("NodeDown", node="n1"), RULES, Topics()), Topics()
    assert stood(before, [], moves).topics == ()
    assert [topic for topic, _ in moves.remove] == [*before.topics]


def test_rules_that_mean_the_same_share_a_post_whatever_they_are_called() -> None:
    inhibitor = compiled([*RULES, *RULES])
    assert len(inhibitor.topics(SOURCE)) == 1


def test_posts_are_the_same_in_every_process_and_for_every_order_of_rules() -> None:
    """They are kept in the store: another value would leave sources behind at each update."""
    other = rule('a="1"', 'b="1"')
    assert compiled([*RULES, other]).topics(SOURCE) == compiled([other, *RULES]).topics(SOURCE)
    assert compiled([rule('s="1"', 't="1"', "e")]).topics({"s": "1", "e": "f"}) == ("115f81bcd9916989",)


# What is decided of it

NIGHT = TimeInterval.parse({"times": [{"start_time": "00:00", "end_time": "09:00"}]})  # START is at 08:00
DOWN = alert("NodeDown", node="n1")
SLOW = alert("Slow", severity=Severity.WARNING, node="n1")
NODE_DOWN = InhibitRule("node-down", BUILT_IN, match('alertname="NodeDown"'), match('severity=~"warning|info"'), ("node",))


def book(*inhibit: InhibitRule, **more: object) -> Rulebook:
    return replace(rulebook(), inhibit=inhibit or (NODE_DOWN,), intervals={"night": (NIGHT,)}, **more)


def verdict(
    one: Alert, *, rules: Rulebook | None = None, sources: tuple[Alert, ...] = (), at: int = 0, **more: object
) -> Verdict | None:
    """Of an alert that joined when it started, while these others fire."""
    policy = Policy(rules or book())
    suppressor = policy.suppressor
    standing = {topic: source for source in sources for topic in suppressor.inhibitor.topics(source.labels)}
    snapshot = IncidentSnapshot(incident(one, **more), {one.episode_id: one}, {}, standing=standing)
    return suppressor.verdict(snapshot, snapshot.incident.members[0], one, named=False, now=START + at)


def with_wait(wait: int, **more: object) -> InhibitRule:
    return replace(NODE_DOWN, wait=wait, **more)


def test_an_inhibited_alert_names_the_rule_with_its_place_and_the_source() -> None:
    assert verdict(SLOW, sources=(DOWN,)) == Verdict(
        MemberStatus.SUPPRESSED, Reason.INHIBITED, "node-down (built-in)", 0, "NodeDown fires"
    )


def test_without_a_source_nothing_is_decided() -> None:
    assert verdict(SLOW) is None


def test_an_alert_that_ended_is_not_inhibited() -> None:
    assert verdict(alert("Slow", severity=Severity.WARNING, node="n1", ended=0), sources=(DOWN,)) is None


def test_out_of_its_hours_a_rule_inhibits_nobody_and_within_them_it_says_until_when() -> None:
    by_night = book(with_wait(0, hours=Hours(("night",))))
    found = verdict(SLOW, rules=by_night, sources=(DOWN,))
    assert found is not None
    assert found.until == START + HOUR
    assert verdict(SLOW, rules=by_night, sources=(DOWN,), at=HOUR) is None


def test_it_waits_for_a_late_source_from_when_it_joined_and_says_until_when() -> None:
    waits = book(with_wait(20 * SECOND))
    assert verdict(SLOW, rules=waits) == Verdict(
        MemberStatus.HELD, Reason.INHIBIT_WAIT, "node-down (built-in)", START + 20 * SECOND
    )
    assert verdict(SLOW, rules=waits, at=20 * SECOND) is None


def test_of_several_waits_the_longest_counts() -> None:
    waits = book(with_wait(20 * SECOND), with_wait(50 * SECOND, name="longer"), with_wait(30 * SECOND, name="between"))
    found = verdict(SLOW, rules=waits)
    assert found is not None
    assert (found.rule, found.until) == ("longer (built-in)", START + 50 * SECOND)


def test_a_source_of_a_later_rule_goes_before_the_wait_of_an_earlier_one() -> None:
    other = with_wait(0, name="other", source=match('alertname="RackDown"'))
    found = verdict(SLOW, rules=book(with_wait(MINUTE), other), sources=(alert("RackDown", node="n1"),))
    assert found is not None
    assert (found.reason, found.rule) == (Reason.INHIBITED, "other (built-in)")


def test_an_inhibition_goes_before_a_dispute_and_a_dispute_before_a_wait() -> None:
    disputed = alert("Slow", severity=Severity.WARNING, node="n1", held=30_000)
    inhibited = verdict(disputed, sources=(DOWN,))
    held = verdict(disputed, rules=book(with_wait(MINUTE)))
    assert inhibited is not None
    assert held is not None
    assert (inhibited.reason, held.reason) == (Reason.INHIBITED, Reason.DISPUTED)


@pytest.mark.parametrize(
    ("more", "work", "reason"),
    [
        pytest.param({"closed": closed(at=1)}, (), Reason.CLOSED_BY_HAND, id="closed by hand"),
        pytest.param({}, (Maintenance("up", BUILT_IN, match('node="n1"'), START - 1, START + HOUR),), Reason.MAINTENANCE, id="in maintenance"),
    ],
)  # fmt: skip
def test_what_people_did_goes_before_what_the_gateway_infers(
    more: dict[str, object], work: tuple[Maintenance, ...], reason: Reason
) -> None:
    found = verdict(SLOW, rules=book(maintenance=work), sources=(DOWN,), at=2, **more)
    assert found is not None
    assert found.reason is reason


def test_a_critical_alert_is_not_waited_for_beyond_longest_hold() -> None:
    critical = book(with_wait(HOUR, target=match('alertname="Slow"')))
    slow = alert("Slow", node="n1")
    held, free = (planned(slow, at=at, rules=critical).views["chat"] for at in (5 * MINUTE - 1, 5 * MINUTE))
    assert [member.suppressed_by.reason if member.suppressed_by else None for member in (*held.members, *free.members)] == [
        Reason.INHIBIT_WAIT,
        None,
    ]


def test_what_is_routed_nowhere_is_unrouted_and_waits_for_no_source() -> None:
    nowhere = replace(book(with_wait(MINUTE)), routes=(), roots=())
    assert {one.reason for one in planned(SLOW, rules=nowhere).untargeted.values()} == {Reason.UNROUTED}
