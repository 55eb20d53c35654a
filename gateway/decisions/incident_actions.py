"""A person's actions on an incident, as values: acknowledge, snooze, close by hand, retry a dead letter.

An action is news, as a new alert is: the incident gets a new revision and is planned at once.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.model.alert import Alert
from gateway.model.durations import DAY, SECOND
from gateway.model.incident import Acknowledgement, Closure, Incident, Snooze
from gateway.model.ledger import Ledger, MessageRef, Note, NotifiedState, Part
from gateway.model.people import Press
from gateway.model.severity import Severity

PRESSES_KEPT = 32
LONGEST_SNOOZE = 7 * DAY  # what is to be quiet for longer is silenced, with a reason


def acknowledge(
    incident: Incident, firing: Iterable[Alert], by: str, now: int, heard_from: str = "", note: str = ""
) -> Incident | str:
    """Return the acknowledged incident, or a sentence that says why it cannot be acknowledged.

    `heard_from` is the target whose vendor says that the person has it. `note` is what the person says of it.
    """
    if incident.resolved_at:
        return "the incident is resolved"
    # A closed incident is suppressed already: there is nothing that a person could still take.
    if incident.closed is not None:
        return f"the incident was closed by {incident.closed.by}"
    return _new(incident, now, acknowledged=Acknowledgement(by, now, _worst(firing), heard_from, note))


def unacknowledge(incident: Incident, now: int, *, covered: bool = False) -> Incident | str:
    """Return the incident that nobody has, or a sentence that says why that is no news.

    `covered`: it was acknowledged at its vendor for a silence, which has to be said there once more.
    """
    if incident.acknowledged is None and not covered:
        return "nobody has acknowledged the incident"
    return _new(incident, now, acknowledged=None)


def snooze(incident: Incident, firing: Iterable[Alert], by: str, until: int, now: int) -> Incident | str:
    """Return the incident that calls nobody until people's clocks say `until` (ms), or a
    sentence that says why not.

    A second snooze takes the place of the first, so that it can be made longer and shorter.
    """
    firing = tuple(firing)
    if incident.resolved_at or not firing:
        return "nothing fires in the incident: it calls nobody"
    # Whoever closed it has asked for more than this already.
    if incident.closed is not None:
        return f"the incident was closed by {incident.closed.by}"
    return _new(incident, now, snoozed=Snooze(by, now, until, _worst(firing)))


def unsnooze(incident: Incident, now: int) -> Incident | str:
    if incident.snoozed is None:
        return "nobody has snoozed the incident"
    return _new(incident, now, snoozed=None)


def close(
    incident: Incident, firing: Iterable[Alert], by: str, note: str, length: int, now: int
) -> Incident | str:
    """Return the incident closed for `length` ms although alerts fire, or a sentence that says why not.

    `firing` are the alerts that people see as firing. A closed incident takes no new alerts.
    """
    firing = tuple(firing)
    # Nothing is left to close by hand: the end is told by itself.
    if incident.resolved_at or not firing:
        return "nothing fires in the incident: it ends by itself"
    # A second close would stretch the time after which the first one promised to tell what still fires.
    if incident.closed is not None:
        return f"the incident was already closed by {incident.closed.by}"
    # Nobody has to work on a closed incident; if it is told again, people must not think that
    # somebody has it.
    return _new(
        incident,
        now,
        closed=Closure(by, now, now + length, _worst(firing), note),
        acknowledged=None,
        snoozed=None,
    )


def pressed_before(incident: Incident, press: Press) -> bool:
    return press.mark in incident.presses


def pressed_too_late(ledgers: Iterable[Ledger], press: Press) -> str:
    """Say why a press means nothing any more, empty where it does.

    Whoever pressed it saw a message that is replaced by now, or that tells of a firing that is over. A
    message whose place is not written down yet, because it has just been sent or its answer was lost, is
    neither.
    """
    ledgers = tuple(ledgers)
    if not press.message or _pressed_at(ledgers, press) or _under_way(ledgers, press):
        return ""
    return "this message is not the one that tells of the incident any more"


def with_press(incident: Incident, press: Press) -> Incident:
    heard_at = incident.heard_at
    if press.happened_at is not None:
        # What was read may be brought late: it happened somewhen in that second.
        at = press.happened_at + (SECOND - 1 if press.whole_seconds else 0)
        heard_at = {**heard_at, press.message: max(at, heard_at.get(press.message, 0))}
    presses = (*incident.presses, press.mark)[-PRESSES_KEPT:]
    return msgspec.structs.replace(incident, presses=presses, heard_at=heard_at)


def reopen(incident: Incident, now: int) -> Incident | str:
    """Return the incident without its close by hand: somebody wants people to work on it again."""
    if incident.closed is None:
        return "nobody has closed the incident by hand"
    return _new(incident, now, closed=None)


def pressed_at(ledgers: Iterable[Ledger], press: Press) -> Ledger | None:
    """Return the ledger of the message that was pressed, None where it is none of these, tells of an earlier
    generation, or may be one of several: an incident has the same key in each service of PagerDuty's.
    """
    found = _pressed_at(ledgers, press)
    named = [ledger for ledger in found if ledger.endpoint and ledger.endpoint.address in press.places]
    candidates = named or found
    return candidates[0] if len(candidates) == 1 else None


def _pressed_at(ledgers: Iterable[Ledger], press: Press) -> list[Ledger]:
    message = MessageRef(press.message, press.channel)
    return [
        ledger
        for ledger in ledgers
        if ledger.message_ref == message and ledger.generation == press.generation
    ]


def _under_way(ledgers: Iterable[Ledger], press: Press) -> bool:
    """Return whether a message of this generation may be where people see it already."""
    return any(
        intent is not None
        and intent.part is Part.MESSAGE
        and intent.creates_message
        and intent.generation == press.generation
        for ledger in ledgers
        for intent in (ledger.intent, *ledger.unconfirmed)
    )


def heard_out_of_order(incident: Incident, press: Press) -> bool:
    """Return whether the vendor has said something newer already of the same message."""
    if press.happened_at is None:
        return False
    known = incident.heard_at.get(press.message)
    if known is None:
        return False
    return _is_older(press, known)


def is_closed_since(there: Ledger | None, press: Press | None, ahead: int) -> bool:
    """Return whether the vendor was told of a close after what was pressed there, such as a reopening that
    is heard of late. `ahead` is the snapshot's.
    """
    if there is None or press is None or there.last_notified.state is not NotifiedState.CLOSED:
        return False
    return there.notified_at is not None and _is_older(press, there.notified_at + ahead)


def _is_older(press: Press, at: int) -> bool:
    """Return whether it was pressed before `at` (ms), both by people's clocks."""
    if press.happened_at is None:
        return False
    # What happened within the same second has no order: it is news if it changes something.
    return (at - at % SECOND if press.whole_seconds else at) > press.happened_at


