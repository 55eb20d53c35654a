"""Notes that the gateway leaves at a vendor about what people did here, each found again by the id of its
attempt.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

MOST_WAITING = 200
_MARK = "alert gateway, note "


class VendorNote(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A note for the page that the incident has at the target. `attempt` is the same however often it is
    tried.
    """

    attempt: str
    incident: str
    target: str
    text: str
    at: int

    @property
    def content(self) -> str:
        return f"{self.text} ({_MARK}{self.attempt})"


class NoteQueue(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The notes that wait. There is a queue only where notes are wanted."""

    notes: tuple[VendorNote, ...] = ()

    def with_note(self, *notes: VendorNote) -> NoteQueue:
        known = {note.attempt for note in self.notes}
        new = tuple(note for note in notes if note.attempt not in known)
        return NoteQueue((*self.notes, *new)[-MOST_WAITING:])

    def without(self, attempts: frozenset[str]) -> NoteQueue:
        return NoteQueue(tuple(note for note in self.notes if note.attempt not in attempts))


def load_note_queue(raw: bytes) -> NoteQueue | None:
    return msgspec.msgpack.decode(raw, type=NoteQueue) if raw else None


def dump_note_queue(queue: NoteQueue) -> bytes:
    return msgspec.msgpack.encode(queue)


def attempt_of(*seed: str | int) -> str:
    return blake2b("|".join(map(str, seed)).encode(), digest_size=6).hexdigest()


def is_ours(text: str) -> bool:
    """Return whether it is a note of ours that comes back."""
    return _MARK in text
