"""Lines of a thread: replies that are edited, so that what happens again and again is read once.

A note may go on a line (`Note.line`). The first note of a line is a reply; each later one edits that reply,
which calls nobody. Another message, or another generation of it, begins with no lines.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.model.ledger import Intent, Ledger, MessageRef, Note, Part
from gateway.model.notification import Refused

Notes = tuple[Note, ...]

REMOVED = MessageRef("")  # in place of a reply that somebody removed


def said_together(notes: Notes) -> Notes:
    """Return the notes that the next reply says: one that goes on a line is alone in its reply."""
    return notes[:1] if notes[0].line else tuple(note for note in notes if not note.line)


def edited_reply(ledger: Ledger, notes: Notes) -> MessageRef | None:
    """Return the reply that these notes edit, None where they make a new one."""
    return ledger.lines.get(notes[0].line)


def still_to_be_said(notes: Notes, lines: Mapping[str, MessageRef]) -> Notes:
    """Leave out what a later note of the same line takes the place of, and lines that somebody removed."""
    newest = {note.line: note for note in notes if note.line and lines.get(note.line) != REMOVED}
    return tuple(note for note in notes if not note.line or newest.get(note.line) is note)


def begun_lines(lines: Mapping[str, MessageRef], waiting: Notes) -> frozenset[str]:
    """Return the names of the lines that the thread has, or gets by the notes that wait."""
    return frozenset((*lines, *(note.line for note in waiting if note.line)))


def replied(ledger: Ledger, intent: Intent, reply: MessageRef) -> Ledger:
    """Return the ledger once the vendor has the reply with the notes of this intent."""
    lines = {note.line: reply for note in intent.notes if note.line}
    return msgspec.structs.replace(_without_notes(ledger, intent), lines={**ledger.lines, **lines})


def edits_a_line(intent: Intent) -> bool:
    return intent.part is Part.REPLY and not intent.creates_message


def without_line(ledger: Ledger, intent: Intent, answer: Refused) -> Ledger:
    """Settle the edit of a reply that cannot be edited, without posting it again for that.

    A line that somebody removed is not begun again: the message says the same. Where a reply is too old to be
    edited, the next news of its line is a new reply.
    """
    names = {note.line for note in intent.notes}
    lines = {name: reply for name, reply in ledger.lines.items() if name not in names}
    if answer.gone:
        lines |= dict.fromkeys(names, REMOVED)
    return msgspec.structs.replace(
        _without_notes(ledger, intent), intent=None, lines=lines, error=answer.reason
    )


def _without_notes(ledger: Ledger, intent: Intent) -> Ledger:
    waiting = tuple(note for note in ledger.pending_notes if note not in intent.notes)
    return msgspec.structs.replace(ledger, pending_notes=waiting)
