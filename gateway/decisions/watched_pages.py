"""Find our pages at a vendor that are worth a look, and which of them the vendor shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from gateway.model.durations import DAY, MINUTE
from gateway.model.ledger import Intent, Ledger, NotifiedState
from gateway.model.statistics.events import page_id
from gateway.model.vendor_view import ReaderState, SeenIncident, WatchedPage

CONFIRMED_WITHIN = 10 * MINUTE  # of its last word: a page that ended is asked for so long, and no longer
WATCHED_AFTER = DAY  # its end: as long as that somebody notices that it is open there still
ASKED_AGAIN_AFTER = 5 * MINUTE  # a page that the list of what is open does not show


def watched_page(ledger: Ledger, kind: str, now: int) -> WatchedPage | None:
    """Return the page of a ledger, None where it has none at a vendor of this kind that is worth a look."""
    endpoint, reference = ledger.endpoint, ledger.message_ref
    if endpoint is None or endpoint.kind != kind:
        return None
    awaited = ledger.end_waits_until is not None and now < ledger.end_waits_until
    if ledger.intent is not None and awaited:
        return _unanswered_page(ledger, ledger.intent, endpoint.address)
    if reference is None or ledger.paged_at is None:
        return None
    told_at = ledger.notified_at or ledger.paged_at
    # What was closed by hand may be opened again there, for as long as it still fires.
    may_open = ledger.last_notified.state in (NotifiedState.FIRING, NotifiedState.CLOSED)
    if not may_open and now - told_at > WATCHED_AFTER:
        return None
    page = page_id(ledger.incident, ledger.target, max(1, ledger.life))
    return WatchedPage(
        key=reference.id,
        incident=ledger.incident,
        generation=ledger.generation,
        target=ledger.target,
        place=endpoint.address,
        call=f"{page}|{ledger.generation}|{ledger.paged_at}",
        told_at=told_at,
        called_at=ledger.paged_at,
        covered_by=ledger.last_notified.covered_by,
        taken_by=ledger.last_notified.acknowledged_by,
        over=ledger.last_notified.state is not NotifiedState.FIRING,
        repeat_at=ledger.repeat_at,
        awaited=awaited,
        lost_until=ledger.lost_until,
    )


def _unanswered_page(ledger: Ledger, intent: Intent, place: str) -> WatchedPage:
    """Return the page that an unanswered trigger may have opened."""
    return WatchedPage(
        key=f"{ledger.incident}.{intent.generation}",
        incident=ledger.incident,
        generation=intent.generation,
        target=ledger.target,
        place=place,
        call="",
        told_at=intent.at,
        called_at=intent.at,
        awaited=True,
    )


def pages_to_ask_for(
    watched: Sequence[WatchedPage], seen: Sequence[SeenIncident], state: ReaderState, now: int
) -> list[str]:
    """Return the keys that have to be asked for by themselves, as the list did not show them: those that were
    asked for longest ago first.
    """
    shown = {*shown_pages(watched, seen)}
    last = {
        page.key: state.looked_for.get(page.key, 0)
        for page in watched
        if page not in shown and not (page.over and now - page.told_at > CONFIRMED_WITHIN)
    }
    told = {page.key: page.told_at for page in watched}
    awaited = {page.key for page in watched if page.awaited}
    due = [
        key
        for key, looked_at in last.items()
        # News of ours is a reason to look again, as soon as it may show.
        if now - looked_at >= ASKED_AGAIN_AFTER or told[key] >= looked_at or key in awaited
    ]
    return sorted(due, key=lambda key: (last[key], key))


def shown_pages(watched: Sequence[WatchedPage], seen: Sequence[SeenIncident]) -> list[WatchedPage]:
    """Return the pages that the vendor has. Where two services have one key and no name, it has to show
    both.
    """
    shown = Counter(incident.key for incident in seen)
    at_places = {(incident.key, place) for incident in seen for place in incident.places}
    rivals = Counter(page.key for page in watched)
    return [
        page for page in watched if (page.key, page.place) in at_places or shown[page.key] >= rivals[page.key]
    ]


def pages_of(
    seen: Iterable[SeenIncident], watched: Iterable[WatchedPage]
) -> list[tuple[SeenIncident, WatchedPage]]:
    """Return those of the vendor's incidents that are pages of ours, with the page. Of two with one key it is
    the one whose service the rules name so.
    """
    by_key: dict[str, list[WatchedPage]] = {}
    for page in watched:
        by_key.setdefault(page.key, []).append(page)
    return [
        (
            found,
            next((page for page in by_key[found.key] if page.place in found.places), by_key[found.key][0]),
        )
        for found in seen
        if found.key in by_key
    ]
