"""Correlate: which alerts are one incident, by labels, time and size, and what a new incident goes on from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.intake.correlate import (
    CHAIN_KEPT,
    KEY_DEPTH,
    RECURS_WITHIN_MS,
    Choice,
    Correlator,
    Placement,
    announce,
    choose,
    counted_values,
    incident_id,
    named_incidents,
    takes,
)
from gateway.model.alert import Alert
from gateway.model.durations import MINUTE, SECOND
from gateway.model.fingerprint import identity
from gateway.model.incident import Closure, Incident
from gateway.model.members import Member
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.severity import Severity
from tests.support.build import START, match, rulebook, seen
from tests.support.world import World

BY_SERVICE = CorrelateRule("by-service", BUILT_IN, by=("cluster", "service"))
LATER = START + MINUTE


def alert(alertname: str = "Down", /, **labels: str) -> Alert:
    full = {"alertname": alertname, **labels}
    return Alert(
        identity(full), full, {}, Severity.WARNING, {}, 1, True, START, None, None, "", START, "", ""
    )


def incident(name: str = "a", /, members: int = 1, **more: Any) -> Incident:
    inside = tuple(Member(f"{name}{number}", 1, START) for number in range(members))
    whole = {"opened_at": START, "last_new_at": START, "last_change_at": START, **more}
    return Incident(id=name, rule="", members=inside, keys=(), revision=1, firing=members, **whole)


def placed(one: Alert, *rules: CorrelateRule) -> Placement:
    return Correlator(rulebook(correlate=rules)).placement(one, 0)


def together(one: Alert, other: Alert, *rules: CorrelateRule) -> bool:
    return bool({*placed(one, *rules).keys} & {*placed(other, *rules).keys})


def chosen(
    rule: CorrelateRule, *candidates: Incident, own: str = "", now: int = LATER, **labels: str
) -> Choice:
    return choose(placed(alert(**labels), rule), own, candidates, now)


BY_TEAM = CorrelateRule("by-team", BUILT_IN, by=("team",))
ALONE = CorrelateRule("alone", BUILT_IN, by=("...",))
STOPPED = replace(BY_SERVICE, stop_values={"service": frozenset({"", "unknown"})})


@pytest.mark.parametrize(
    ("rule", "one", "other", "same"),
    [
        pytest.param(BY_SERVICE, alert("A", cluster="eu", service="pay"), alert("B", cluster="eu", service="pay"), True, id="other labels do not matter"),
        pytest.param(BY_SERVICE, alert(cluster="eu", service="pay"), alert(cluster="us", service="pay"), False, id="every label of the rule does"),
        pytest.param(BY_SERVICE, alert("A", service="pay"), alert("B", service="pay", cluster=""), True, id="a missing label is an empty one"),
        pytest.param(BY_SERVICE, alert("A"), alert("B"), True, id="also when all of them are missing"),
        pytest.param(BY_SERVICE, alert(cluster="a", service="b"), alert(cluster="b", service="a"), False, id="a value belongs to its label"),
        pytest.param(BY_SERVICE, alert(cluster="ab", service=""), alert(cluster="a", service="b"), False, id="a value ends where it ends"),
        pytest.param(BY_SERVICE, alert(cluster="xþserviceÿy"), alert(cluster="x", service="yþserviceÿ"), False, id="no letter parts two values"),
        pytest.param(ALONE, alert("A", service="pay"), alert("B", service="pay"), False, id="three dots are all labels"),
        pytest.param(ALONE, alert("A", service="pay"), alert("A", service="pay"), True, id="by all labels an alert meets itself"),
        pytest.param(STOPPED, alert("A", service="unknown"), alert("B", service="unknown"), False, id="a stop value glues no strangers"),
        pytest.param(STOPPED, alert("A"), alert("B"), False, id="nor does a missing label where the empty value stops"),
        pytest.param(STOPPED, alert("A", service="pay"), alert("B", service="pay"), True, id="other values of that label do"),
        pytest.param(STOPPED, alert("A", service="unknown"), alert("A", service="unknown"), True, id="behind a stop value an alert meets itself"),
    ],
)  # fmt: skip
def test_which_alerts_are_placed_together(rule: CorrelateRule, one: Alert, other: Alert, same: bool) -> None:
    assert together(one, other, rule) is same


def test_the_first_rule_that_matches_places_it() -> None:
    rules = (replace(BY_TEAM, match=match('env="prod"')), BY_SERVICE)
    assert placed(alert(env="prod"), *rules).rule == rules[0]
    assert placed(alert(env="test"), *rules).rule == rules[1]


def test_alerts_of_different_rules_do_not_meet() -> None:
    rules = (replace(BY_TEAM, match=match('env="prod"')), replace(BY_TEAM, name="rest"))
    assert not together(alert(env="prod", team="a"), alert(env="test", team="a"), *rules)


@pytest.mark.parametrize(
    ("labels", "same"),
    [
        pytest.param({"job": "node", "instance": "b"}, True, id="anything else may differ"),
        pytest.param({"cluster": "us"}, False, id="the cluster"),
        pytest.param({"namespace": "b"}, False, id="the namespace"),
        pytest.param({"service": "search"}, False, id="the service"),
        pytest.param({"alertname": "Up"}, False, id="the name"),
    ],
)
def test_without_a_rule_name_cluster_namespace_and_service_make_an_incident(
    labels: dict[str, str], same: bool
) -> None:
    usual = {"alertname": "Down", "cluster": "eu", "namespace": "a", "service": "pay"}
    other = {**usual, **labels}
    assert together(alert(usual.pop("alertname"), **usual), alert(other.pop("alertname"), **other)) is same


def test_without_a_rule_the_window_is_ten_minutes() -> None:
    assert placed(alert()).rule.window == 10 * MINUTE


values = st.text(max_size=3) | st.sampled_from(["þ", "ÿ", "\xfeservice\xff", "\ud800"])


@given(first=st.tuples(values, values), second=st.tuples(values, values))
def test_alerts_are_together_exactly_where_all_values_are_equal(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    one, other = (
        Alert(name, dict(zip(("cluster", "service"), pair, strict=True)), {}, Severity.INFO, {}, 1, True, START, None, None, "", 0, "", "")
        for name, pair in (("one", first), ("other", second))
    )  # fmt: skip
    assert together(one, other, BY_SERVICE) is (first == second)


@pytest.mark.parametrize(
    ("window", "age", "joins"),
    [
        pytest.param(10 * MINUTE, 0, True, id="at once"),
        pytest.param(10 * MINUTE, 10 * MINUTE, True, id="within the window"),
        pytest.param(10 * MINUTE, 10 * MINUTE + 1, False, id="after the window"),
        pytest.param(
            None, 30 * 24 * 60 * MINUTE, True, id="an omitted window is as long as the incident is open"
        ),
    ],
)
def test_the_window_counts_from_the_last_new_alert(window: int | None, age: int, joins: bool) -> None:
    old = incident(opened_at=START - 600 * MINUTE, last_new_at=START, last_change_at=START + age)
    rule = replace(BY_SERVICE, window=window)
    assert (chosen(rule, old, now=START + age).incident == "a") is joins


def test_an_alert_without_candidates_opens_an_incident_that_names_none() -> None:
    assert chosen(BY_SERVICE) == Choice("")


def test_the_alert_after_max_alerts_opens_a_new_incident_that_names_the_full_one() -> None:
    rule = replace(BY_SERVICE, max_alerts=2)
    assert chosen(rule, incident(members=1)) == Choice("a")
    assert chosen(rule, incident(members=2)) == Choice("", previous="a", continues=("a",))


def test_beside_a_full_incident_the_next_one_is_joined() -> None:
    rule = replace(BY_SERVICE, max_alerts=2)
    assert chosen(rule, incident("full", members=2, last_new_at=LATER), incident("next")) == Choice("next")


def test_an_alert_that_fires_again_returns_to_its_full_incident() -> None:
    rule = replace(BY_SERVICE, max_alerts=2)
    assert chosen(rule, incident(members=2), own="a") == Choice("a")


def test_an_alert_that_fires_again_returns_to_its_open_incident_however_late() -> None:
    assert chosen(BY_SERVICE, incident("own"), incident("newer", last_new_at=START + 600 * MINUTE), own="own",
                  now=START + 600 * MINUTE) == Choice("own")  # fmt: skip


RESOLVED: dict[str, Any] = {"resolved_at": START + SECOND}
CLOSED: dict[str, Any] = {"closed": Closure("@ada", START, START + 60 * MINUTE, Severity.CRITICAL)}


@pytest.mark.parametrize(
    "own", [pytest.param("a", id="that fires again"), pytest.param("", id="that is new")]
)
@pytest.mark.parametrize(
    "ended", [pytest.param(RESOLVED, id="resolved"), pytest.param(CLOSED, id="closed by hand")]
)
def test_an_incident_that_is_over_takes_no_alert_and_is_named_by_the_next(
    ended: dict[str, Any], own: str
) -> None:
    rule = replace(BY_SERVICE, window=None)
    assert not takes(incident(**ended), placed(alert(), rule), own, LATER)
    assert chosen(rule, incident(**ended), own=own).previous == "a"


def test_an_alert_that_fires_again_after_its_incident_ended_names_that_one_of_several() -> None:
    ended = [
        incident(name, resolved_at=START + at, last_change_at=START + at) for at, name in enumerate("abc")
    ]
    assert chosen(BY_SERVICE, *ended, own="a") == Choice("", previous="a", recurs=1, recurs_since=START)
    assert chosen(BY_SERVICE, *ended) == Choice("", previous="c")


def test_an_alert_whose_incident_ended_joins_an_open_one_of_its_kind() -> None:
    assert chosen(BY_SERVICE, incident("own", **RESOLVED), incident("open"), own="own") == Choice("open")


FEW = replace(BY_SERVICE, max_values={"instance": 2})
TWO: dict[str, Any] = {"values": {"instance": ("a", "b")}}


@pytest.mark.parametrize(
    ("rule", "candidate", "choice"),
    [
        pytest.param(FEW, incident(values={"instance": ("a",)}), Choice("a"), id="up to the limit values are merged"),
        pytest.param(FEW, incident(**TWO), Choice("", "a", f"{BY_SERVICE.described} merges no more: 2 values of instance"), id="the value after the limit is let through on its own"),
        pytest.param(FEW, incident(values={"instance": ("b", "c")}), Choice("a"), id="a known value is no new one"),
        pytest.param(FEW, incident(values={"pod": ("a", "b", "d")}), Choice("a"), id="values of other labels are not counted"),
        pytest.param(BY_SERVICE, incident(**TWO), Choice("a"), id="without a limit nothing is counted"),
        pytest.param(FEW, incident(**TWO, **RESOLVED), Choice("", "a"), id="a resolved incident limits nobody"),
        pytest.param(FEW, incident(**TWO, **CLOSED), Choice("", "a"), id="one closed by hand limits nobody"),
        pytest.param(FEW, incident(**TWO, last_new_at=START - 60 * MINUTE), Choice("", "a"), id="one whose window is over limits nobody"),
    ],
)  # fmt: skip
def test_max_values_stops_merging(rule: CorrelateRule, candidate: Incident, choice: Choice) -> None:
    assert chosen(rule, candidate, instance="c") == choice


def test_an_alert_beyond_max_values_returns_to_its_own_incident() -> None:
    candidates = (incident("many", **TWO), incident("own", values={"instance": ("c",)}))
    assert chosen(FEW, *candidates, own="own", instance="c") == Choice("own")


def test_each_value_is_counted_once() -> None:
    first = counted_values({}, placed(alert(instance="a"), FEW))
    again = counted_values(first, placed(alert("Other", instance="a"), FEW))
    assert again == first == {"instance": ("a",)}
    assert counted_values(again, placed(alert(instance="b"), FEW)) == {"instance": ("a", "b")}


@pytest.mark.parametrize(
    "worse",
    [
        pytest.param(
            incident("b", last_new_at=START - 1, opened_at=START + 5), id="the latest new alert wins"
        ),
        pytest.param(incident("b", opened_at=START - 1), id="then the one opened last"),
        pytest.param(incident("A"), id="then the greater id"),
    ],
)
def test_ties_are_broken(worse: Incident) -> None:
    assert chosen(BY_SERVICE, worse, incident("a")) == chosen(BY_SERVICE, incident("a"), worse) == Choice("a")


moments = st.integers(0, 2).map(lambda minute: START + minute * MINUTE)
incidents = st.builds(
    incident, st.sampled_from("abcdef"), st.integers(1, 3), opened_at=moments, last_new_at=moments, last_change_at=moments,
    resolved_at=st.just(0) | moments, closed=st.none() | st.just(CLOSED["closed"]), values=st.sampled_from([{}, TWO["values"]]),
)  # fmt: skip
crowds = st.lists(incidents, max_size=6, unique_by=lambda one: one.id)


@given(crowd=crowds, own=st.sampled_from(["", "a", "b"]), data=st.data())
def test_the_choice_is_one_of_those_that_take_it_and_does_not_see_their_order(
    crowd: list[Incident], own: str, data: st.DataObject
) -> None:
    rule = replace(FEW, max_alerts=2, window=MINUTE)
    placement = placed(alert(instance="c"), rule)
    choice = choose(placement, own, crowd, LATER)
    assert choose(placement, own, data.draw(st.permutations(crowd)), LATER) == choice
    open_to_it = {one.id for one in crowd if takes(one, placement, own, LATER)}
    assert (choice.incident in open_to_it) if open_to_it else choice.incident == ""
    assert bool(choice.previous) is (bool(crowd) and not open_to_it)


def test_an_episode_opens_at_most_one_incident_and_no_other_opens_the_same() -> None:
    lives = [
        msgspec.structs.replace(alert(instance=str(at)), episode=life) for at in range(100) for life in (1, 2)
    ]
    found = {incident_id(one) for one in lives}
    assert len(found) == len(lives)
    assert incident_id(alert()) == incident_id(alert())
    assert all(len(one) == 12 and one.isalnum() for one in found)


def test_a_key_remembers_the_newest_incidents_first_each_once_and_not_all() -> None:
    row = ""
    for name in ["a", "b", "a", *(str(number) for number in range(KEY_DEPTH)), "b"]:
        row = announce(name, named_incidents(row))
    newest = named_incidents(row)
    assert newest[:2] == ("b", str(KEY_DEPTH - 1))
    assert len(newest) == len(set(newest)) == KEY_DEPTH


# What follows is said of whole incidents: the alerts come in, time passes.

QUIET = Route("everything", BUILT_IN, notify=("chat",), group_wait=0, resolve_after=5 * MINUTE)


def world(*rules: CorrelateRule) -> World:
    return World(rulebook(QUIET, correlate=rules))


async def test_a_re_fire_within_resolve_after_goes_on_in_the_same_incident() -> None:
    here = world()
    await here.webhook(seen())
    await here.until(MINUTE)
    await here.webhook(seen(ends=MINUTE))
    await here.until(3 * MINUTE)
    await here.webhook(seen(at=3 * MINUTE))
    (one,) = here.incidents
    assert (one.firing, one.resolved_at, len(one.members)) == (1, None, 2)


async def test_a_re_fire_after_the_end_opens_a_new_incident_that_names_the_old() -> None:
    here = world(replace(BY_SERVICE, window=None))
    await here.webhook(seen())
    (old,) = here.incidents
    await here.until(MINUTE)
    await here.webhook(seen(ends=MINUTE))
    await here.until(10 * MINUTE)
    await here.webhook(seen(at=10 * MINUTE))
    (new,) = [one for one in here.incidents if not one.resolved_at]
    assert new.previous == old.id != new.id


async def test_the_window_starts_again_with_each_new_alert_but_not_with_repeats() -> None:
    here = world(replace(BY_SERVICE, window=10 * MINUTE))
    for minute, instance in [(0, "a"), (9, "b"), (15, "b"), (18, "c"), (20, "c"), (29, "d")]:
        await here.until(minute * MINUTE)
        await here.webhook(seen(instance=instance, service="pay"))
    assert sorted(len(one.members) for one in here.incidents) == [1, 3]


async def test_beyond_max_values_each_alert_is_let_through_on_its_own() -> None:
    here = world(replace(BY_SERVICE, max_values={"instance": 2}))
    for instance in "abcd":
        await here.webhook(seen(service="pay", instance=instance))
    await here.webhook(seen("Other", service="pay", instance="a"))
    assert sorted(len(one.members) for one in here.incidents) == [1, 1, 3]


async def test_beyond_max_alerts_the_next_incident_takes_the_rest() -> None:
    here = world(replace(BY_SERVICE, max_alerts=2))
    for instance in "abc":
        await here.webhook(seen(service="pay", instance=instance))
    await here.webhook(seen(service="pay", instance="d"))
    first, second = sorted(here.incidents, key=lambda one: bool(one.previous))
    assert (len(first.members), len(second.members)) == (2, 2)
    assert second.previous == first.id


def test_beyond_max_alerts_the_new_incident_continues_the_last_one_that_is_full() -> None:
    placement = placed(alert(service="pay"), replace(BY_SERVICE, max_alerts=2))
    first = incident("a", members=2)
    second = incident("b", members=2, continues=("a",))
    assert choose(placement, "", [first], LATER) == Choice("", "a", continues=("a",))
    assert choose(placement, "", [first, second], LATER) == Choice("", "b", continues=("a", "b"))
    assert choose(placement, "", [second, first], LATER) == Choice("", "b", continues=("a", "b"))


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"resolved_at": START}, id="it is over"),
        pytest.param({"closed": Closure("ann", START, LATER + MINUTE, Severity.WARNING)}, id="a person closed it"),
        pytest.param({"last_new_at": START - 60 * MINUTE}, id="its window is over"),
    ],
)  # fmt: skip
def test_what_takes_no_alerts_for_another_reason_is_not_continued(more: dict[str, Any]) -> None:
    rule = replace(BY_SERVICE, max_alerts=2, window=10 * MINUTE)
    choice = choose(placed(alert(service="pay"), rule), "", [incident("a", members=2, **more)], LATER)
    assert (choice.previous, choice.continues) == ("a", ())


def test_a_long_chain_keeps_its_first_incident_and_the_newest_ones() -> None:
    placement = placed(alert(service="pay"), replace(BY_SERVICE, max_alerts=2))
    chain = tuple(f"i{number}" for number in range(CHAIN_KEPT))
    last = incident("last", members=2, continues=chain)
    continues = choose(placement, "", [last], LATER).continues
    assert (continues[0], continues[-1], len(continues)) == ("i0", "last", CHAIN_KEPT)


@pytest.mark.parametrize(
    ("more", "own", "recurs", "since"),
    [
        pytest.param({}, "a", 1, START, id="the second time"),
        pytest.param({"recurs": 4, "recurs_since": START - MINUTE}, "a", 5, START - MINUTE, id="the sixth time"),
        pytest.param({"recurs": 4}, "", 0, None, id="another alert"),
        pytest.param({"last_change_at": LATER - RECURS_WITHIN_MS - 1}, "a", 0, None, id="long after"),
    ],
)  # fmt: skip
def test_an_alert_that_comes_back_soon_counts_its_incidents(
    more: dict[str, Any], own: str, recurs: int, since: int | None
) -> None:
    choice = choose(placed(alert(), BY_SERVICE), own, [incident("a", resolved_at=START, **more)], LATER)
    assert (choice.recurs, choice.recurs_since) == (recurs, since)
