"""Leave notes on PagerDuty's incidents about what people did here: who has it, what keeps it quiet, how
it was labelled.

A note that nobody answered is looked for by the id of its attempt before it is written again.
https://developer.pagerduty.com/api-reference (createIncidentNote)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import structlog

from gateway.actions.pagerduty_round import Round
from gateway.decisions.missed_news import KEPT_IN_MIND, state_note
from gateway.decisions.watched_pages import pages_of
from gateway.model.cells import PAGERDUTY_NOTES
from gateway.model.changes import Cell, Changes, Query, Result, Table
from gateway.model.durations import HOUR
from gateway.model.incident import Incident
from gateway.model.ledger import ledger_cell
from gateway.model.records import load_incident, load_ledger
from gateway.model.vendor_notes import NoteQueue, VendorNote, dump_note_queue, load_note_queue
from gateway.model.vendor_view import ReaderState, SeenIncident, WatchedPage
from gateway.state.shards import Shards
from gateway.state.transact import transact

log = structlog.get_logger("gateway.pagerduty")

NOTES = "notes"
FROM = "PAGERDUTY_FROM"
GIVEN_UP_AFTER = 6 * HOUR


class PagerDutyNotes:
    """`sender` is the address of the user in PagerDuty who writes the notes, empty where none is set.

    Why no notes are written is said once.
    """

    def __init__(self, shards: Shards, sender: str) -> None:
        self._shards = shards
        self._sender = sender
        self._said = False

    async def write(self, reading: Round, watched: Sequence[WatchedPage], state: ReaderState) -> ReaderState:
        """Write what is owed, and return what is to be kept in mind. Raises `StateUnavailable`."""
        if not self._sender:
            if watched and not self._said:
                log.info(
                    "pagerduty_notes_off",
                    missing=FROM,
                    consequence="PagerDuty's incidents get no notes of ours",
                )
            self._said = self._said or bool(watched)
            return state
        now = await self._shards.home.now()
        ours = {(page.incident, page.target): found for found, page in pages_of(reading.seen, watched)}
        waiting = await self._queue(lambda queue: queue)
        owed = [*await self._of_states(ours, watched), *waiting.notes]
        done = dict(state.notes_done)
        # A round that was killed may have written any of them.
        tried = {note.attempt: now for note in owed if state.unfinished} | state.notes_tried
        for note in owed:
            if note.attempt in done:
                continue
            if now - note.at > GIVEN_UP_AFTER:
                done[note.attempt] = (
                    now  # PagerDuty has no incident that it could stand on, or takes no notes
                )
            elif reading.open and NOTES not in reading.refused:
                found = ours.get((note.incident, note.target))
                where = found.id if found is not None else await self._find(reading, note)
                if where is None or (where and await self._leave(reading, where, note, tried, now)):
                    done[note.attempt] = now
        if any(note.attempt in done for note in waiting.notes):
            await self._queue(lambda queue: queue.without(frozenset(done)))
        oldest = now - KEPT_IN_MIND
        return msgspec.structs.replace(
            state,
            notes_done={name: at for name, at in done.items() if at > oldest},
            notes_tried={name: at for name, at in tried.items() if at > oldest and name not in done},
        )

    async def _leave(
        self, reading: Round, where: str, note: VendorNote, tried: dict[str, int], now: int
    ) -> bool:
        """Return whether the note stands there now."""
        path = f"/incidents/{where}/notes"
        if note.attempt in tried:
            answer = await reading.ask(path, kind=NOTES)
            if answer is None:
                return False
            if any(note.attempt in str(item.get("content")) for item in _dicts(answer.get("notes"))):
                return True
        tried[note.attempt] = now
        answer = await reading.say(path, {"note": {"content": note.content}}, self._sender, NOTES)
        if NOTES in reading.refused and not self._said:
            log.warning(
                "pagerduty_notes_refused",
                remedy=f"the token has to be one that may write, and {FROM} the address of a user",
            )
        self._said = NOTES in reading.refused
        return answer is not None

    async def _of_states(
        self, ours: dict[tuple[str, str], SeenIncident], watched: Sequence[WatchedPage]
    ) -> list[VendorNote]:
        """Return the notes that the pages' own states owe: who has taken each of them here, and what covers
        it.
        """
        told = [
            page
            for page in watched
            if (page.incident, page.target) in ours and (page.taken_by or page.covered_by)
        ]
        cells = [Cell(Table.INCIDENTS, page.incident) for page in told]
        rows: dict[str, Incident] = {}
        for shard in self._shards.states if cells else ():
            found = (await shard.gather(Query(cells=cells))).rows
            rows |= {cell.field: load_incident(row.value) for cell, row in found.items() if row.value}
        notes = [state_note(page, rows[page.incident]) for page in told if page.incident in rows]
        return [note for note in notes if note is not None]

    async def _find(self, reading: Round, note: VendorNote) -> str | None:
        """Return PagerDuty's id of the page that a note is for:
        empty where there is none now, None where there never is.
        """
        cell = ledger_cell(note.incident, note.target)
        store = await self._shards.holding(cell)
        row = (await store.gather(Query(cells=(cell,)))).rows[cell]
        ledger = load_ledger(row.value) if row.value else None
        if ledger is None or ledger.endpoint is None or ledger.endpoint.kind != "pagerduty":
            return None
        reference = ledger.message_ref
        if reference is None or reading.room <= 0:
            return ""
        known = len(reading.seen)
        await reading.incidents({"incident_key": reference.id, "date_range": "all", "limit": 1}, reference.id)
        return reading.seen[-1].id if len(reading.seen) > known else ""

    async def _queue(self, change: Callable[[NoteQueue], NoteQueue]) -> NoteQueue:
        """Change the queue of notes, and make it where there is none: from then on labels are put into it."""

        def decide(gathered: Result) -> tuple[Changes | None, NoteQueue]:
            row = gathered.rows[PAGERDUTY_NOTES]
            before = load_note_queue(row.value)
            after = change(before or NoteQueue())
            if after == before:
                return None, after
            put = {PAGERDUTY_NOTES: dump_note_queue(after)}
            return Changes(expect={PAGERDUTY_NOTES: row.version}, put=put), after

        home = self._shards.home
        read = partial(home.gather, Query(cells=(PAGERDUTY_NOTES,)))
        return (await transact(home, "pagerduty_notes", read, decide)).answer


def _dicts(listed: object) -> list[dict[str, object]]:
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
