"""How often a message that is removed, or cannot be edited, is posted anew."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.delivery import reposts
from gateway.decisions.delivery.next_step import LeadOn, Notify, Reply, Rest, RestReason
from gateway.decisions.delivery.reposts import (
    MOST_POSTS,
    gone,
    held_back_until,
    recent_posts,
    removed_too_often,
    root_is_sure,
)
from gateway.decisions.delivery.settle import led_on
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.instants import AT_ONCE
from gateway.model.ledger import Ledger, MessageRef, Note, NotifiedState
from gateway.model.notification import Delivered, Refused, Unanswered
from gateway.model.severity import Severity
from gateway.model.verdict import NotifyReason
from tests.decisions.cases import MESSAGE, alert, told
from tests.decisions.delivery.attempts import answered, empty, step
from tests.support.build import START

REMOVED = Refused("gone", "message_not_found", gone=True)
UNEDITABLE = Refused(reposts.UNEDITABLE, "edit_window_closed", gone=True)
OLD = MessageRef("1.1", "C1")


def ledger_with(posts: int, **changes: object) -> Ledger:
    """A ledger that was told, whose message is gone, and that was posted so often in the last minutes."""
    times = tuple(START + at * MINUTE for at in range(posts))
    ledger = told("chat", alert(), at=10 * SECOND)
    return msgspec.structs.replace(ledger, message_ref=None, posts=times, **changes)


def test_every_post_is_counted_for_an_hour_and_an_edit_is_none() -> None:
    posted = answered(empty(), Delivered(MESSAGE), at=10 * SECOND)
    assert posted.posts == (START + 10 * SECOND,)
    edited = answered(posted, Delivered(MESSAGE), alert(ended=MINUTE), at=MINUTE)
    assert edited.posts == posted.posts
    assert recent_posts(edited, START + HOUR + 10 * SECOND) == ()


@pytest.mark.parametrize(("posts", "wait"), [(0, 0), (1, 0), (2, MINUTE), (3, 5 * MINUTE), (9, 5 * MINUTE)])
def test_the_same_is_posted_anew_at_once_and_then_later_and_later(posts: int, wait: int) -> None:
    now = START + 10 * MINUTE
    after = gone(msgspec.structs.replace(ledger_with(posts), message_ref=OLD), REMOVED, now)
    assert (after.message_ref, after.left) == (None, None)
    assert after.repeat_at == (now + wait if wait else AT_ONCE)


def test_only_a_message_that_still_stands_has_a_thread_that_leads_on() -> None:
    before = msgspec.structs.replace(ledger_with(1), message_ref=OLD)
    assert gone(before, UNEDITABLE, START).left == OLD
    assert gone(before, REMOVED, START).left is None


@pytest.mark.parametrize(
    ("posts", "changed", "too_often"),
    [
        pytest.param(MOST_POSTS - 1, {}, False, id="it was posted a few times"),
        pytest.param(MOST_POSTS, {}, True, id="once more the same"),
        pytest.param(MOST_POSTS, {"acknowledged_by": "ann"}, True, id="an update"),
        pytest.param(MOST_POSTS, {"state": NotifiedState.ENDED}, False, id="the end"),
        pytest.param(MOST_POSTS, {"paged": True}, False, id="it pages from now on"),
    ],
)
def test_what_only_brings_up_to_date_is_not_posted_without_end(
    posts: int, changed: dict[str, object], too_often: bool
) -> None:
    ledger = ledger_with(posts)
    ledger = msgspec.structs.replace(
        ledger, last_notified=msgspec.structs.replace(ledger.last_notified, severity=Severity.WARNING)
    )
    desired = msgspec.structs.replace(ledger.last_notified, **changed)
    refused = removed_too_often(ledger, desired, START + 5 * MINUTE)
    assert (refused is not None) is too_often
    held = held_back_until(msgspec.structs.replace(ledger, left=OLD), desired, START + 5 * MINUTE)
    assert held == (START + HOUR if too_often else None)


def test_a_message_that_stands_is_edited_however_often_it_was_posted() -> None:
    ledger = msgspec.structs.replace(ledger_with(MOST_POSTS), message_ref=OLD)
    assert removed_too_often(ledger, ledger.last_notified, START) is None


def test_the_thread_of_the_old_message_leads_on_before_anything_else_is_said() -> None:
    ledger = msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), left=OLD)
    assert ledger.message_ref is not None
    assert step(ledger, alert(ended=MINUTE), at=2 * MINUTE) == LeadOn(OLD, ledger.message_ref)


def test_an_update_of_what_cannot_be_edited_rests_until_an_hour_has_passed() -> None:
    ledger = ledger_with(MOST_POSTS, left=OLD, repeat_at=AT_ONCE)
    assert step(ledger, at=5 * MINUTE) == Rest(START + HOUR, RestReason.POSTED_OFTEN)


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (Delivered(MESSAGE), None),
        (Unanswered("timeout"), None),
        (Refused("not_found", permanent=True), None),
        (Refused("gone", gone=True), None),
        (Refused("rate_limited", retry_after=SECOND), OLD),
    ],
)
def test_the_old_thread_is_told_once_at_most(answer: object, left: MessageRef | None) -> None:
    ledger = msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), left=OLD)
    assert led_on(ledger, answer, START + MINUTE).left == left  # type: ignore[arg-type]


def test_a_late_note_waits_for_an_edit_that_finds_the_message() -> None:
    ledger = msgspec.structs.replace(
        told("chat", alert(), at=10 * SECOND), pending_notes=(Note("Still firing"),)
    )
    assert isinstance(step(ledger, at=MINUTE), Reply)
    assert root_is_sure(ledger, START + MINUTE)
    assert step(ledger, at=HOUR) == Notify(NotifyReason.THREAD_CHECKED)
