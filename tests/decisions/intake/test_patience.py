"""How long the plan of a join may wait: only where it is proven to be no more than an update."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.patience import SMALL
from gateway.model.alert import Alert, Copy
from gateway.model.durations import MINUTE, SECOND
from gateway.model.fingerprint import identity
from gateway.model.incident import Acknowledgement, Closure, Heard, Incident, UnheardAlert
from gateway.model.members import Member
from gateway.model.rule_generation import RuleGeneration
from gateway.model.rules.kinds import InhibitRule, Watchdog
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Condition, EscalationStep, PageWhen, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from tests.support.build import START, match, rulebook, slack

TOLD = Heard(Severity.WARNING, told=True, paged=False)
PAGED = Heard(Severity.WARNING, told=True, paged=True)
NOT_PAGED = Heard(Severity.ERROR, told=False, paged=False)
CHAT = Route("chat", BUILT_IN, notify=("chat",))
BOTH = Route("both", BUILT_IN, notify=("chat",), page=("pager",))
NEWEST = RuleGeneration(3, "test", START)


def alert(severity: Severity = Severity.WARNING, /, **more: Any) -> Alert:
    labels = {"alertname": "Slow", "pod": "p1"}
    copies = {"all/1": Copy(True, START)}
    whole = Alert(
        identity(labels), labels, {}, severity, copies, 1, True, START, None, None, "", START, "all/1", ""
    )
    return msgspec.structs.replace(whole, **more)


def incident(**more: Any) -> Incident:
    members = tuple(Member(f"a{number}", 1, START) for number in range(100))
    whole = {"heard": {"chat": TOLD}, "heard_by": 3, **more}
    return Incident("i", START, "", members, (), 5, 100, START, START, **whole)


def wait(
    joins: Alert,
    to: Incident,
    rules: Rulebook | None = None,
    members: int = 100,
    newest: RuleGeneration = NEWEST,
) -> int:
    return Correlator(rules or rulebook(CHAT)).patience.wait(joins, to, members, newest, START, START)


@pytest.mark.parametrize(("members", "milliseconds"), [(SMALL, 0), (50, 100), (100, 200), (500, 1_000), (5_000, 1_000)])  # fmt: skip
def test_a_join_waits_two_milliseconds_a_member_and_a_second_at_most(members: int, milliseconds: int) -> None:
    assert wait(alert(), incident(), members=members) == milliseconds


def test_a_join_waits_no_longer_than_the_updates_of_its_route() -> None:
    assert wait(alert(), incident(), rulebook(replace(CHAT, update_interval=150))) == 150
    assert wait(alert(), incident(), rulebook(replace(CHAT, update_interval=0))) == 0


def told(ago: int, interval: int = 30 * SECOND) -> Heard:
    """What chat has heard, the last of it `ago` (ms)."""
    return Heard(Severity.WARNING, told=True, paged=False, notified_at=START - ago, update_interval=interval)


@pytest.mark.parametrize(
    ("ago", "members", "milliseconds"),
    [
        pytest.param(0, 400, 5_000, id="five seconds at most"),
        pytest.param(0, 100, 2_500, id="25 ms a member"),
        pytest.param(0, SMALL, 0, id="a small incident is planned at once"),
        pytest.param(25 * SECOND, 400, 4_000, id="until a second before the update may be sent"),
        pytest.param(28_500, 400, 800, id="no less than a join waits that may be told at any time"),
        pytest.param(MINUTE, 400, 800, id="an update may be sent at any time"),
    ],
)
def test_between_two_updates_a_join_waits_for_longer(ago: int, members: int, milliseconds: int) -> None:
    assert wait(alert(), incident(heard={"chat": told(ago)}), members=members) == milliseconds


def test_of_two_intervals_between_updates_the_shorter_one_counts() -> None:
    known = incident(heard={"chat": told(0)})
    assert wait(alert(), known, rulebook(replace(CHAT, update_interval=4 * SECOND)), members=400) == 3_000
    known = incident(heard={"chat": told(0, 4 * SECOND)})
    assert wait(alert(), known, members=400) == 3_000


def test_a_join_waits_no_longer_than_until_the_first_update_of_all_its_targets() -> None:
    paged = msgspec.structs.replace(PAGED, notified_at=START - 25 * SECOND, update_interval=30 * SECOND)
    known = incident(heard={"chat": told(0), "pager": paged})
    assert wait(alert(), known, rulebook(BOTH), members=400) == 4_000


def test_a_target_that_its_route_would_only_page_and_does_not_gets_no_updates() -> None:
    known = incident(heard={"chat": told(0), "pager": NOT_PAGED})
    assert wait(alert(), known, when(CRITICAL), members=400) == 5_000


def test_a_join_by_a_route_that_escalates_waits_for_a_second_at_most() -> None:
    escalates = replace(CHAT, escalate=(EscalationStep(MINUTE, notify=("chat",)),))
    assert wait(alert(), incident(heard={"chat": told(0)}), rulebook(escalates), members=400) == 800


SOURCE = InhibitRule("cause", BUILT_IN, match('pod="p1"'), match('alertname="Other"'))
HEARTBEAT = Watchdog("alive", BUILT_IN, match('alertname="Slow"'), MINUTE, "all")


@pytest.mark.parametrize(
    ("joins", "to", "rules"),
    [
        pytest.param(alert(Severity.CRITICAL), incident(heard={"chat": Heard(Severity.CRITICAL, told=True, paged=True)}), None, id="critical"),
        pytest.param(alert(Severity.ERROR), incident(), None, id="worse than what was told"),
        pytest.param(alert(held_until=START + 1), incident(), None, id="disputed"),
        pytest.param(alert(spoken_by="gateway/1"), incident(), None, id="one of our own"),
        pytest.param(alert(), incident(), replace(rulebook(CHAT), inhibit=(SOURCE,)), id="it inhibits others"),
        pytest.param(alert(), incident(), replace(rulebook(CHAT), watchdogs={"alive": HEARTBEAT}), id="a heartbeat"),
        pytest.param(alert(), incident(heard={}), None, id="nobody was told"),
        pytest.param(alert(), incident(), rulebook(BOTH), id="one of its targets is unknown"),
        pytest.param(alert(), incident(), rulebook(replace(CHAT, match=match('pod="p2"'))), id="no route takes it"),
        pytest.param(alert(), incident(), rulebook(CHAT, destinations=(slack(channel="#{team}", allow=frozenset({"a"})),)), id="its channel may not be named"),
        pytest.param(alert(), incident(heard={"chat": TOLD, "pager": TOLD}), rulebook(BOTH), id="its route pages where nobody was paged"),
        pytest.param(alert(), incident(heard={"chat": NOT_PAGED}), None, id="told where others only page"),
        pytest.param(alert(), incident(closed=Closure("ann", START, START + 1, Severity.WARNING)), None, id="closed by hand"),
        pytest.param(alert(), incident(acknowledged=Acknowledgement("ann", START, Severity.INFO)), None, id="worse than what was acknowledged"),
        pytest.param(alert(), incident(unheard=(UnheardAlert("Slow", "dead_letter", "", 1),)), None, id="somebody could not be told"),
        pytest.param(alert(), incident(heard_by=2), None, id="planned by older rules"),
    ],
)  # fmt: skip
def test_whatever_may_be_more_than_an_update_is_planned_at_once(
    joins: Alert, to: Incident, rules: Rulebook | None
) -> None:
    assert wait(joins, to, rules) == 0


def test_a_replica_with_other_rules_than_the_newest_waits_for_nothing() -> None:
    assert wait(alert(), incident(), newest=RuleGeneration(3, "other", START)) == 0


def when(*conditions: Condition) -> Rulebook:
    return rulebook(replace(BOTH, page_when=PageWhen(conditions=conditions)))


CRITICAL, ANY_TWO = Condition(severity=Severity.CRITICAL), Condition(alerts=2)


@pytest.mark.parametrize(
    ("pager", "rules", "waits"),
    [
        pytest.param(PAGED, when(), True, id="who was paged stays paged"),
        pytest.param(PAGED, when(ANY_TWO), True, id="who was paged stays paged, by whatever condition"),
        pytest.param(NOT_PAGED, when(CRITICAL), True, id="no alert that waits is bad enough to page"),
        pytest.param(NOT_PAGED, when(), False, id="everything pages"),
        pytest.param(NOT_PAGED, when(ANY_TWO), False, id="the number of alerts may page"),
        pytest.param(NOT_PAGED, when(CRITICAL, ANY_TWO), False, id="one of the conditions may"),
        pytest.param(NOT_PAGED, when(Condition(severity=Severity.ERROR)), False, id="one that waits may be bad enough for this route"),
    ],
)  # fmt: skip
def test_a_route_that_pages_waits_only_where_it_cannot_page_by_this(
    pager: Heard, rules: Rulebook, waits: bool
) -> None:
    assert (wait(alert(), incident(heard={"chat": TOLD, "pager": pager}), rules) > 0) is waits
