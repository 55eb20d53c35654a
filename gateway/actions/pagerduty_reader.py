"""Read in PagerDuty what a 202 does not prove and what no webhook has brought, once a minute over all
replicas.

A round belongs to the replica that has put its number down: no other asks before the next one is due, also
where that replica is killed. What PagerDuty shows is done here by the same desk as what its webhooks say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import structlog

from gateway.actions.pagerduty_changes import PagerDutyChanges
from gateway.actions.pagerduty_desk import Outcome, PagerDutyDesk
from gateway.actions.pagerduty_losses import PagerDutyLosses
from gateway.actions.pagerduty_notes import PagerDutyNotes
from gateway.actions.pagerduty_persons import PagerDutyPersons
from gateway.actions.pagerduty_round import Round
from gateway.decisions.missed_news import after_round, missed_news, wait_after
from gateway.decisions.watched_pages import pages_of, pages_to_ask_for, shown_pages, watched_page
from gateway.errors import StateUnavailable
from gateway.model.cells import PAGERDUTY_READER
from gateway.model.changes import Cell, Changes, Query, Result, Table
from gateway.model.incident import Incident
from gateway.model.records import load_incident, load_ledger
from gateway.model.statistics.events import CallConfirmed
from gateway.model.vendor_view import (
    ACKNOWLEDGED,
    TRIGGERED,
    ReaderState,
    SeenIncident,
    WatchedPage,
    load_reader_state,
)
from gateway.outbound.pagerduty.rest import PagerDutyRest, Params
from gateway.outbound.pagerduty.seen import event_of
from gateway.state.commit import commit
from gateway.state.looking import look_again_and_again
from gateway.state.paging import pages
from gateway.state.shards import Shards
from gateway.state.statistics import events_by_id, record
from gateway.state.transact import transact
from gateway.telemetry.own_work import OWN_WORK

log = structlog.get_logger("gateway.pagerduty")

KIND = "pagerduty"
LOOK_SECONDS = 10.0
LISTED = 70  # of the incidents of a round by the list of what is open; the others are asked for one by one
OF_ONE_KEY = 5  # services that have one key
IN_ROW = b"pagerduty"  # what the row of a page of PagerDuty's holds somewhere: most rows need not be unpacked


class PagerDutyReader:
    """`count` counts what was heard, as that of the webhooks does, and `asked` each question by its
    outcome.
    """

    def __init__(
        self,
        shards: Shards,
        desk: PagerDutyDesk,
        persons: PagerDutyPersons,
        ends: PagerDutyLosses,
        notes: PagerDutyNotes,
        changes: PagerDutyChanges,
        rest: PagerDutyRest,
        count: Callable[[str, str], None],
        asked: Callable[[str], None],
    ) -> None:
        self._shards = shards
        self._desk = desk
        self._persons = persons
        self._ends = ends
        self._notes = notes
        self._changes = changes
        self._rest = rest
        self._count = count
        self._asked = asked

    async def run(self) -> None:
        def away(error: StateUnavailable) -> None:
            log.debug("pagerduty_reading_delayed", error=str(error))

        await look_again_and_again(self.look, None, LOOK_SECONDS, away)

    async def look(self) -> None:
        """Make a round where one is due and no other replica makes it. Raises `StateUnavailable`."""
        state = await self._begin() if self._rest.wanted else None
        if state is None:
            return
        before, watched, reading = state, await self._watched(), Round(self._rest, self._asked)
        handed: list[SeenIncident] = []
        if watched:  # else nothing of ours may be open there
            await self._read(reading, watched, state)
            handed = await self._hand_on(reading.seen, watched, state)
            shown = shown_pages(watched, reading.seen)
            await self._confirm(shown)
            await self._ends.let_go(shown)
            await self._ends.mend(reading, watched)
        state = await self._persons.read(reading, watched, state)
        state = await self._notes.write(reading, watched, state)
        state = await self._changes.read(reading, watched, state)
        if reading.requests or state != before:
            await self._end(reading, handed, state)

    async def _begin(self) -> ReaderState | None:
        """Put the next round off, and return what the last one left; None where this one is not ours, or not
        due.
        """

        def decide(gathered: Result) -> tuple[Changes | None, ReaderState | None]:
            state = _state_in(gathered)
            if gathered.now < state.next_at:
                return None, None
            after = msgspec.structs.replace(state, next_at=gathered.now + wait_after(state.failures, 0))
            return _put(gathered, msgspec.structs.replace(after, unfinished=True)), after

        return await self._change(decide)

    async def _end(self, reading: Round, handed: Sequence[SeenIncident], state: ReaderState) -> None:
        trouble = reading.trouble
        failures = state.failures + 1 if trouble is not None else 0
        if trouble is not None:
            with OWN_WORK.failed("pagerduty"):
                log.warning("pagerduty_not_read", reason=trouble.reason, detail=trouble.detail)

        def decide(gathered: Result) -> tuple[Changes | None, ReaderState | None]:
            if _state_in(gathered).next_at != state.next_at:
                return None, None  # this round took so long that another has begun
            after = after_round(state, handed, reading.asked, gathered.now)
            next_at = after.next_at
            if trouble is not None:
                next_at = gathered.now + wait_after(failures, trouble.retry_after)
            ended = msgspec.structs.replace(after, next_at=next_at, failures=failures, unfinished=False)
            return _put(gathered, ended), after

        await self._change(decide)

    async def _change(
        self, decide: Callable[[Result], tuple[Changes | None, ReaderState | None]]
    ) -> ReaderState | None:
        home = self._shards.home
        read = partial(home.gather, Query(cells=(PAGERDUTY_READER,)))
        return (await transact(home, "pagerduty_reader", read, decide)).answer

    async def _watched(self) -> list[WatchedPage]:
        now = await self._shards.home.now()
        found: dict[tuple[str, str], WatchedPage] = {}
        async for rows in pages(self._shards, Table.LEDGERS):
            for row in rows.values():
                page = watched_page(load_ledger(row.value), KIND, now) if IN_ROW in row.value else None
                if page is not None:
                    found[page.incident, page.target] = page
        return [*found.values()]

    async def _read(self, reading: Round, watched: Sequence[WatchedPage], state: ReaderState) -> None:
        """Ask for what is open, and then for each page by itself that is not among it."""
        # Without `date_range` PagerDuty tells of the last month alone.
        listed: Params = {
            "statuses[]": [TRIGGERED, ACKNOWLEDGED],
            "date_range": "all",
            "sort_by": "created_at:desc",
            "limit": LISTED,
            "include[]": ["assignees"],
        }
        await reading.incidents(listed)
        now = await self._shards.home.now()
        for key in pages_to_ask_for(watched, reading.seen, state, now):
            if not reading.looks:
                break
            limit = min(OF_ONE_KEY, reading.room)
            asked: Params = {
                "incident_key": key,
                "date_range": "all",
                "limit": limit,
                "include[]": ["assignees"],
            }
            await reading.incidents(asked, key)

    async def _hand_on(
        self, seen: Sequence[SeenIncident], watched: Sequence[WatchedPage], state: ReaderState
    ) -> list[SeenIncident]:
        """Do here what was missed. Return what is dealt with: of the rest nothing is kept, so that it comes
        again.
        """
        ours = pages_of(seen, watched)
        await self._desk.pages.learn({found.id: page.key for found, page in ours})
        incidents = await self._incidents({page.incident for _, page in ours}) if ours else {}
        for found, page in ours:
            incident = incidents.get(page.incident)
            kinds = missed_news(found, state.statuses.get(found.id), incident, page) if incident else ()
            for kind in kinds:
                outcome = await self._desk.hear(event_of(found, kind))
                self._count(kind, outcome)
                if outcome is Outcome.DONE:
                    log.info("pagerduty_healed", incident=page.incident, kind=kind, by=found.changed_by)
        return [found for found, _ in ours]

    async def _incidents(self, ids: set[str]) -> dict[str, Incident]:
        cells = [Cell(Table.INCIDENTS, name) for name in sorted(ids)]
        found: dict[str, Incident] = {}
        for state in self._shards.states:
            rows = (await state.gather(Query(cells=cells))).rows
            found |= {cell.field: load_incident(row.value) for cell, row in rows.items() if row.value}
        return found

    async def _confirm(self, shown: Sequence[WatchedPage]) -> None:
        """Write down that PagerDuty has what it has only taken so far."""
        calls = {page.call: f"confirmed|{page.call}" for page in shown if page.call}
        known = await events_by_id(self._shards, [*calls, *calls.values()])
        new = [
            CallConfirmed(id=name, at=0, shard=0, seq=0, call=call)
            for call, name in calls.items()
            if call in known and name not in known
        ]
        if new:
            changes = Changes()
            record(changes, new)
            await commit(self._shards.home, changes)


def _state_in(gathered: Result) -> ReaderState:
    return load_reader_state(gathered.rows[PAGERDUTY_READER].value)


def _put(gathered: Result, state: ReaderState) -> Changes:
    return Changes(
        expect={PAGERDUTY_READER: gathered.rows[PAGERDUTY_READER].version},
        put={PAGERDUTY_READER: msgspec.msgpack.encode(state)},
    )
