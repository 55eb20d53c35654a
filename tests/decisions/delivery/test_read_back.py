"""A read-back that fails holds back nothing that people must hear, and everything else."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from gateway.decisions.delivery.intents import begin_reply
from gateway.decisions.delivery.next_step import GiveUp, LookBack, Notify, Reply, Rest, RestReason, Withdraw
from gateway.decisions.delivery.read_back import given_up, gives_up_at
from gateway.decisions.delivery.settle import settle
from gateway.model.alert import Alert
from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.ledger import Ledger, MessageRef
from gateway.model.notification import Delivered, Found, Look, Refused
from gateway.model.records import dump, load_ledger
from gateway.model.severity import Severity
from gateway.model.verdict import NotifyReason
from tests.decisions.cases import MESSAGE, alert, told
from tests.decisions.delivery.attempts import (
    AWAY,
    LATE,
    SAID,
    TIMEOUT,
    answered,
    empty,
    looked_back,
    step,
    view_of,
)
from tests.support.build import START

UNANSWERED_AT = 18 * SECOND
FIRST_LOOK = 19 * SECOND
SOON = Refused("rate_limited", retry_after=5 * SECOND)
MUCH_LATER = Refused("rate_limited", retry_after=5 * MINUTE)


def in_doubt(look: Look = AWAY) -> Ledger:
    """A first post at 10 s was not answered, and the first look for it at 19 s neither."""
    ledger = answered(empty(), TIMEOUT, at=10 * SECOND, answered_at=UNANSWERED_AT)
    return looked_back(ledger, look, at=FIRST_LOOK)


def failing_for(seconds: int, look: Look = AWAY, ledger: Ledger | None = None) -> tuple[Ledger, int]:
    """Return the ledger after all looks of that time, and the time (ms)."""
    ledger, now = ledger or in_doubt(look), FIRST_LOOK
    while isinstance(found := step(ledger, at=now), (Rest, LookBack)):
        if isinstance(found, LookBack):
            ledger = looked_back(ledger, look, at=now)
        elif found.until is None or found.until - START > FIRST_LOOK + seconds * SECOND:
            break
        else:
            now = found.until - START
    return ledger, now


@pytest.mark.parametrize("look", [AWAY, TIMEOUT, SOON, MUCH_LATER])
def test_it_is_given_up_a_minute_after_the_first_look_that_failed(look: Look) -> None:
    ledger, now = failing_for(59, look)
    assert isinstance(step(ledger, at=now), Rest)
    ledger, now = failing_for(10 * 60, look)
    assert (step(ledger, at=now), now) == (GiveUp(), FIRST_LOOK + MINUTE)


def test_the_vendor_is_asked_a_last_time_when_the_minute_ends_unless_it_wants_to_be_left_alone() -> None:
    ledger, _ = failing_for(59)
    assert step(ledger, at=FIRST_LOOK + MINUTE) == LookBack(("a1",), START + 10 * SECOND)
    ledger, _ = failing_for(59, MUCH_LATER)
    assert step(ledger, at=FIRST_LOOK + MINUTE) == GiveUp()


def test_a_look_that_is_answered_in_time_ends_the_waiting() -> None:
    ledger, now = failing_for(59)
    found = looked_back(ledger, Found({"a1": MESSAGE}), at=FIRST_LOOK + MINUTE)
    assert (found.message_ref, found.look_failing_since, found.intent) == (MESSAGE, None, None)
    lost = looked_back(ledger, Found({}), at=now)
    assert lost.look_failing_since is None


def given_up_first() -> Ledger:
    ledger, now = failing_for(10 * 60)
    return given_up(ledger, START + now)


def test_what_was_given_up_is_posted_again_at_once_and_looked_for_a_minute_later() -> None:
    ledger = given_up_first()
    now = FIRST_LOOK + MINUTE
    assert step(ledger, at=now) == Notify(NotifyReason.FIRST_NOTIFICATION)
    again = answered(ledger, Delivered(MESSAGE), at=now, attempt="a2")
    assert step(again, at=now + MINUTE) == LookBack(("a1",), START + 10 * SECOND)
    found = looked_back(again, Found({"a1": LATE}), at=now + MINUTE)
    assert (found.orphans, found.message_ref, found.unconfirmed) == ((LATE,), MESSAGE, ())
    assert step(found, at=now + MINUTE) == Withdraw(LATE)


@pytest.mark.parametrize(
    ("age", "sought"),
    [
        pytest.param(14 * MINUTE, True, id="as each unanswered send is"),
        pytest.param(16 * MINUTE, True, id="longer than what a look has not found"),
        pytest.param(23 * HOUR, True, id="for nearly a day"),
        pytest.param(25 * HOUR, False, id="a day is enough"),
    ],
)
@pytest.mark.parametrize("look", [Found({}), AWAY])
def test_what_was_given_up_is_looked_for_for_a_day(look: Look, age: int, sought: bool) -> None:
    again = answered(given_up_first(), Delivered(MESSAGE), at=FIRST_LOOK + MINUTE, attempt="a2")
    assert bool(looked_back(again, look, at=age).unconfirmed) is sought


def test_a_vendor_that_answers_no_post_either_is_given_more_time_with_each() -> None:
    ledger, now, posts = in_doubt(), FIRST_LOOK, [10 * SECOND]
    while now < HOUR:
        found = step(ledger, at=now)
        if isinstance(found, Notify):
            posts.append(now)
            ledger = answered(ledger, TIMEOUT, at=now, attempt=f"a{len(posts)}")
        elif isinstance(found, LookBack):
            ledger = looked_back(ledger, AWAY, at=now)
        elif isinstance(found, GiveUp):
            ledger = given_up(ledger, START + now)
        else:
            assert isinstance(found, Rest)
            assert found.until is not None
            now = found.until - START
    gaps = [(later - earlier) // MINUTE for earlier, later in pairwise(posts)]
    assert gaps == [1, 2, 5, 15, 15, 15]
    all_there = {f"a{number}": MessageRef(f"{number}", "C1") for number in range(1, len(posts) + 1)}
    found_all = looked_back(ledger, Found(all_there), at=now)
    assert found_all.message_ref == all_there[f"a{len(posts)}"]
    assert set(found_all.orphans) == set(all_there.values()) - {found_all.message_ref}


def replying() -> Ledger:
    """A message stands; a reply at 60 s was not answered, and the look for it failed."""
    ledger = msgspec.structs.replace(told("chat", warning(), at=10 * SECOND), pending_notes=(SAID,))
    begun = begin_reply(ledger, "r1", START + MINUTE)
    doubtful = settle(begun, None, TIMEOUT, START + MINUTE, looks=True, notes=True)
    return looked_back(doubtful, AWAY, warning(), at=MINUTE)


def warning(**more: int) -> Alert:
    return alert(severity=Severity.WARNING, **more)


def test_a_reply_and_an_edit_wait_for_the_read_back() -> None:
    ledger = looked_back(replying(), AWAY, warning(), at=2 * HOUR)
    both = (warning(), alert("Slow", severity=Severity.WARNING, at=MINUTE))
    assert step(ledger, *both, at=2 * HOUR) == Rest(ledger.next_try, RestReason.READ_BACK_WAIT)


@pytest.mark.parametrize(
    ("alerts", "why"),
    [
        pytest.param((warning(ended=MINUTE),), NotifyReason.ENDED, id="an end"),
        pytest.param((warning(), alert("Worse", at=MINUTE)), NotifyReason.SEVERITY_ROSE, id="a rise"),
    ],
)
def test_an_end_and_a_rise_do_not_wait_for_a_reply_in_doubt(
    alerts: tuple[Alert, ...], why: NotifyReason
) -> None:
    at = 5 * MINUTE
    ledger = looked_back(replying(), AWAY, *alerts, at=at)
    assert step(ledger, *alerts, at=at) == GiveUp()
    after = given_up(ledger, START + at)
    assert step(after, *alerts, at=at) == Notify(why)
    edited = answered(after, Delivered(MESSAGE), *alerts, at=at, attempt="a2")
    assert SAID in edited.pending_notes
    assert isinstance(step(edited, *alerts, at=at + SECOND), Rest), "it may stand in the thread already"
    found = looked_back(edited, Found({"r1": LATE}), *alerts, at=at + MINUTE)
    assert (SAID in found.pending_notes, found.orphans) == (False, ())
    lost = looked_back(edited, Found({}), *alerts, at=at + MINUTE)
    assert isinstance(step(lost, *alerts, at=at + MINUTE), Reply)


def test_what_is_not_due_yet_gives_nothing_up() -> None:
    over = warning(ended=5 * MINUTE)
    ledger = looked_back(replying(), MUCH_LATER, over, at=5 * MINUTE)
    view = msgspec.structs.replace(view_of(ledger, over, at=5 * MINUTE), due=START + 6 * MINUTE)
    assert gives_up_at(ledger, view) == START + 6 * MINUTE
    assert gives_up_at(ledger, msgspec.structs.replace(view, due=None)) is None


def test_a_reply_in_doubt_holds_an_end_back_for_a_minute_whatever_was_posted_again_before() -> None:
    earlier = given_up_first().unconfirmed
    ledger = msgspec.structs.replace(replying(), unconfirmed=earlier)
    over = warning(ended=MINUTE)
    after = looked_back(ledger, MUCH_LATER, over, at=2 * MINUTE)
    assert step(after, over, at=2 * MINUTE + SECOND) == GiveUp()


def test_a_second_post_that_is_refused_is_tried_again_within_seconds_after_a_look() -> None:
    now = FIRST_LOOK + MINUTE
    refused = answered(given_up_first(), AWAY, at=now, attempt="a2")
    assert refused.next_try is not None
    assert refused.next_try <= START + now + SECOND
    assert step(refused, at=refused.next_try - START) == LookBack(("a1",), START + 10 * SECOND)


def test_what_nobody_could_look_for_in_a_day_is_as_good_as_not_there() -> None:
    after = looked_back(replying(), AWAY, warning(), at=DAY + 2 * MINUTE)
    assert after.intent is None
    assert step(after, warning(), at=DAY + 2 * MINUTE) != Rest(None, RestReason.NOTHING_DUE)


def test_the_store_keeps_since_when_looks_fail_and_what_was_given_up() -> None:
    for ledger in (in_doubt(), given_up_first(), replying()):
        assert load_ledger(dump(ledger)) == ledger
