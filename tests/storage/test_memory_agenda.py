"""The agenda of the in-memory store: what a claim takes, and when it asks to be made again."""

from __future__ import annotations

import pytest

from gateway.model.agenda import Subject
from gateway.model.changes import Claimed, Release
from gateway.model.lanes import LaneRule, Pace
from gateway.storage.memory_agenda import Agenda

PLAN, CHAT, CHAT_TOO = Subject.plan("i1"), Subject.deliver("chat", "i1"), Subject.deliver("chat", "i2")
LEASE = 100


def agenda(*subjects: Subject, at: int = 0) -> Agenda:
    made = Agenda()
    made.schedule(dict.fromkeys(subjects, (at, 5)))
    return made


def claim(agenda: Agenda, now: int, lanes: LaneRule | None = None) -> Claimed:
    return agenda.claim(10, LEASE, lanes or LaneRule(), now)


def test_an_empty_agenda_asks_for_nothing() -> None:
    assert claim(agenda(), 0) == Claimed(0, None, ())


def test_a_leased_subject_comes_again_when_its_lease_has_ended() -> None:
    made = agenda(PLAN)
    assert claim(made, 0).next_due == LEASE
    assert claim(made, LEASE - 1).claims == ()
    assert [found.subject for found in claim(made, LEASE).claims] == [PLAN]


def test_a_former_holder_holds_the_lease_no_more() -> None:
    made = agenda(PLAN)
    (former,) = claim(made, 0).claims
    (holder,) = claim(made, LEASE).claims
    assert (made.holds(former), made.holds(holder)) == (False, True)


@pytest.mark.parametrize(
    ("again", "woken", "due"),
    [
        pytest.param(None, (), None, id="done"),
        pytest.param(70, (), 70, id="later"),
        pytest.param(None, (50, 60), 50, id="news came while it was leased"),
        pytest.param(70, (50,), 50, id="news came before it was to be looked at again"),
        pytest.param(70, (90,), 70, id="news for later than that"),
    ],
)
def test_a_released_subject_is_due_when_its_holder_or_the_news_says(
    again: int | None, woken: tuple[int, ...], due: int | None
) -> None:
    made = agenda(PLAN)
    (held,) = claim(made, 0).claims
    for at in woken:
        made.schedule({PLAN: (at, 5)})
    made.release(Release(held, again))
    assert made.times.get(PLAN) == due


def test_a_paced_lane_asks_for_the_time_of_its_next_token() -> None:
    made = agenda(CHAT, CHAT_TOO)
    claimed = claim(made, 10, LaneRule({"chat": Pace(50, 1)}))
    assert ([found.subject for found in claimed.claims], claimed.next_due) == ([CHAT], 60)


def test_a_lane_without_room_asks_for_no_time_since_whoever_ends_there_says_so() -> None:
    made = agenda(CHAT)
    assert claim(made, 10, LaneRule(running={"chat": 1}, width=1)) == Claimed(10, None, ())


def test_a_claim_does_not_change_the_counts_that_it_was_given() -> None:
    running, room = {"chat": 0}, {"slack": 2}
    claim(agenda(CHAT), 0, LaneRule(running=running, kinds={"chat": "slack"}, room=room))
    assert (running, room) == ({"chat": 0}, {"slack": 2})
