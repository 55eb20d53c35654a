"""Have an end sent again that PagerDuty has taken and not carried out, as within one of its maintenance windows.

https://support.pagerduty.com/main/docs/maintenance-windows
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from gateway.actions.pagerduty_round import Round
from gateway.decisions.delivery.confirmation import confirmed
from gateway.decisions.missed_news import end_again_at, is_end_lost, with_end_again
from gateway.decisions.watched_pages import pages_of
from gateway.model.agenda import Subject
from gateway.model.changes import Changes, LogEntry, Query, Result
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.records import dump, load_ledger
from gateway.model.vendor_view import SeenIncident, SeenWindow, WatchedPage
from gateway.outbound.pagerduty.seen import read_windows
from gateway.state.shards import Shards
from gateway.state.transact import transact

log = structlog.get_logger("gateway.pagerduty")

WINDOWS = "maintenance_windows"
OF_A_PAGE = 100


class PagerDutyEnds:
    """`woken` wakes the reconcilers, so that they handle at once what is due."""

    def __init__(self, shards: Shards, woken: Callable[[], None]) -> None:
        self._shards = shards
        self._woken = woken

    async def mend(self, reading: Round, watched: Sequence[WatchedPage]) -> None:
        """Find the pages that ended here and are open there. Raises `StateUnavailable`."""
        now = await self._shards.home.now()
        lost = [
            (found, page) for found, page in pages_of(reading.seen, watched) if is_end_lost(found, page, now)
        ]
        if not lost:
            return
        # Where the token may not read them, the end is sent at once, and again until it holds.
        answer = await reading.ask(f"/{WINDOWS}", {"filter": "ongoing", "limit": OF_A_PAGE}, WINDOWS)
        windows = read_windows(answer) if answer is not None else []
        for found, page in lost:
            await self._send_again(found, page, windows, now)
        self._woken()

    async def let_go(self, shown: Sequence[WatchedPage]) -> None:
        """Let the ends of these pages be told: PagerDuty shows what nobody had answered for."""
        for page in shown:
            if page.awaited:
                await self._change(page, confirmed, None)
                log.info("pagerduty_page_confirmed", incident=page.incident, target=page.target)
                self._woken()

    async def _send_again(
        self, found: SeenIncident, page: WatchedPage, windows: Sequence[SeenWindow], now: int
    ) -> None:
        at = end_again_at(found, windows, now)
        if await self._change(page, lambda ledger: with_end_again(ledger, page, at), at):
            log.warning(
                "pagerduty_end_lost",
                incident=page.incident,
                target=page.target,
                in_maintenance=at > now,
                remedy="the end is sent again",
            )

    async def _change(
        self, page: WatchedPage, change: Callable[[Ledger], Ledger | None], again_at: int | None
    ) -> bool:
        """Change the page's ledger, and have it looked at again: at `again_at` (ms), which is said on the timeline, or
        at once. Return whether there was anything to change.
        """
        cell = ledger_cell(page.incident, page.target)
        store = await self._shards.holding(cell)

        def decide(gathered: Result) -> tuple[Changes | None, bool]:
            row = gathered.rows[cell]
            after = change(load_ledger(row.value)) if row.value else None
            if after is None:
                return None, False
            changes = Changes(expect={cell: row.version}, put={cell: dump(after)})
            at = gathered.now if again_at is None else again_at
            changes.schedule(Subject.deliver(page.target, page.incident), at)
            if again_at is not None:
                said: dict[str, str | int] = {"target": page.target, "again_at": again_at}
                changes.log.append(LogEntry(page.incident, "end_lost", said))
            return changes, True

        read = partial(store.gather, Query(cells=(cell,)))
        return (await transact(store, "pagerduty_end", read, decide)).answer
