"""Find the pages and the ends that a vendor has taken and not carried out, and when to send them again.

While a service is in a maintenance window its integrations are switched off: no incident opens or is
resolved by them. https://support.pagerduty.com/main/docs/maintenance-windows
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from gateway.decisions.watched_pages import shown_pages
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Ledger, NotifiedState
from gateway.model.vendor_view import RESOLVED, SeenIncident, SeenWindow, WatchedPage

LOST_AFTER = 2 * MINUTE  # an end that is taken shows within seconds
AFTER_WINDOW = 5 * SECOND
ON_ITS_WAY = MINUTE  # so late the vendor may do what it has taken
OVER_SINCE = 10 * MINUTE  # a window that ended between two rounds is looked for among those that are past


def is_end_lost(seen: SeenIncident, page: WatchedPage, now: int) -> bool:
    """Return whether the vendor has taken the end of a page and not carried it out."""
    if not page.over or seen.status == RESOLVED or now - page.told_at < LOST_AFTER:
        return False
    # Somebody has opened it again there, and works on it: it is not ours to end.
    if seen.changed_by and seen.changed_at // SECOND >= page.told_at // SECOND:
        return False
    return page.repeat_at is None or page.repeat_at <= now


def end_again_at(seen: SeenIncident, windows: Iterable[SeenWindow], now: int) -> int:
    """Return when the end is sent again: at once, or after the maintenance window that its service is in."""
    ends = [window.ends for window in windows if not {*window.places}.isdisjoint(seen.places)]
    return max([now, *(end + AFTER_WINDOW for end in ends)])


def with_end_again(ledger: Ledger, page: WatchedPage, at: int) -> Ledger | None:
    """Return the ledger that says its end once more at `at` (ms), None where it is not that page's any
    more.
    """
    same = ledger.generation == page.generation and ledger.notified_at == page.told_at
    if not same or ledger.intent is not None or ledger.last_notified.state is NotifiedState.FIRING:
        return None
    return msgspec.structs.replace(ledger, repeat_at=at)


def missing_pages(
    watched: Sequence[WatchedPage], seen: Sequence[SeenIncident], asked: Iterable[str]
) -> list[WatchedPage]:
    """Return the pages that fire, were taken, and are not there: those that were `asked` for by their
    key, and those that are known to be lost.
    """
    shown, looked_for = {*shown_pages(watched, seen)}, {*asked}
    return [
        page
        for page in watched
        if page.call and not page.over and page not in shown
        if page.key in looked_for or page.lost_until is not None
    ]


def page_again_at(
    page: WatchedPage, ongoing: Iterable[SeenWindow], past: Iterable[SeenWindow], now: int
) -> int | None:
    """Return when a missing page is sent again (ms), None where no window explains that it is missing."""
    if page.lost_until is not None and page.lost_until <= now:
        return None  # it is being sent again
    ends = [window.ends for window in ongoing if page.place in window.places and _fell_into(page, window)]
    if ends:
        return max(now, max(ends) + AFTER_WINDOW)
    over = any(
        page.place in window.places and _fell_into(page, window) and page.called_at <= window.ends
        for window in past
    )
    # Somebody has ended the window before its time, or it was over before anybody looked: people
    # hear at once.
    return now if over or page.lost_until is not None else None


def _fell_into(page: WatchedPage, window: SeenWindow) -> bool:
    return window.begins - ON_ITS_WAY <= page.called_at


def may_be_past(page: WatchedPage, now: int) -> bool:
    """Return whether the window that a missing page fell into may be over already."""
    return page.lost_until is None and now - page.called_at < OVER_SINCE


def with_page_again(ledger: Ledger, page: WatchedPage, at: int) -> Ledger | None:
    """Return the ledger that sends its page again at `at` (ms), None where it is not that page's any
    more, or is so already.
    """
    same = ledger.generation == page.generation and ledger.paged_at == page.called_at
    if not same or ledger.intent is not None or ledger.last_notified.state is not NotifiedState.FIRING:
        return None
    if ledger.lost_until == at:
        return None
    return msgspec.structs.replace(ledger, lost_until=at, repeat_at=at)


def with_page_found(ledger: Ledger) -> Ledger | None:
    """Return the ledger of a page that the vendor shows after all, None where it was not thought to be lost."""
    if ledger.lost_until is None:
        return None
    return msgspec.structs.replace(ledger, lost_until=None, repeat_at=None)
