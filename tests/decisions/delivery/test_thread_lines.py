"""A line of a thread is one reply that is edited, for as long as it can be."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.delivery.intents import begin_reply
from gateway.decisions.delivery.next_step import Reply, next_step
from gateway.decisions.delivery.settle import settle
from gateway.decisions.delivery.thread_lines import edited_reply, still_to_be_said
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Ledger, MessageRef, Note
from gateway.model.notification import Answer, Delivered, Refused, Unanswered
from tests.decisions.cases import MESSAGE, alert, planned, route, told
from tests.support.build import START, rulebook

FIRST, SECOND_TIME = Note("fired again, 2nd time", line="again"), Note("fired again, 3rd time", line="again")
PLAIN = Note("acknowledged by ann")
REPLY = MessageRef("1.2", "C1")
PATIENT = rulebook(route(resolve_after=5 * MINUTE))


def owing(*notes: Note, **more: object) -> Ledger:
    return msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), pending_notes=notes, **more)


def said(ledger: Ledger, answer: Answer) -> Ledger:
    begun = begin_reply(ledger, "a1", START + MINUTE)
    return settle(begun, None, answer, START + MINUTE, looks=True, notes=True)


def test_a_note_of_a_line_has_a_reply_of_its_own() -> None:
    ledger = owing(PLAIN, FIRST, Note("rose"))
    view = planned(alert(), at=MINUTE, ledgers=(ledger,)).views["chat"]
    assert next_step(ledger, view, START + MINUTE, looks=True) == Reply((PLAIN, Note("rose")))
    rest = said(ledger, Delivered(REPLY))
    assert rest.pending_notes == (FIRST,)
    assert next_step(rest, view, START + MINUTE, looks=True) == Reply((FIRST,))


def test_the_next_note_of_a_line_edits_its_reply_and_makes_nothing_new() -> None:
    ledger = said(owing(FIRST), Delivered(REPLY))
    assert (ledger.lines, ledger.pending_notes) == ({"again": REPLY}, ())
    begun = begin_reply(msgspec.structs.replace(ledger, pending_notes=(SECOND_TIME,)), "a2", START + MINUTE)
    assert begun.intent is not None
    assert (edited_reply(begun, begun.intent.notes), begun.intent.creates_message) == (REPLY, False)


def test_an_edit_that_nobody_answered_is_made_again_and_not_looked_for() -> None:
    ledger = said(owing(SECOND_TIME, lines={"again": REPLY}), Unanswered("timeout"))
    assert (ledger.intent, ledger.pending_notes, ledger.lines) == (None, (SECOND_TIME,), {"again": REPLY})


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        pytest.param(Refused("gone", gone=True), (), id="somebody removed the reply, and does not want it again"),
        pytest.param(
            Refused("invalid", "edit_window_closed", permanent=True), (FIRST,), id="it is too old to be edited"
        ),
    ],
)  # fmt: skip
def test_a_reply_that_cannot_be_edited_is_not_posted_for_that_and_its_message_stays(
    answer: Refused, again: tuple[Note, ...]
) -> None:
    ledger = said(owing(SECOND_TIME, PLAIN, lines={"again": REPLY, "further 2": MESSAGE}), answer)
    assert (ledger.pending_notes, ledger.lines["further 2"]) == ((PLAIN,), MESSAGE)
    assert (ledger.message_ref, ledger.dead, ledger.intent) == (MESSAGE, "", None)
    assert still_to_be_said((FIRST,), ledger.lines) == again


def test_of_two_notes_that_wait_for_the_same_line_the_newest_is_said() -> None:
    assert still_to_be_said((FIRST, PLAIN, SECOND_TIME), {"again": REPLY}) == (PLAIN, SECOND_TIME)


def test_a_new_generation_begins_with_no_lines() -> None:
    ledger = msgspec.structs.replace(told("chat", alert(), at=10 * SECOND), lines={"again": REPLY})
    over = alert(ended=MINUTE)
    ended = told("chat", over, at=2 * MINUTE, ledgers=(ledger,))
    assert ended.lines == {"again": REPLY}
    again = told("chat", over, alert(episode=2, at=3 * MINUTE), at=4 * MINUTE, ledgers=(ended,))
    assert (again.generation, again.lines) == (2, {})


def test_a_message_that_was_posted_anew_begins_with_no_lines() -> None:
    ledger = msgspec.structs.replace(
        told("chat", alert(), at=10 * SECOND), lines={"again": REPLY}, message_ref=MessageRef("0.1", "C1")
    )
    members = (alert(), alert(pod="b", at=MINUTE))
    assert told("chat", *members, at=2 * MINUTE, ledgers=(ledger,)).lines == {}


def test_a_flap_that_waits_to_be_said_is_said_once_with_its_newest_count() -> None:
    ledger = told("chat", alert(), at=10 * SECOND, rules=PATIENT)
    lives = [alert(ended=MINUTE)]
    for number in (2, 3):
        at = number * MINUTE
        firing = alert(episode=number, at=at)
        ledger = told("chat", *lives, firing, at=at + SECOND, rules=PATIENT, ledgers=(ledger,))
        lives.append(alert(episode=number, at=at, ended=at + 30 * SECOND))
    assert [(note.line, note.text.partition("fired again, ")[2][:8]) for note in ledger.pending_notes] == [
        ("again", "3rd time")
    ]