def is_known(incident: Incident, by: str, press: Press | None) -> bool:
    """Return whether an acknowledgement that was read at the vendor is no news: the same person has it, or
    somebody has taken it since.
    """
    taken = incident.acknowledged
    if press is None or not press.whole_seconds or press.happened_at is None or taken is None:
        return False
    return taken.by == by or taken.at >= press.happened_at


def is_heard(incident: Incident, press: Press | None) -> bool:
    """Return whether what was read at the vendor, and changes nothing, was heard of within the same
    second.
    """
    if press is None or not press.whole_seconds or press.happened_at is None:
        return False
    known = incident.heard_at.get(press.message)
    return known is not None and known // SECOND >= press.happened_at // SECOND


def with_note(ledger: Ledger, text: str, now: int) -> Ledger | None:
    """Return the ledger of a thread that is to say the text; None where there is no thread."""
    threaded = ledger.endpoint is not None and ledger.endpoint.kind == "slack"
    if not threaded or ledger.message_ref is None or ledger.last_notified.state is NotifiedState.NOTHING:
        return None
    notes = (*ledger.pending_notes, Note(text, at=now))
    return msgspec.structs.replace(ledger, pending_notes=notes)


def as_told(ledger: Ledger, after: Incident, happened_at: int | None) -> Ledger:
    """Return the ledger of the vendor where a person acted, as told of it: nothing is sent back there.

    What the vendor took last is not what it has any more, so that saying that again is news to it.
    `happened_at` (ms) is when the person acted: whatever was sent after somebody resolved it there, or at
    that moment, may have opened it anew.
    """
    told = ledger.last_notified
    if after.closed is None:
        who = after.acknowledged.by if after.acknowledged is not None else ""
        # What a silence covers calls people again there: it is acknowledged once more.
        told = msgspec.structs.replace(
            told, state=NotifiedState.FIRING, closed_by="", acknowledged_by=who, covered_by=""
        )
    elif happened_at is None or (ledger.notified_at or 0) < happened_at:
        told = msgspec.structs.replace(
            told, state=NotifiedState.CLOSED, closed_by=after.closed.by, quiet=False
        )
    return msgspec.structs.replace(ledger, last_notified=told, content="")


def retry(ledger: Ledger) -> Ledger | str:
    """Return the ledger of a dead letter with its failures forgotten, so that it is tried again at once."""
    if not ledger.dead:
        return "this target has no dead letter"
    return msgspec.structs.replace(ledger, dead="", attempts=0, next_try=None)


def _new(incident: Incident, now: int, **changes: object) -> Incident:
    return msgspec.structs.replace(incident, revision=incident.revision + 1, last_change_at=now, **changes)


def _worst(firing: Iterable[Alert]) -> Severity:
    return max((alert.severity for alert in firing), default=Severity.NONE)
