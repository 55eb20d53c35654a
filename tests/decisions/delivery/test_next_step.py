"""The next step towards a target, and the intent that is written down before each send."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.delivery.intents import begin_reply
from gateway.decisions.delivery.next_step import (
    LookBack,
    Notify,
    Reply,
    Rest,
    RestReason,
    Withdraw,
)
from gateway.model.alert import Alert
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Endpoint, Ledger, MessageRef, NotifiedState, Part
from gateway.model.notification import Delivered
from gateway.model.verdict import NotifyReason
from tests.decisions.cases import BY_PAGERDUTY, BY_SLACK, MESSAGE, alert, closed, told
from tests.decisions.delivery.attempts import INVALID, LATE, SAID, answered, begun, empty, step
from tests.support.build import START

# The next step


def test_a_notification_that_waits_rests_until_it_is_due() -> None:
    assert step(empty(), at=SECOND) == Rest(START + 10 * SECOND, RestReason.NOTHING_DUE)


def test_a_notification_that_is_due_is_sent() -> None:
    assert step(empty(), at=10 * SECOND) == Notify(NotifyReason.FIRST_NOTIFICATION)


def test_a_target_that_was_notified_of_everything_rests_for_good() -> None:
    assert step(told("chat", alert(), at=10 * SECOND), at=MINUTE) == Rest(None, RestReason.NOTHING_DUE)


def test_a_backoff_is_waited_for() -> None:
    ledger = msgspec.structs.replace(empty(), next_try=START + 20 * SECOND)
    assert step(ledger, at=15 * SECOND) == Rest(START + 20 * SECOND, RestReason.BACKING_OFF)


def test_what_the_thread_is_owed_is_replied_once_the_message_is_there() -> None:
    ledger = msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), pending_notes=(SAID,))
    assert step(ledger, at=MINUTE) == Reply((SAID,))


def test_the_message_is_brought_up_to_date_before_the_thread() -> None:
    ledger = msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), pending_notes=(SAID,))
    assert step(ledger, alert(ended=MINUTE), at=MINUTE) == Notify(NotifyReason.ENDED)


def test_an_intent_that_nobody_settled_is_looked_for_before_it_is_repeated_in_chat() -> None:
    assert step(begun(empty(), at=10 * SECOND), at=40 * SECOND) == LookBack(("a1",), START + 10 * SECOND)


def test_an_intent_that_nobody_settled_is_repeated_under_its_key_at_the_pager() -> None:
    assert step(begun(empty("pager"), at=10 * SECOND), at=40 * SECOND) == Notify(NotifyReason.UNANSWERED)


def test_an_edit_that_nobody_settled_is_made_again_without_a_look() -> None:
    ledger = told("chat", alert(), at=10 * SECOND)
    assert step(begun(ledger, alert(ended=MINUTE), at=MINUTE), alert(ended=MINUTE), at=2 * MINUTE) == Notify(
        NotifyReason.ENDED
    )


def test_an_orphan_message_is_withdrawn_first() -> None:
    ledger = msgspec.structs.replace(
        told("chat", alert(), at=10 * SECOND), orphans=(LATE,), pending_notes=(SAID,)
    )
    assert step(ledger, at=MINUTE) == Withdraw(LATE)


def test_a_dead_letter_rests() -> None:
    dead = answered(empty(), INVALID, at=10 * SECOND)
    assert step(dead, at=MINUTE) == Rest(None, RestReason.DEAD_LETTER)


# The intent


def test_an_intent_carries_what_the_target_was_notified_of_once_it_arrives() -> None:
    intent = begun(empty(), at=10 * SECOND).intent
    assert intent is not None
    assert (intent.attempt, intent.at, intent.last_notified.state, intent.generation) == (
        "a1",
        START + 10 * SECOND,
        NotifiedState.FIRING,
        1,
    )


def test_an_intent_alone_is_not_yet_a_notification() -> None:
    ledger = begun(empty(), at=10 * SECOND)
    assert (ledger.last_notified.state, ledger.generation, ledger.notified_at) == (
        NotifiedState.NOTHING,
        0,
        None,
    )


@pytest.mark.parametrize(
    ("ledger", "members", "creates_message"),
    [
        pytest.param(empty(), [alert()], True, id="a first message is something new"),
        pytest.param(told("chat", alert(), at=10_000), [alert(ended=60_000)], False, id="an edit is not"),
        pytest.param(empty("pager"), [alert()], False, id="an event under a key is not"),
    ],
)
def test_what_may_not_be_repeated_blindly(
    ledger: Ledger, members: list[Alert], creates_message: bool
) -> None:
    intent = begun(ledger, *members, at=2 * MINUTE).intent
    assert intent is not None
    assert intent.creates_message is creates_message


def test_a_ledger_keeps_what_it_was_told_through() -> None:
    assert begun(empty("pager"), at=10 * SECOND).endpoint == BY_PAGERDUTY


# The generation


def ended_at(target: str) -> Ledger:
    return answered(
        told(target, alert(), at=10 * SECOND), Delivered(MESSAGE), alert(ended=MINUTE), at=2 * MINUTE
    )


@pytest.mark.parametrize(("target", "message_ref"), [("chat", MESSAGE), ("pager", None)])
def test_firing_after_a_told_end_is_a_new_generation(target: str, message_ref: MessageRef | None) -> None:
    """In chat the same message goes on; at the pager it is a new key."""
    lives = (alert(ended=MINUTE), alert(episode=2, at=3 * MINUTE))
    ledger = begun(ended_at(target), *lives, at=4 * MINUTE, attempt="a2")
    assert ledger.intent is not None
    assert (ledger.intent.generation, ledger.message_ref) == (2, message_ref)


def test_another_proxy_is_no_reason_for_another_message() -> None:
    lives = (alert(ended=MINUTE), alert(episode=2, at=3 * MINUTE))
    through = msgspec.structs.replace(BY_SLACK, proxy="none")
    assert begun(ended_at("chat"), *lives, at=4 * MINUTE, endpoint=through).message_ref == MESSAGE


def test_an_end_and_an_edit_keep_the_generation() -> None:
    assert ended_at("chat").generation == 1
    edited = answered(
        told("chat", alert(), at=10_000), Delivered(MESSAGE), alert(), alert(pod="b", at=11_000), at=MINUTE
    )
    assert edited.generation == 1


def test_firing_after_a_close_by_hand_is_a_new_generation() -> None:
    ledger = told("pager", alert(), at=10 * SECOND)
    ledger = told("pager", alert(), at=MINUTE, ledgers=(ledger,), closed=closed(at=MINUTE))
    assert (ledger.last_notified.state, ledger.generation) == (NotifiedState.CLOSED, 1)
    assert told("pager", alert(), at=2 * MINUTE, ledgers=(ledger,)).generation == 2


def test_a_first_notification_through_another_channel_is_a_message_of_its_own() -> None:
    lives = (alert(ended=MINUTE), alert(episode=2, at=3 * MINUTE))
    moved = Endpoint("slack", "C2", "SLACK_BOT_TOKEN", "mark")
    ledger = begun(ended_at("chat"), *lives, at=4 * MINUTE, attempt="a2", endpoint=moved)
    assert (ledger.message_ref, ledger.endpoint) == (None, moved)


# What must hold whatever the vendor answers


def test_a_reply_is_an_intent_of_its_own() -> None:
    ledger = begin_reply(
        msgspec.structs.replace(told("chat", alert(), at=10_000), pending_notes=(SAID,)), "r1", START + MINUTE
    )
    assert ledger.intent is not None
    assert (ledger.intent.part, ledger.intent.notes, ledger.intent.attempt) == (Part.REPLY, (SAID,), "r1")
