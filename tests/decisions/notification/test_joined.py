"""When the members that joined are all that is new in an incident, and when every member is looked at."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from gateway.decisions.notification.joined import WHOLE_EVERY_MS, added, joined_alone
from gateway.model.incident import Counted, Incident, Joining, StatusCounts
from gateway.model.members import Member
from tests.support.build import START

UNTIL = START + 5_000
MEMBERS = tuple(Member(f"a{number}", 1, START) for number in range(20))
JOINED = (Member("b1", 1, START), Member("b2", 1, START))
JOINING = Joining(START, UNTIL, members=2, commits=1)
COUNTED = Counted(START, 0, b"c1")
INCIDENT = Incident(
    "i", START, "", (*MEMBERS, *JOINED), (), 6, 22, START, START, planned_revision=5, heard_by=3, joining=JOINING, counted=COUNTED
)  # fmt: skip


def alone(incident: Incident, **more: Any) -> tuple[Member, ...] | None:
    basis = Counted(**{"at": UNTIL, "look_at": 0, "controls": b"c1", **more.pop("basis", {})})
    return joined_alone(incident, basis, **{"generation": 3, "due": UNTIL, **more})


def test_members_that_joined_since_the_last_plan_are_planned_alone() -> None:
    assert alone(INCIDENT) == JOINED


def test_joins_of_several_commits_are_planned_together() -> None:
    joining = replace(JOINING, commits=2)
    assert alone(replace(INCIDENT, revision=7, joining=joining)) == JOINED


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        pytest.param({"joining": None}, {}, id="nothing waits to be planned together"),
        pytest.param({"counted": None}, {}, id="no plan, or one of the version before, has counted the others"),
        pytest.param({"joining": Joining(START, UNTIL)}, {}, id="the version before counted no joins"),
        pytest.param({"revision": 7}, {}, id="an end, or a person, changed it as well"),
        pytest.param({}, {"due": UNTIL - 1}, id="something else put it on the agenda"),
        pytest.param({}, {"generation": 4}, id="there are new rules"),
        pytest.param({}, {"basis": {"controls": b"c2"}}, id="there is another silence, pause or bypass"),
        pytest.param({"counted": replace(COUNTED, look_at=UNTIL)}, {}, id="time alone changes something now"),
        pytest.param({}, {"basis": {"at": START + WHOLE_EVERY_MS}}, id="ten minutes are over"),
        pytest.param({}, {"basis": {"ahead": 3_600_000}}, id="people's clock was stepped"),
        pytest.param({"continues": ("j",)}, {}, id="it continues another incident"),
        pytest.param({"continued_by": "j"}, {}, id="another incident continues it"),
        pytest.param({"members": (*MEMBERS, JOINED[0], Member("a3", 2, START))}, {}, id="an alert fires again"),
        pytest.param({"members": (*MEMBERS, JOINED[0], Member("b1", 2, START))}, {}, id="an alert joined twice"),
    ],
)  # fmt: skip
def test_every_member_is_looked_at_where(changed: dict[str, Any], asked: dict[str, Any]) -> None:
    assert alone(replace(INCIDENT, **changed), **asked) is None


def test_a_time_at_which_something_changes_later_puts_nothing_off() -> None:
    assert alone(replace(INCIDENT, counted=replace(COUNTED, look_at=UNTIL + 1))) == JOINED


def test_the_counts_of_those_that_joined_are_added_to_those_that_were_counted() -> None:
    counted = StatusCounts(
        members=3, told=2, held=1, telling_firing=2, reasons={"delivered": 2, "update_interval": 1}
    )
    joined = StatusCounts(members=2, held=2, reasons={"update_interval": 2})
    assert added(counted, joined) == StatusCounts(
        members=5, told=2, held=3, telling_firing=2, reasons={"delivered": 2, "update_interval": 3}
    )
