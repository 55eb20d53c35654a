"""Which notifications only bring readers up to date, and so are few where nothing can be edited."""

from __future__ import annotations

import pytest

from gateway.decisions.notification.update_limit import is_update, settle_update
from gateway.model.ledger import NEVER_NOTIFIED, Intent, LastNotified, Ledger, MessageRef, NotifiedState, Part
from gateway.model.notification import Answer, Delivered, Refused, Unanswered
from gateway.model.severity import Severity
from tests.support.build import START

FIRES = LastNotified(NotifiedState.FIRING, Severity.WARNING, {"a.1": True})
JOINED = LastNotified(NotifiedState.FIRING, Severity.WARNING, {"a.1": True, "b.1": True})
ENDED = LastNotified(NotifiedState.ENDED, Severity.WARNING, {"a.1": False})


@pytest.mark.parametrize(
    ("told", "desired", "update"),
    [
        pytest.param(NEVER_NOTIFIED, FIRES, False, id="a first firing"),
        pytest.param(FIRES, JOINED, True, id="an alert that joins"),
        pytest.param(FIRES, LastNotified(NotifiedState.FIRING, Severity.CRITICAL), False, id="a rise in severity"),
        pytest.param(FIRES, LastNotified(NotifiedState.FIRING, Severity.INFO), True, id="a fall in severity"),
        pytest.param(FIRES, LastNotified(NotifiedState.FIRING, Severity.WARNING, paged=True), False, id="a page"),
        pytest.param(FIRES, LastNotified(NotifiedState.FIRING, Severity.WARNING, acknowledged_by="anna"), True, id="somebody has it"),
        pytest.param(FIRES, LastNotified(NotifiedState.FIRING, Severity.WARNING, covers={"pager": True}), False, id="it stands in"),
        pytest.param(
            LastNotified(NotifiedState.FIRING, Severity.WARNING, covers={"pager": True}),
            LastNotified(NotifiedState.FIRING, Severity.WARNING, covers={"pager": False}),
            True,
            id="what it stands in for is back",
        ),
        pytest.param(FIRES, ENDED, False, id="an end"),
        pytest.param(FIRES, LastNotified(NotifiedState.CLOSED, Severity.WARNING), False, id="closed by hand"),
        pytest.param(FIRES, LastNotified(NotifiedState.MOVED, Severity.WARNING), False, id="told elsewhere"),
        pytest.param(ENDED, FIRES, False, id="a firing after the end"),
    ],
)  # fmt: skip
def test_an_update_is_what_changes_nothing_that_somebody_has_to_decide_on(
    told: LastNotified, desired: LastNotified, update: bool
) -> None:
    assert is_update(told, desired) is update


def begun(told: LastNotified, said: LastNotified, part: Part = Part.MESSAGE) -> Ledger:
    intent = Intent("a1", START, part, 1, 1, said, creates_message=False)
    return Ledger(
        "i1", "ops", "ops", last_notified=told, intent=intent, updates=2, left_out=3, left_out_last=JOINED
    )


@pytest.mark.parametrize(
    ("told", "said", "answer", "updates", "left_out"),
    [
        pytest.param(
            FIRES, JOINED, Delivered(MessageRef("m")), 3, 0, id="it counts, and what was left out was said"
        ),
        pytest.param(FIRES, JOINED, Unanswered("cut"), 3, 3, id="it may have arrived"),
        pytest.param(JOINED, JOINED, Delivered(MessageRef("m")), 2, 0, id="a repeat of what was counted"),
        pytest.param(FIRES, JOINED, Refused("unavailable"), 2, 3, id="nobody got it"),
        pytest.param(FIRES, ENDED, Delivered(MessageRef("m")), 2, 0, id="an end is no update"),
    ],
)
def test_an_update_counts_once_it_may_have_arrived(
    told: LastNotified, said: LastNotified, answer: Answer, updates: int, left_out: int
) -> None:
    ledger = begun(told, said)
    after = settle_update(ledger, ledger, answer)
    assert (after.updates, after.left_out) == (updates, left_out)


def test_a_reminder_counts_nothing_and_says_nothing_of_what_was_left_out() -> None:
    ledger = begun(FIRES, FIRES, Part.REPLY)
    assert settle_update(ledger, ledger, Delivered(MessageRef("m"))) == ledger


def test_what_is_delivered_is_never_said_once_more() -> None:
    ledger = begun(FIRES, ENDED)
    settled = Ledger(
        "i1", "ops", "ops", last_notified=ENDED, repeat_at=START + 30_000, unconfirmed_since=START
    )
    after = settle_update(ledger, settled, Delivered(MessageRef("m")))
    assert (after.repeat_at, after.unconfirmed_since) == (None, None)
