"""An answer, a look and a withdrawal each mean something for the ledger."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.delivery.failure import fall_back
from gateway.decisions.delivery.intents import begin_reply
from gateway.decisions.delivery.next_step import (
    GiveUp,
    LookBack,
    Notify,
    Reply,
    Rest,
    RestReason,
    Withdraw,
    at_rest,
)
from gateway.decisions.delivery.read_back import given_up
from gateway.decisions.delivery.settle import settle
from gateway.decisions.delivery.withdrawals import MOST_WITHDRAWALS, withdrawn
from gateway.decisions.incident_actions import retry
from gateway.decisions.notification.assumptions import assumed
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Ledger, MessageRef, Note, NotifiedState
from gateway.model.notification import UNKNOWN_REASON, Answer, Delivered, Found, Look, Refused
from gateway.model.verdict import NotifyReason
from tests.decisions.cases import MESSAGE, alert, told
from tests.decisions.delivery.attempts import (
    AWAY,
    INVALID,
    LATE,
    REVOKED,
    SAID,
    TIMEOUT,
    answered,
    begun,
    empty,
    is_final,
    looked_back,
    step,
)
from tests.support.build import START

# Delivered


@pytest.mark.parametrize("target", ["chat", "pager"])
def test_a_delivery_is_written_down_whole(target: str) -> None:
    ledger = answered(empty(target), Delivered(MESSAGE), at=10 * SECOND, answered_at=11 * SECOND)
    assert ledger.last_notified.members == {alert().episode_id: True}
    assert (ledger.generation, ledger.revision, ledger.message_ref, ledger.intent) == (1, 1, MESSAGE, None)
    assert (ledger.notified_at, ledger.first_notified_at) == (START + 11 * SECOND, START + 11 * SECOND)


def test_a_delivery_ends_all_failing() -> None:
    failing = answered(empty(), AWAY, at=10 * SECOND)
    ledger = answered(failing, Delivered(MESSAGE), at=20 * SECOND)
    assert (ledger.attempts, ledger.failing_since, ledger.next_try, ledger.error) == (0, None, None, "")


def test_a_delivered_end_leaves_only_the_thread_owed() -> None:
    ledger = told("chat", alert(), at=10 * SECOND)
    ended = answered(ledger, Delivered(MESSAGE), alert(ended=MINUTE), at=MINUTE)
    assert (ended.last_notified.state, ended.pending_notes, at_rest(ended)) == (
        NotifiedState.ENDED,
        (Note("✅ Resolved: HighErrorRate, after 1m", at=START + MINUTE),),
        False,
    )
    replied = settle(
        begin_reply(ended, "r1", START + MINUTE),
        None,
        Delivered(MESSAGE),
        START + MINUTE,
        looks=True,
        notes=True,
    )
    assert (replied.pending_notes, at_rest(replied)) == ((), True)


def test_a_pager_has_no_thread() -> None:
    ledger = told("pager", alert(), at=10 * SECOND)
    assert answered(ledger, Delivered(MESSAGE), alert(ended=MINUTE), at=3 * MINUTE).pending_notes == ()


def test_what_became_owed_while_a_reply_was_sent_stays_owed() -> None:
    ledger = msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), pending_notes=(SAID,))
    sent = begin_reply(ledger, "r1", START + MINUTE)
    meanwhile = msgspec.structs.replace(sent, pending_notes=(SAID, Note("more")))
    assert settle(
        meanwhile, None, Delivered(MESSAGE), START + MINUTE, looks=True, notes=True
    ).pending_notes == (Note("more"),)


# Refused for now


def test_a_refusal_for_now_is_tried_again_with_the_newest_state() -> None:
    ledger = answered(empty(), AWAY, at=10 * SECOND)
    assert (ledger.intent, ledger.error, ledger.failing_since) == (None, "unavailable", START + 10 * SECOND)
    assert isinstance(step(ledger, at=10 * SECOND), Rest)
    assert step(ledger, at=MINUTE) == Notify(NotifyReason.FIRST_NOTIFICATION)


def test_a_refused_notification_whose_alert_ended_meanwhile_is_not_told() -> None:
    ledger = answered(empty(), AWAY, at=10 * SECOND)
    assert step(ledger, alert(ended=20 * SECOND), at=MINUTE) == Rest(None, RestReason.NOTHING_DUE)


def test_the_backoff_grows_to_half_a_minute() -> None:
    ledger, waits, now = empty(), [], 10 * SECOND
    for number in range(10):
        ledger = answered(ledger, AWAY, at=now, attempt=f"a{number}")
        waits.append(ledger.next_try - START - now)
        now = ledger.next_try - START
    assert waits == [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]


def test_a_rate_limited_vendor_says_itself_how_long_to_wait() -> None:
    ledger = answered(empty(), Refused("rate_limited", retry_after=95 * SECOND), at=10 * SECOND)
    assert ledger.next_try == START + 105 * SECOND


def test_failing_is_counted_from_the_first_failure() -> None:
    ledger = answered(answered(empty(), AWAY, at=10 * SECOND), AWAY, at=20 * SECOND)
    assert (ledger.failing_since, ledger.attempts) == (START + 10 * SECOND, 2)


@pytest.mark.parametrize("target", ["chat", "pager"])
def test_what_was_never_posted_cannot_be_gone_and_is_tried_again_later(target: str) -> None:
    ledger = answered(empty(target), Refused("uneditable", "cant_update_message", gone=True), at=MINUTE)
    assert ledger.failing_since == START + MINUTE
    assert ledger.next_try is not None
    assert ledger.next_try > START + MINUTE


def test_a_message_that_is_gone_is_sent_anew_at_once() -> None:
    ledger = told("chat", alert(), at=10 * SECOND)
    gone = answered(ledger, Refused("not_found", gone=True), alert(ended=MINUTE), at=MINUTE)
    assert step(gone, alert(ended=MINUTE), at=MINUTE) == Notify(NotifyReason.ENDED)
    anew = begun(gone, alert(ended=MINUTE), at=MINUTE)
    assert anew.message_ref is None
    assert anew.intent is not None
    assert anew.intent.creates_message


# Refused for good


def test_a_refusal_for_good_is_a_dead_letter_with_its_reason() -> None:
    ledger = answered(empty(), INVALID, at=10 * SECOND)
    assert (ledger.dead, ledger.error, ledger.intent) == ("invalid", "the channel is archived", None)
    assert at_rest(ledger)


def test_a_dead_letter_falls_back_at_once() -> None:
    assert answered(empty(), INVALID, at=10 * SECOND).fell_back_at == START + 10 * SECOND


def test_a_dead_letter_retried_by_hand_is_told_at_once() -> None:
    ledger = retry(answered(empty(), INVALID, at=10 * SECOND))
    assert isinstance(ledger, Ledger)
    assert step(ledger, at=11 * SECOND) == Notify(NotifyReason.FIRST_NOTIFICATION)
    assert answered(ledger, Delivered(MESSAGE), at=11 * SECOND).dead == ""


def test_a_reply_that_is_refused_for_good_is_no_dead_letter() -> None:
    ledger = msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), pending_notes=(SAID,))
    after = settle(
        begin_reply(ledger, "r1", START + MINUTE), None, INVALID, START + MINUTE, looks=True, notes=True
    )
    assert (after.dead, after.pending_notes, after.last_notified) == ("", (), ledger.last_notified)


def test_what_a_destination_refuses_with_everything_else_is_said_when_it_takes_messages_again() -> None:
    ledger = msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), pending_notes=(SAID,))
    sent = begin_reply(ledger, "r1", START + MINUTE)
    after = settle(sent, None, REVOKED, START + MINUTE, looks=True, notes=True)
    assert (after.dead, after.pending_notes, after.fell_back_at) == ("auth", (SAID,), None)
    assert step(retry(after), at=MINUTE) == Reply((SAID,))


def test_the_edit_of_a_line_that_is_refused_with_everything_else_is_made_later() -> None:
    line, again = Note("fired again", line="again"), MessageRef("2", "C1")
    ledger = told("chat", alert(), at=10 * SECOND)
    ledger = msgspec.structs.replace(ledger, pending_notes=(line,), lines={"again": again})
    sent = begin_reply(ledger, "r1", START + MINUTE)
    after = settle(sent, None, REVOKED, START + MINUTE, looks=True, notes=True)
    assert (after.dead, after.pending_notes, after.lines) == ("auth", (line,), {"again": again})


def test_news_goes_before_an_extra_message_that_may_not_be_withdrawn_now() -> None:
    ledger = msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), orphans=(LATE,))
    refused = withdrawn(ledger, REVOKED, START + MINUTE)
    assert step(refused, at=MINUTE) == Rest(None, RestReason.DEAD_LETTER)
    assert step(retry(refused), at=MINUTE) == Withdraw(LATE)
    over = alert(ended=MINUTE)
    assert step(retry(refused), over, at=MINUTE + 10 * SECOND) == Notify(NotifyReason.ENDED)


# Nobody knows: chat


def test_an_unanswered_message_is_looked_for_before_anything_else() -> None:
    ledger = answered(empty(), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    assert step(ledger, at=18 * SECOND) == Rest(START + 19 * SECOND, RestReason.READ_BACK_WAIT)
    assert step(ledger, at=19 * SECOND) == LookBack(("a1",), START + 10 * SECOND)


def test_an_unanswered_message_that_is_found_was_delivered() -> None:
    ledger = answered(empty(), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    found = looked_back(ledger, Found({"a1": MESSAGE}), at=19 * SECOND)
    assert (found.last_notified.state, found.message_ref, found.intent, found.failing_since) == (
        NotifiedState.FIRING,
        MESSAGE,
        None,
        None,
    )
    assert step(found, at=19 * SECOND) == Rest(None, RestReason.NOTHING_DUE)


def test_an_unanswered_message_that_is_not_found_is_looked_for_again_and_repeated_only_after_fifteen_seconds() -> (
    None
):
    ledger = answered(empty(), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    now, looks = 18 * SECOND, 0
    while not isinstance(after := step(ledger, at=now), Notify):
        if isinstance(after, Rest):
            assert after.until is not None
            now = after.until - START
        else:
            looks += 1
            ledger = looked_back(ledger, Found({}), at=now)
    assert 33 * SECOND < now <= 40 * SECOND
    assert looks >= 3
    assert [one.attempt for one in ledger.unconfirmed] == ["a1"]


def suspecting() -> Ledger:
    """a1 went unanswered and was not found in time; a2 was delivered instead."""
    ledger = answered(empty(), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    ledger = looked_back(ledger, Found({}), at=35 * SECOND)
    return answered(ledger, Delivered(MESSAGE), at=36 * SECOND, attempt="a2")


def test_an_unconfirmed_send_is_looked_for_once_more_a_minute_later() -> None:
    ledger = suspecting()
    assert ledger.message_ref == MESSAGE
    assert isinstance(step(ledger, at=40 * SECOND), Rest)
    assert step(ledger, at=2 * MINUTE) == LookBack(("a1",), START + 10 * SECOND)


def test_an_unconfirmed_send_that_acted_late_left_an_orphan_that_is_withdrawn_once() -> None:
    ledger = looked_back(suspecting(), Found({"a1": LATE}), at=2 * MINUTE)
    assert (ledger.orphans, ledger.unconfirmed, ledger.message_ref) == ((LATE,), (), MESSAGE)
    assert step(ledger, at=2 * MINUTE) == Withdraw(LATE)
    assert withdrawn(ledger, Delivered(LATE), START + 2 * MINUTE).orphans == ()


def test_an_unconfirmed_send_that_never_acted_is_let_go_after_fifteen_minutes() -> None:
    ledger, now, looks = suspecting(), 36 * SECOND, 0
    while not is_final(after := step(ledger, at=now)):
        if isinstance(after, Rest):
            assert after.until is not None
            now = after.until - START
        else:
            looks += 1
            ledger = looked_back(ledger, Found({}), at=now)
    assert 10 * MINUTE < now < 25 * MINUTE
    assert 3 <= looks <= 10
    assert ledger.unconfirmed == ()


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        pytest.param(Delivered(LATE), (), id="it was deleted"),
        pytest.param(Refused("not_found", gone=True), (), id="it is gone already"),
        pytest.param(Refused("forbidden", permanent=True), (), id="it may not be deleted"),
        pytest.param(REVOKED, (LATE,), id="the token is refused: it is deleted with the next one"),
        pytest.param(AWAY, (LATE,), id="the vendor is away: tried again"),
        pytest.param(TIMEOUT, (LATE,), id="nobody knows: tried again"),
    ],
)
def test_an_orphan_is_withdrawn(answer: Answer, left: tuple[MessageRef, ...]) -> None:
    ledger = msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), orphans=(LATE,))
    assert withdrawn(ledger, answer, START + MINUTE).orphans == left


def test_an_extra_message_that_is_refused_for_unknown_reasons_is_let_be_after_some_minutes() -> None:
    ledger = msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), orphans=(LATE,))
    now, tries = START + MINUTE, 0
    while ledger.orphans:
        ledger = withdrawn(ledger, Refused(UNKNOWN_REASON, "a_new_code"), now)
        tries, now = tries + 1, ledger.next_try or now
    assert tries == MOST_WITHDRAWALS + 1
    assert now - START < 15 * MINUTE
    assert (ledger.failing_since, ledger.error) == (None, ""), "its destination does not fail"


@pytest.mark.parametrize("answer", [Delivered(LATE), AWAY, TIMEOUT])
def test_a_dead_letter_stays_one_with_its_reason_while_an_extra_message_is_withdrawn(answer: Answer) -> None:
    dead = msgspec.structs.replace(answered(empty(), INVALID, at=10 * SECOND), orphans=(LATE,))
    assert step(dead, at=11 * SECOND) == Withdraw(LATE)
    after = withdrawn(dead, answer, START + 11 * SECOND)
    assert (after.dead, after.error) == ("invalid", "the channel is archived")
    assert (after.failing_since, after.fell_back_at) == (dead.failing_since, dead.fell_back_at)


def test_where_looking_is_not_allowed_only_the_wait_is_left() -> None:
    ledger = answered(empty(), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    forbidden = Refused("missing_scope", permanent=True)
    early = looked_back(ledger, forbidden, at=30 * SECOND)
    assert early.intent is not None
    assert step(looked_back(early, forbidden, at=40 * SECOND), at=41 * SECOND) == Notify(
        NotifyReason.FIRST_NOTIFICATION
    )


@pytest.mark.parametrize("look", [Refused("missing_scope", permanent=True), AWAY, TIMEOUT])
def test_an_unconfirmed_send_that_cannot_be_looked_for_does_not_make_the_destination_fail(look: Look) -> None:
    ledger = looked_back(suspecting(), look, at=2 * MINUTE)
    assert ledger.failing_since is None
    assert step(ledger, alert(), alert("Worse"), at=2 * MINUTE) == Notify(NotifyReason.MEMBERS_CHANGED)


def test_an_unconfirmed_send_that_may_not_be_looked_for_is_let_go_too() -> None:
    ledger = suspecting()
    for minute in range(2, 25):
        if isinstance(step(ledger, at=minute * MINUTE), LookBack):
            ledger = looked_back(ledger, Refused("missing_scope", permanent=True), at=minute * MINUTE)
    assert (ledger.unconfirmed, step(ledger, at=25 * MINUTE)) == ((), Rest(None, RestReason.NOTHING_DUE))


def test_a_look_that_was_not_answered_is_made_again() -> None:
    ledger = answered(empty(), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    after = looked_back(ledger, TIMEOUT, at=19 * SECOND)
    assert after.intent is not None
    assert isinstance(step(after, at=MINUTE), LookBack)


def test_a_message_found_late_does_not_stand_for_a_reply() -> None:
    """The note was not said and the message is one too many."""
    ledger = msgspec.structs.replace(suspecting(), pending_notes=(SAID,))
    ledger = settle(
        begin_reply(ledger, "r1", START + 70_000), None, TIMEOUT, START + 78_000, looks=True, notes=True
    )
    after = looked_back(ledger, Found({"a1": LATE}), at=2 * MINUTE)
    assert after.orphans == (LATE,)
    assert after.pending_notes == (SAID,)


def test_an_older_message_that_is_found_is_brought_up_to_date() -> None:
    """a1 said less than a2, and only a1 arrived."""
    ledger = answered(empty(), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    ledger = looked_back(ledger, Found({}), at=35 * SECOND)
    both = (alert(), alert(pod="b", at=30 * SECOND))
    ledger = answered(ledger, TIMEOUT, *both, at=36 * SECOND, attempt="a2", answered_at=44 * SECOND)
    ledger = looked_back(ledger, Found({"a1": LATE}), *both, at=46 * SECOND)
    assert ledger.message_ref == LATE
    assert step(ledger, *both, at=80 * SECOND) == Notify(NotifyReason.MEMBERS_CHANGED)


def test_a_newer_message_that_arrives_after_the_older_one_was_found_is_withdrawn() -> None:
    ledger = answered(empty(), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    ledger = looked_back(ledger, Found({}), at=35 * SECOND)
    ledger = answered(ledger, TIMEOUT, at=36 * SECOND, attempt="a2", answered_at=44 * SECOND)
    ledger = looked_back(ledger, Found({"a1": MESSAGE}), at=46 * SECOND)
    assert step(ledger, at=3 * MINUTE) == LookBack(("a2",), START + 36 * SECOND)
    assert looked_back(ledger, Found({"a2": LATE}), at=3 * MINUTE).orphans == (LATE,)


def test_both_messages_are_found_and_one_is_withdrawn() -> None:
    ledger = answered(empty(), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    ledger = looked_back(ledger, Found({}), at=35 * SECOND)
    ledger = answered(ledger, TIMEOUT, at=36 * SECOND, attempt="a2", answered_at=44 * SECOND)
    ledger = looked_back(ledger, Found({"a1": LATE, "a2": MESSAGE}), at=46 * SECOND)
    assert (ledger.message_ref, ledger.orphans) == (MESSAGE, (LATE,))


def test_an_unanswered_edit_is_made_again_now_and_once_more_when_it_must_have_acted() -> None:
    ledger = told("chat", alert(), at=10 * SECOND)
    over = alert(ended=MINUTE)
    ledger = answered(ledger, TIMEOUT, over, at=60 * SECOND, answered_at=68 * SECOND)
    assert step(ledger, over, at=70 * SECOND) == Notify(NotifyReason.ENDED)
    ledger = answered(ledger, Delivered(MESSAGE), over, at=70 * SECOND)
    ledger = msgspec.structs.replace(ledger, pending_notes=())
    assert step(ledger, over, at=80 * SECOND) == Rest(START + 100 * SECOND, RestReason.NOTHING_DUE)
    assert step(ledger, over, at=100 * SECOND) == Notify(NotifyReason.SAID_ONCE_MORE)
    ledger = answered(ledger, Delivered(MESSAGE), over, at=100 * SECOND)
    assert step(ledger, over, at=10 * MINUTE) == Rest(None, RestReason.NOTHING_DUE)


def test_an_edit_that_was_made_again_late_enough_is_made_no_third_time() -> None:
    over = alert(ended=MINUTE)
    ledger = answered(
        told("chat", alert(), at=10 * SECOND), TIMEOUT, over, at=60 * SECOND, answered_at=68 * SECOND
    )
    ledger = msgspec.structs.replace(
        answered(ledger, Delivered(MESSAGE), over, at=98 * SECOND), pending_notes=()
    )
    assert step(ledger, over, at=99 * SECOND) == Rest(None, RestReason.NOTHING_DUE)


# Nobody knows: the pager


def test_an_unanswered_trigger_is_sent_again_under_its_key() -> None:
    ledger = answered(empty("pager"), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    assert step(ledger, at=20 * SECOND) == Notify(NotifyReason.UNANSWERED)
    again = begun(assumed(ledger), at=20 * SECOND, attempt="a2").intent
    assert again is not None
    assert again.generation == 1


def test_an_end_after_an_unanswered_trigger_is_sent_again_thirty_seconds_later_and_no_more() -> None:
    over = alert(ended=MINUTE)
    ledger = answered(empty("pager"), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    ledger = answered(assumed(ledger), Delivered(MESSAGE), at=20 * SECOND)
    ledger = answered(ledger, Delivered(MESSAGE), over, at=2 * MINUTE)
    assert step(ledger, over, at=2 * MINUTE) == Rest(START + 150 * SECOND, RestReason.NOTHING_DUE)
    assert step(ledger, over, at=150 * SECOND) == Notify(NotifyReason.SAID_ONCE_MORE)
    ledger = answered(ledger, Delivered(MESSAGE), over, at=150 * SECOND)
    assert step(ledger, over, at=60 * MINUTE) == Rest(None, RestReason.NOTHING_DUE)


def test_an_end_after_an_answered_trigger_is_sent_once() -> None:
    ledger = answered(
        told("pager", alert(), at=10 * SECOND), Delivered(MESSAGE), alert(ended=MINUTE), at=2 * MINUTE
    )
    assert step(ledger, alert(ended=MINUTE), at=60 * MINUTE) == Rest(None, RestReason.NOTHING_DUE)


# What must hold whatever the vendor answers

ANSWERS = st.one_of(
    st.builds(Delivered, st.just(MESSAGE)),
    st.builds(Refused, st.just("unavailable"), retry_after=st.sampled_from([0, 1, 90 * SECOND])),
    st.just(TIMEOUT),
    st.just(Refused("not_found", gone=True)),
)
LOOKS: st.SearchStrategy[Look] = st.one_of(
    st.just(Found({})),
    st.just(Found({"a1": MESSAGE})),
    st.just(Found({"a2": LATE})),
    st.just(AWAY),
    st.just(TIMEOUT),
)


@given(st.sampled_from(["chat", "pager"]), st.lists(ANSWERS, max_size=8), st.lists(LOOKS, max_size=8))
def test_whatever_is_answered_the_target_is_notified_of_the_truth_in_the_end(
    target: str, answers: list[Answer], looks: list[Look]
) -> None:
    """Once the vendor takes what it is given, the ledger rests with the newest state and nothing is left to
    do.
    """
    ledger, now, topics = empty(target), 10 * SECOND, 0
    for _ in range(500):  # what was given up is looked for for a day
        after = step(ledger, at=now)
        if is_final(after):
            break
        match after:
            case Rest(until, _):
                assert until is not None
                assert until > START + now
                now = until - START
            case Notify():
                topics += 1
                answer = answers.pop() if answers else Delivered(MESSAGE)
                ledger = answered(ledger, answer, at=now, attempt=f"a{topics}")
            case LookBack():
                ledger = looked_back(ledger, looks.pop() if looks else Found({}), at=now)
            case GiveUp():
                ledger = given_up(ledger, START + now)
            case Withdraw():
                ledger = withdrawn(ledger, Delivered(MESSAGE), START + now)
    assert step(ledger, at=now) == Rest(None, RestReason.NOTHING_DUE)
    assert (ledger.last_notified.state, ledger.intent, ledger.orphans) == (NotifiedState.FIRING, None, ())


@given(st.integers(1, 60), st.sampled_from([AWAY, TIMEOUT]))
def test_a_backoff_is_never_longer_than_half_a_minute_and_never_none(attempts: int, answer: Answer) -> None:
    ledger = msgspec.structs.replace(empty("pager"), attempts=attempts)
    waited = answered(ledger, answer, at=10 * SECOND).next_try - START - 10 * SECOND
    assert 0 < waited <= 30 * SECOND


def test_a_fallback_is_not_taken_twice() -> None:
    once = fall_back(msgspec.structs.replace(empty(), failing_since=START), 2 * MINUTE, START + 2 * MINUTE)
    assert fall_back(once, 2 * MINUTE, START + 9 * MINUTE) == once
