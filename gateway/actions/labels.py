"""Say of pages whether they were worth the interruption, and take that back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from gateway.decisions.statistics.giving import covered
from gateway.model.cells import PAGERDUTY_NOTES
from gateway.model.changes import Changes, Query, Result
from gateway.model.people import Actor
from gateway.model.statistics.events import Label, LabelWithdrawn, Page, Worth
from gateway.model.vendor_notes import VendorNote, attempt_of, dump_note_queue, load_note_queue
from gateway.state.persons import Persons
from gateway.state.shards import Shards
from gateway.state.statistics import events_by_id, read_events, record
from gateway.state.transact import transact


class LabelActions:
    """`persons` knows what stands for a person.

    Each method returns a sentence where there is nothing to label, and raises `StateUnavailable`.
    """

    def __init__(self, shards: Shards, persons: Persons) -> None:
        self._shards = shards
        self._persons = persons

    async def give(
        self, incident: str, pages: Sequence[str], value: Worth, reason: str | None, actor: Actor
    ) -> Label | str:
        """Label these pages, or the newest page of the incident at each target."""
        # By the clock that gives the pages their times, too.
        said_at = (await self._shards.home.gather(Query())).wall
        named = tuple(pages) or covered(await self._pages_of(incident), said_at)
        known = await events_by_id(self._shards, named)
        if missing := [page for page in named if not isinstance(known.get(page), Page)]:
            return f"there is no page {missing[0]}"
        if not named:
            return f"incident {incident} has paged nobody"
        by = await self._persons.pseudonym(actor.name, actor.ids)
        mark = actor.press.mark if actor.press is not None else str(said_at)
        label = Label(
            id=f"label|{named[0]}|{by}|{mark}",
            at=0,
            shard=0,
            seq=0,
            pages=named,
            value=value,
            trust="person",
            by=by,
            reason=reason,
            said_at=said_at,
        )
        await self._write(label, *_notes(label, actor))
        return label

    async def withdraw(self, name: str, actor: Actor) -> Label | str:
        by = await self._persons.pseudonym(actor.name, actor.ids)
        label = (await events_by_id(self._shards, [name])).get(name)
        # Whoever gave it may take it back; another person gives a label of their own.
        if not isinstance(label, Label) or label.by != by:
            return f"you have given no label {name[:80]}"
        await self._write(LabelWithdrawn(id=f"withdrawn|{name}", at=0, shard=0, seq=0, label=name, by=by))
        return label

    async def _pages_of(self, incident: str) -> list[Page]:
        # Whatever else is typed must not be taken for a pattern.
        if not incident.isalnum():
            return []
        events = await read_events(self._shards, f"{incident}|*")
        return [event for event in events if isinstance(event, Page)]

    async def _write(self, event: Label | LabelWithdrawn, *notes: VendorNote) -> None:
        """Write the event, and the notes with it where notes are wanted."""

        def decide(gathered: Result) -> tuple[Changes | None, None]:
            row = gathered.rows[PAGERDUTY_NOTES]
            changes, queue = Changes(), load_note_queue(row.value)
            record(changes, [event])
            if queue is not None and notes:
                changes.expect[PAGERDUTY_NOTES] = row.version
                changes.put[PAGERDUTY_NOTES] = dump_note_queue(queue.with_note(*notes))
            return changes, None

        home = self._shards.home
        await transact(home, "label", partial(home.gather, Query(cells=(PAGERDUTY_NOTES,))), decide)


def _notes(label: Label, actor: Actor) -> Iterator[VendorNote]:
    """Yield the notes about a label, one for each of its pages."""
    why = f": {label.reason}" if label.reason else ""
    text = f"{actor.name} has labelled it {label.value} at the alert gateway{why}."
    for page in label.pages:
        incident, target, _ = page.split("|", 2)
        yield VendorNote(attempt_of(label.id, page), incident, target, text, label.said_at)
