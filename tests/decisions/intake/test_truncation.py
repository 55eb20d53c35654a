"""Groups that Alertmanager cut short are remembered until they are whole again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from gateway.decisions.intake.truncation import MAX_GROUPS, MAX_INCIDENTS, truncation_of
from gateway.model.alert import Observation
from gateway.model.durations import MINUTE, SECOND
from gateway.model.truncated_groups import (
    FORGOTTEN_MS,
    NO_TRUNCATED_GROUPS,
    GroupReport,
    TruncatedGroup,
    TruncatedGroups,
)
from tests.support.build import START, seen

KNOWN = TruncatedGroups({"eu/1": TruncatedGroup(37, START, START, ("i1",))})


def of_group(name: str, left_out: int = 0, *, over: bool = False) -> GroupReport:
    return GroupReport(name, left_out, over)


def alert_of(group: str) -> Observation:
    return msgspec.structs.replace(seen(), group=group)


def after(
    reports: Sequence[GroupReport],
    before: TruncatedGroups = NO_TRUNCATED_GROUPS,
    now: int = START,
    incidents: Sequence[str] = ("i1",),
) -> TruncatedGroups:
    found = truncation_of([], reports, before, now)
    return found.after(dict.fromkeys(found.said, incidents))


def test_a_group_that_is_whole_and_always_was_needs_no_look() -> None:
    found = truncation_of([alert_of("eu/1"), alert_of("")], [of_group("eu/1")], NO_TRUNCATED_GROUPS, START)
    assert found.said == {}
    assert found.after({}) is NO_TRUNCATED_GROUPS


def test_a_group_that_is_cut_short_is_remembered_with_its_incidents() -> None:
    assert after([of_group("eu/1", 37)]) == KNOWN


def test_a_repeat_within_a_minute_writes_nothing() -> None:
    soon = START + MINUTE - SECOND
    assert after([of_group("eu/1", 37)], KNOWN, soon) is KNOWN


def test_the_last_number_counts_and_the_first_time_stays() -> None:
    found = after([of_group("eu/1", 37), of_group("eu/1", 12)], KNOWN, START + MINUTE, ("i2",))
    assert found.groups == {"eu/1": TruncatedGroup(12, START, START + MINUTE, ("i1", "i2"))}


def test_a_group_that_is_whole_again_is_forgotten_and_its_incidents_are_read_to_be_told() -> None:
    found = truncation_of([alert_of("eu/1")], [of_group("eu/1")], KNOWN, START + MINUTE)
    assert found.said["eu/1"].report.left_out == 0
    assert found.wanted({}) == ["i1"]
    assert found.after({}) == NO_TRUNCATED_GROUPS


def test_a_group_that_was_cut_short_and_all_of_whose_alerts_ended_is_over_until_it_fires_again() -> None:
    over = after([of_group("eu/1", 37, over=True)], KNOWN)
    assert over.groups == {"eu/1": TruncatedGroup(37, START, START, ("i1",), over=True)}
    assert after([of_group("eu/1", 37)], over) == KNOWN


def test_the_alerts_of_a_group_are_those_that_name_it() -> None:
    found = truncation_of([alert_of("eu/1"), alert_of("eu/2")], [of_group("eu/1", 37)], KNOWN, START)
    assert list(found.said["eu/1"].alerts) == [alert_of("eu/1").alert]


def test_another_group_says_nothing_of_this_one() -> None:
    assert after([of_group("eu/2"), of_group("us/1")], KNOWN) is KNOWN


@pytest.mark.parametrize(
    ("passed", "stands"),
    [
        pytest.param(FORGOTTEN_MS - 1, True, id="for a day"),
        pytest.param(FORGOTTEN_MS, False, id="not for longer"),
    ],
)
def test_a_group_of_which_nothing_is_heard_stands_for_a_day(passed: int, stands: bool) -> None:
    assert bool(KNOWN.standing(START + passed)) is stands


def test_the_record_of_a_shard_stays_small() -> None:
    many = [of_group(f"eu/{number}", 1) for number in range(MAX_GROUPS + 5)]
    found = after(many, incidents=[f"i{number}" for number in range(MAX_INCIDENTS + 5)])
    assert len(found.groups) == MAX_GROUPS
    assert {len(group.incidents) for group in found.groups.values()} == {MAX_INCIDENTS}
