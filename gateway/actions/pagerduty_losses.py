"""Have a page or an end sent again that PagerDuty has taken and not carried out, as within one of its
maintenance windows.

https://support.pagerduty.com/main/docs/maintenance-windows
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from gateway.actions.pagerduty_round import Round
from gateway.decisions.delivery.confirmation import confirmed
from gateway.decisions.losses import (
    end_again_at,
    is_end_lost,
    may_be_past,
    missing_pages,
    page_again_at,
    with_end_again,
    with_page_again,
    with_page_found,
)
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


class PagerDutyLosses:
    """`woken` wakes the reconcilers, so that they handle at once what is due."""

    def __init__(self, shards: Shards, woken: Callable[[], None]) -> None:
        self._shards = shards
        self._woken = woken

    async def mend(self, reading: Round, watched: Sequence[WatchedPage]) -> None:
        """Find the pages that ended here and are open there, and those that fire here and are not there.
        Raises `StateUnavailable`.
        """
        now = await self._shards.home.now()
        ended = [
            (found, page) for found, page in pages_of(reading.seen, watched) if is_end_lost(found, page, now)
        ]
        missing = missing_pages(watched, reading.seen, reading.asked)
        if not ended and not missing:
            return
        windows = await self._windows(reading, "ongoing")
        for found, page in ended:
            # Where the token may not read windows, the end is sent at once, and again until it holds.
            await self._end_again(found, page, windows or [], now)
        if windows is not None:
            await self._pages_again(reading, missing, windows, now)
        self._woken()

    async def _windows(self, reading: Round, which: str) -> list[SeenWindow] | None:
        """Return the windows, None where nobody says which there are."""
        answer = await reading.ask(f"/{WINDOWS}", {"filter": which, "limit": OF_A_PAGE}, WINDOWS)
        return read_windows(answer) if answer is not None else None

    async def let_go(self, shown: Sequence[WatchedPage]) -> None:
        """Let the ends of these pages be told: PagerDuty shows what nobody had answered for. A page that
        was thought to be lost is there.
        """
        for page in shown:
            if page.lost_until is not None:
                await self._change(page, with_page_found)
            if page.awaited:
                await self._change(page, confirmed)
                log.info("pagerduty_page_confirmed", incident=page.incident, target=page.target)
                self._woken()

    async def _pages_again(
        self, reading: Round, missing: Sequence[WatchedPage], ongoing: Sequence[SeenWindow], now: int
    ) -> None:
        unexplained = [
            page
            for page in missing
            if page_again_at(page, ongoing, (), now) is None and may_be_past(page, now)
        ]
        past = (await self._windows(reading, "past") or []) if unexplained else []
        for page in missing:
            at = page_again_at(page, ongoing, past, now)
            if at is not None:
                await self._page_again(page, at)

    async def _page_again(self, page: WatchedPage, at: int) -> None:
        # It is said once of each window, whatever becomes of its end.
        said = "" if page.lost_until is not None else "page_lost"
        if await self._change(page, lambda ledger: with_page_again(ledger, page, at), at, said) and said:
            log.warning(
                "pagerduty_page_lost",
                incident=page.incident,
                target=page.target,
                again_at=at,
                remedy="its service is in maintenance: the page is sent again after that",
            )

    async def _end_again(
        self, found: SeenIncident, page: WatchedPage, windows: Sequence[SeenWindow], now: int
    ) -> None:
        at = end_again_at(found, windows, now)
        if await self._change(page, lambda ledger: with_end_again(ledger, page, at), at, "end_lost"):
            log.warning(
                "pagerduty_end_lost",
                incident=page.incident,
                target=page.target,
                in_maintenance=at > now,
                remedy="the end is sent again",
            )

    async def _change(
        self,
        page: WatchedPage,
        change: Callable[[Ledger], Ledger | None],
        again_at: int | None = None,
        what: str = "",
    ) -> bool:
        """Change the page's ledger, and have it looked at again: at `again_at` (ms), or at once. `what`
        is said of it on the timeline. Return whether there was anything to change.
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
            if what:
                said: dict[str, str | int] = {"target": page.target, "again_at": at}
                changes.log.append(LogEntry(page.incident, what, said))
            return changes, True

        read = partial(store.gather, Query(cells=(cell,)))
        return (await transact(store, "pagerduty_end", read, decide)).answer
