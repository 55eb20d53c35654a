"""A ledger: what one target was told of one incident, through what, and what is still open with its vendor."""

from __future__ import annotations

import msgspec

from gateway.model.incident import Note, Part, Remote, Standings, Through, Told
from gateway.model.severity import Severity


class Believed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a target believes after a telling. Two equal ones need no edit; the difference of two makes the thread's notes.

    `members` maps episode ids to whether they were shown firing; `covers` names the failing targets that this one stands in
    for, with True while they fail.
    """

    state: Told = Told.NOTHING
    severity: Severity = Severity.NONE
    members: dict[str, bool] = {}
    acknowledged_by: str = ""
    closed_by: str = ""
    paged: bool = False
    quiet: bool = False
    covers: dict[str, bool] = {}
    hushed: dict[str, str] = {}  # told before, and kept from people since: why, by episode


NOTHING_BELIEVED = Believed()


class Intent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A send that was begun. `believed` is what the target believes if it got there, `notes` what is said by it, or after it."""

    attempt: str
    at: int
    part: Part
    generation: int
    revision: int
    believed: Believed
    notes: tuple[Note, ...] = ()
    fresh: bool = True  # makes something new at the vendor (a message, a reply): repeating it blindly would say it twice


class Ledger(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The record, keyed by `incident|target`. Times in ms, 0 for never."""

    incident: str
    target: str
    destination: str
    through: Through | None = None
    believed: Believed = NOTHING_BELIEVED
    generation: int = 0
    revision: int = 0
    told_at: int = 0
    first_told_at: int = 0
    remote: Remote | None = None
    intent: Intent | None = None
    suspects: tuple[Intent, ...] = ()  # unanswered, not found within the wait, repeated: looked for once more later
    extras: tuple[Remote, ...] = ()  # found later than the wait: to be withdrawn
    owed: tuple[Note, ...] = ()  # what the thread still has to be told
    attempts: int = 0
    failing_since: int = 0
    next_try: int = 0
    error: str = ""
    dead: str = ""  # the dead letter's reason, until retried by hand or overtaken by news
    look_at: int = 0  # when the suspects are looked for once more
    fell_back_at: int = 0
    repeat_at: int = 0  # say the newest state once more: an unanswered send may still act late
    uneasy_since: int = 0  # when a send went unanswered that may still act
    reminded_at: int = 0
    standings: Standings = Standings()
    refused: Believed = NOTHING_BELIEVED  # what the dead letter would have said

    @property
    def key(self) -> str:
        return ledger_key(self.incident, self.target)


def ledger_key(incident: str, target: str) -> str:
    return f"{incident}|{target}"


def deliver_subject(target: str, incident: str) -> str:
    """The agenda's subject of one delivery; its lane is the target."""
    return f"deliver:{target}|{incident}"
