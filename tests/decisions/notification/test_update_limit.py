"""Where nothing can be edited, updates are few, and whatever is more than an update is never limited."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.notification.update_limit import (
    count_left_out,
    is_update,
    left_out_before,
    limit_updates,
    settle_update,
)
from gateway.decisions.notification.view import View
from gateway.model.durations import MINUTE
from gateway.model.ledger import Intent, LastNotified, Ledger, MessageRef, NotifiedState, Part
from gateway.model.notification import Answer, Delivered, Refused, Unanswered
from gateway.model.severity import Severity
from gateway.model.verdict import NotifyReason
from gateway.outbound.mail.destination import Mailbox
from tests.support.build import START, mail, slack

LIMIT = Mailbox.update_limit
assert LIMIT is not None
FIRING = LastNotified(NotifiedState.FIRING, Severity.WARNING, {"a.1": True})
MORE = msgspec.structs.replace(FIRING, members={"a.1": True, "b.1": True})
ENDED = LastNotified(NotifiedState.ENDED, Severity.WARNING, {"a.1": False})
TAKEN = Delivered(MessageRef("1"))


@pytest.mark.parametrize(
    ("told", "desired", "update"),
    [
        pytest.param(FIRING, MORE, True, id="another alert joins"),
        pytest.param(FIRING, msgspec.structs.replace(FIRING, acknowledged_by="ann"), True, id="somebody has it"),
        pytest.param(LastNotified(), FIRING, False, id="a first firing"),
        pytest.param(FIRING, ENDED, False, id="an end"),
        pytest.param(ENDED, FIRING, False, id="a firing after an end"),
        pytest.param(FIRING, msgspec.structs.replace(FIRING, severity=Severity.CRITICAL), False, id="it got worse"),
        pytest.param(FIRING, msgspec.structs.replace(FIRING, paged=True), False, id="it calls somebody now"),
        pytest.param(FIRING, msgspec.structs.replace(FIRING, covers={"pager": True}), False, id="it stands in for another"),
        pytest.param(
            msgspec.structs.replace(FIRING, covers={"pager": True}), msgspec.structs.replace(FIRING, covers={"pager": False}),
            True, id="the other can be reached again",
        ),
    ],
)  # fmt: skip
def test_what_only_brings_readers_up_to_date(told: LastNotified, desired: LastNotified, update: bool) -> None:
    assert is_update(told, desired) is update


def view(desired: LastNotified = MORE, *, due: int | None = START, **ledger: object) -> View:
    """One that was notified of FIRING at START and that should be notified of `desired`."""
    made = Ledger("inc", "ops", "ops", **{"last_notified": FIRING, "notified_at": START, **ledger})  # type: ignore[arg-type]
    return View("ops", mail(), "ops", made, desired=desired, due=due, reason=NotifyReason.MEMBERS_CHANGED)


@pytest.mark.parametrize(
    ("given", "due", "reason"),
    [
        pytest.param(view(), START + LIMIT.interval, "members_changed", id="an update waits for its time"),
        pytest.param(view(due=START + 60 * MINUTE), START + 60 * MINUTE, "members_changed", id="one that is due later anyway"),
        pytest.param(view(updates=LIMIT.most), None, "update_left_out", id="enough were sent: it is left out"),
        pytest.param(view(ENDED, updates=LIMIT.most), START, "members_changed", id="an end is sent at its own time"),
        pytest.param(view(due=None), None, "members_changed", id="nothing is due"),
        pytest.param(
            msgspec.structs.replace(view(updates=LIMIT.most), destination=slack()), START, "members_changed",
            id="where messages are edited nothing is limited",
        ),
    ],
)  # fmt: skip
def test_when_an_update_is_sent(given: View, due: int | None, reason: str) -> None:
    limited = limit_updates(given)
    assert (limited.due, limited.reason.value) == (due, reason)


def test_a_change_that_is_kept_back_counts_once_and_is_said_by_the_next_notification() -> None:
    waiting = view(due=START + MINUTE)
    once = count_left_out(waiting.ledger, waiting, START)
    again = count_left_out(once, waiting, START + 1)
    assert (once.left_out, again.left_out) == (1, 1)
    assert left_out_before(waiting.with_ledger(once)) == 0, "it is the one that is notified now"
    assert left_out_before(view(ENDED).with_ledger(once)) == 1


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(view(), id="it is sent now"),
        pytest.param(view(FIRING, due=None), id="there is nothing to say"),
        pytest.param(view(ENDED, due=START + MINUTE), id="it is no update"),
    ],
)
def test_what_is_not_left_out_is_not_counted(given: View) -> None:
    assert count_left_out(given.ledger, given, START) is given.ledger


def intent(desired: LastNotified) -> Intent:
    return Intent("a1", START, Part.MESSAGE, 1, 1, desired)


@pytest.mark.parametrize(
    ("desired", "answer", "updates", "left_out"),
    [
        pytest.param(MORE, TAKEN, 3, 0, id="an update that arrived counts and says what was left out"),
        pytest.param(MORE, Unanswered("timeout"), 3, 5, id="an update that may have arrived counts"),
        pytest.param(MORE, Refused("unavailable"), 2, 5, id="a refusal is nothing"),
        pytest.param(FIRING, TAKEN, 2, 0, id="a repeat of the same does not count again"),
        pytest.param(ENDED, TAKEN, 2, 0, id="an end is no update"),
    ],
)
def test_what_an_answer_means_for_the_limit(desired: LastNotified, answer: Answer, updates: int, left_out: int) -> None:
    begun = view(updates=2, left_out=5, left_out_last=MORE, intent=intent(desired)).ledger
    settled = settle_update(begun, begun, answer)
    assert (settled.updates, settled.left_out) == (updates, left_out)
