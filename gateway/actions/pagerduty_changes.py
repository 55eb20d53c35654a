"""Write on the timelines of incidents what PagerDuty knows of changes to their services, such as a
deployment.

https://support.pagerduty.com/main/docs/change-events
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from gateway.actions.pagerduty_round import Round
from gateway.decisions.missed_news import KEPT_IN_MIND
from gateway.decisions.watched_pages import pages_of
from gateway.model.changes import Cell, Changes, LogEntry, Table
from gateway.model.durations import HOUR, MINUTE
from gateway.model.vendor_view import ReaderState, SeenChange, WatchedPage
from gateway.outbound.pagerduty.rest import Params
from gateway.outbound.pagerduty.seen import read_changes
from gateway.state.commit import commit
from gateway.state.shards import Shards

CHANGE_EVENTS = "change_events"
READ_EVERY = 5 * MINUTE  # for each service
BEFORE = HOUR  # a change that may have led to a page is no older than that
SERVICES_A_ROUND = 5
OF_A_PAGE = 100


class PagerDutyChanges:
    """Notes each change once for each incident."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def read(self, reading: Round, watched: Sequence[WatchedPage], state: ReaderState) -> ReaderState:
        """Ask for the changes of the services that our open pages are at, those that were asked for
        longest ago first.

        Return what is to be kept in mind. Raises `StateUnavailable`.
        """
        now = await self._shards.home.now()
        at_service: dict[str, list[WatchedPage]] = {}
        for found, page in pages_of(reading.seen, watched):
            if not page.over and found.places:
                at_service.setdefault(found.places[0], []).append(page)
        read_at = dict(state.changes_read)
        due = [name for name in at_service if now - read_at.get(name, 0) >= READ_EVERY]
        known = dict(state.changes_known)
        for name in sorted(due, key=lambda name: (read_at.get(name, 0), name))[:SERVICES_A_ROUND]:
            since = datetime.fromtimestamp((now - 2 * BEFORE) / 1000, UTC).isoformat(timespec="seconds")
            asked: Params = {"since": since, "limit": OF_A_PAGE}
            answer = await reading.ask(f"/services/{name}/change_events", asked, CHANGE_EVENTS)
            if answer is None and CHANGE_EVENTS not in reading.refused:
                break
            read_at[name] = now
            for page in at_service[name]:
                await self._write(page, read_changes(answer or {}), known, now)
        oldest = now - KEPT_IN_MIND
        return msgspec.structs.replace(
            state,
            changes_read={name: at for name, at in read_at.items() if at > oldest},
            changes_known={name: at for name, at in known.items() if at > oldest},
        )

    async def _write(
        self, page: WatchedPage, found: Sequence[SeenChange], known: dict[str, int], now: int
    ) -> None:
        """Write those changes on the timeline of the page's incident that are not there yet."""
        new = {
            f"{page.incident}|{change.id}": change
            for change in found
            if change.at >= page.called_at - BEFORE and f"{page.incident}|{change.id}" not in known
        }
        if not new:
            return
        changes = Changes()
        for change in new.values():
            detail: dict[str, str | int] = {
                "summary": change.summary,
                "source": change.source,
                "link": change.link,
                "at": change.at,
            }
            said = {name: value for name, value in detail.items() if value}
            changes.log.append(LogEntry(page.incident, "pagerduty_change", said))
        store = await self._shards.holding(Cell(Table.INCIDENTS, page.incident))
        await commit(store, changes)
        known.update(dict.fromkeys(new, now))
