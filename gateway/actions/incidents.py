"""Act on incidents by hand: acknowledge, snooze and close them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from gateway.decisions.accounting.invariants import increment_unplanned
from gateway.decisions.incident_actions import (
    acknowledge,
    as_told,
    close,
    heard_out_of_order,
    is_closed_since,
    is_heard,
    is_known,
    pressed_at,
    pressed_before,
    pressed_too_late,
    reopen,
    snooze,
    unacknowledge,
    unsnooze,
    with_note,
    with_press,
)
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.statistics.acts import RESOLVED_THERE, act_event, label_of_work, labels_of_note
from gateway.model.agenda import Subject
from gateway.model.changes import Cell, Changes, LogEntry, Table
from gateway.model.durations import MINUTE
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.people import Actor, Press, Through
from gateway.model.records import dump
from gateway.state.persons import Persons
from gateway.state.shards import Shards
from gateway.state.snapshots import read_snapshot
from gateway.state.statistics import record
from gateway.state.transact import transact
from gateway.state.versioned_snapshot import VersionedSnapshot

Act = Callable[[IncidentSnapshot, int], Incident | str]


class IncidentActions:
    """Change incidents for people; `woken` wakes the reconcilers, so that they handle at once what is due.
    `persons` knows what stands for a person in the statistics.

    Each method returns the changed incident, a sentence why it cannot be done, or None where there is no such
    incident. Every method raises `StateUnavailable`.
    """

    def __init__(self, shards: Shards, woken: Callable[[], None], persons: Persons | None = None) -> None:
        self._shards = shards
        self._persons = persons or Persons(shards.home, str)
        self._woken = woken

    async def acknowledge(self, incident: str, actor: Actor, note: str = "") -> Incident | str | None:
        """Say that somebody has it. A note stands in the threads of the incident's messages."""

        def act(found: IncidentSnapshot, now: int) -> Incident | str:
            if is_known(found.incident, actor.name, actor.press):
                return "that is known"
            heard_from = there.target if (there := _heard_from(found, actor)) is not None else ""
            return acknowledge(found.incident, found.firing, actor.name, now, heard_from, note)

        return await self._act(incident, "acknowledged", actor, act, **_noted(note))

    async def unacknowledge(self, incident: str, actor: Actor, note: str = "") -> Incident | str | None:
        def act(found: IncidentSnapshot, now: int) -> Incident | str:
            there = _heard_from(found, actor)
            covered = there is not None and bool(there.last_notified.covered_by)
            return unacknowledge(found.incident, now, covered=covered)

        return await self._act(incident, "unacknowledged", actor, act, **_noted(note))

    async def snooze(self, incident: str, actor: Actor, length: int) -> Incident | str | None:
        """Keep it quiet for `length` ms, and leave it to others to take it."""

        def act(found: IncidentSnapshot, now: int) -> Incident | str:
            return snooze(found.incident, found.shown_firing, actor.name, found.wall(now) + length, now)

        return await self._act(incident, "snoozed", actor, act, minutes=length // MINUTE)

    async def unsnooze(self, incident: str, actor: Actor) -> Incident | str | None:
        def act(found: IncidentSnapshot, now: int) -> Incident | str:
            return unsnooze(found.incident, now)

        return await self._act(incident, "unsnoozed", actor, act)

    async def close(self, incident: str, actor: Actor, note: str, length: int) -> Incident | str | None:
        def act(found: IncidentSnapshot, now: int) -> Incident | str:
            # An alert whose end is held back still fires for people, so an incident of such
            # alerts can be closed.
            return close(found.incident, found.shown_firing, actor.name, note, length, now)

        return await self._act(incident, "closed_by_hand", actor, act, note=note)

    async def reopen(self, incident: str, actor: Actor) -> Incident | str | None:
        def act(found: IncidentSnapshot, now: int) -> Incident | str:
            if is_closed_since(_heard_from(found, actor), actor.press, found.ahead):
                return "it was closed again since"
            return reopen(found.incident, now)

        return await self._act(incident, "reopened", actor, act)

    async def note(self, incident: str, what: str, actor: Actor, **detail: str) -> Incident | str | None:
        """Write on the timeline what somebody did elsewhere, which changes nothing here."""

        def act(found: IncidentSnapshot, now: int) -> Incident | str:
            del now
            return "that is known" if is_heard(found.incident, actor.press) else found.incident

        return await self._act(incident, what, actor, act, **detail)

    async def tell(
        self, incident: str, what: str, actor: Actor, said: str, **detail: str
    ) -> Incident | str | None:
        """Write on the timeline what changes nothing, and say it in the threads of the incident's messages."""
        return await self.note(incident, what, actor, said=said, **detail)

    async def _act(
        self, incident_id: str, what: str, actor: Actor, act: Act, **detail: str | int
    ) -> Incident | str | None:
        cell = Cell(Table.INCIDENTS, incident_id)
        store = await self._shards.holding(cell)
        by = await self._pseudonym(actor)

        def decide(versioned: VersionedSnapshot | None) -> tuple[Changes | None, Incident | str | None]:
            if versioned is None:
                return None, None
            snapshot, press = versioned.snapshot, actor.press
            if press is not None and (
                pressed_before(snapshot.incident, press) or heard_out_of_order(snapshot.incident, press)
            ):
                return None, snapshot.incident  # it was done when the press came first, or is overtaken
            late = pressed_too_late(snapshot.ledgers.values(), press) if press is not None else ""
            after = late or act(snapshot, versioned.now)
            if isinstance(after, str):
                return None, after
            after = with_press(after, press) if press is not None else after
            if actor.human and not after.touched:
                after = msgspec.structs.replace(after, touched=True)
            return self._changes(versioned, after, what, actor, by, detail), after

        done = await transact(store, "incident_action", partial(read_snapshot, store, incident_id), decide)
        # The others have to see at once that somebody has the incident, before a second person gets up.
        if done.committed is not None:
            self._woken()
        return done.answer

    def _changes(
        self,
        versioned: VersionedSnapshot,
        after: Incident,
        what: str,
        actor: Actor,
        by: str | None,
        detail: dict[str, str | int],
    ) -> Changes:
        """Write down what somebody did: the incident as it is `after`, its timeline, and the events of the statistics."""
        snapshot, now = versioned.snapshot, versioned.now
        # If the incident changed meanwhile, the action is decided again, on what is true then.
        there = _heard_from(snapshot, actor)
        note = bool(detail.get("note"))
        # What a person says of it is about the pages that there are: another one is another question.
        about = snapshot.ledgers if note else [there.target] if there is not None else []
        changes = Changes(expect=versioned.expect(after.id, *about))
        changes.put[Cell(Table.INCIDENTS, after.id)] = dump(after)
        changes.log.append(LogEntry(after.id, what, actor.logged | detail))
        _say(changes, versioned, _said_in_threads(what, actor, detail))
        event = act_event(what, after, snapshot.shown_firing, actor, by, now, note=note)
        worth = None
        resolved = after.closed is not None or what == RESOLVED_THERE
        if there is not None and actor.human and resolved:
            worth = label_of_work(snapshot.incident, there, now)
        record(changes, [found for found in (event, worth) if found is not None])
        if what == "acknowledged" and note:
            record(changes, labels_of_note(snapshot.ledgers.values(), actor, now))
        if after.revision != snapshot.incident.revision:
            increment_unplanned(changes, snapshot.incident)
            changes.schedule(Subject.plan(after.id), now, 0)
            if there is not None:
                told = as_told(there, after, _happened_at(snapshot, actor.press))
                changes.put[ledger_cell(after.id, there.target)] = dump(told)
        return changes

    async def _pseudonym(self, actor: Actor) -> str | None:
        if not (actor.human and actor.name):
            return None
        return await self._persons.pseudonym(actor.name, actor.ids)


def _noted(note: str) -> dict[str, str]:
    return {"note": note} if note else {}


def _said_in_threads(what: str, actor: Actor, detail: Mapping[str, str | int]) -> str:
    """Return what the threads of the incident's messages say of it beside what its plan has them say."""
    if what in ("acknowledged", "unacknowledged") and detail.get("note"):
        return f"📝 {actor.name}: {detail['note']}"
    return str(detail.get("said", ""))


def _say(changes: Changes, versioned: VersionedSnapshot, text: str) -> None:
    """Have the threads of the incident's messages say the text, if there is one."""
    incident, now = versioned.snapshot.incident.id, versioned.now
    for target, ledger in versioned.snapshot.ledgers.items() if text else ():
        after = with_note(ledger, text, now)
        if after is not None:
            changes.expect |= versioned.expect(incident, target)
            changes.put[ledger_cell(incident, target)] = dump(after)
            changes.schedule(Subject.deliver(target, incident), now, 5)


def _heard_from(snapshot: IncidentSnapshot, actor: Actor) -> Ledger | None:
    """Return the ledger of the vendor where a person acted by its own means; it knows what was done."""
    if actor.through is not Through.PAGERDUTY or actor.press is None:
        return None
    return pressed_at(snapshot.ledgers.values(), actor.press)


def _happened_at(snapshot: IncidentSnapshot, press: Press | None) -> int | None:
    """Return when it was pressed by the clock of the ledgers, None where nobody says."""
    return None if press is None or press.happened_at is None else press.happened_at - snapshot.ahead
