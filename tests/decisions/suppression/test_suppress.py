"""What keeps a member from being notified: which of several reasons counts, by which rule, and until when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.policy import Policy
from gateway.model.alert import Alert
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

NIGHT = TimeInterval.parse({"times": [{"start_time": "00:00", "end_time": "09:00"}]})  # START is at 08:00
DOWN = alert("NodeDown", node="n1")
SLOW = alert("Slow", severity=Severity.WARNING, node="n1")
NODE_DOWN = InhibitRule(
    "node-down", BUILT_IN, match('alertname="NodeDown"'), match('severity=~"warning|info"'), ("node",)
)


def book(*inhibit: InhibitRule, **more: object) -> Rulebook:
    return replace(rulebook(), inhibit=inhibit or (NODE_DOWN,), intervals={"night": (NIGHT,)}, **more)


def verdict(
    one: Alert, *, rules: Rulebook | None = None, sources: tuple[Alert, ...] = (), at: int = 0, **more: object
) -> Verdict | None:
    """Return the verdict on `one`, which joined when it started, while `sources` fire."""
    policy = Policy(rules or book())
    suppressor = policy.suppressor
    standing = {topic: source for source in sources for topic in suppressor.inhibitor.topics(source.labels)}
    snapshot = IncidentSnapshot(incident(one, **more), {one.episode_id: one}, {}, topic_sources=standing)
    return suppressor.verdict(snapshot, snapshot.incident.members[0], one, named=False, now=START + at)


def with_wait(wait: int, **more: object) -> InhibitRule:
    return replace(NODE_DOWN, wait=wait, **more)


def test_an_inhibited_alert_names_the_rule_with_its_place_and_the_source() -> None:
    assert verdict(SLOW, sources=(DOWN,)) == Verdict(
        MemberStatus.SUPPRESSED, Reason.INHIBITED, "node-down (built-in)", None, "NodeDown fires"
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


def test_a_target_is_held_for_a_late_source_counted_from_its_join() -> None:
    waits = book(with_wait(20 * SECOND))
    assert verdict(SLOW, rules=waits) == Verdict(
        MemberStatus.HELD, Reason.INHIBIT_WAIT, "node-down (built-in)", START + 20 * SECOND
    )
    assert verdict(SLOW, rules=waits, at=20 * SECOND) is None


def test_of_several_waits_the_longest_counts() -> None:
    waits = book(
        with_wait(20 * SECOND), with_wait(50 * SECOND, name="longer"), with_wait(30 * SECOND, name="between")
    )
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


def test_a_critical_alert_is_not_held_longer_than_longest_hold() -> None:
    critical = book(with_wait(HOUR, target=match('alertname="Slow"')))
    slow = alert("Slow", node="n1")
    held, free = (planned(slow, at=at, rules=critical).views["chat"] for at in (5 * MINUTE - 1, 5 * MINUTE))
    assert [
        member.suppressed_by.reason if member.suppressed_by else None
        for member in (*held.members, *free.members)
    ] == [
        Reason.INHIBIT_WAIT,
        None,
    ]


def test_what_is_routed_nowhere_is_unrouted_and_waits_for_no_source() -> None:
    nowhere = replace(book(with_wait(MINUTE)), routes=(), roots=())
    assert {one.reason for one in planned(SLOW, rules=nowhere).untargeted.values()} == {Reason.UNROUTED}
