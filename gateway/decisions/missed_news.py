"""Find what people did at a vendor and no webhook has told: by what the vendor shows of our pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from gateway.model.durations import DAY, MINUTE, SECOND
from gateway.model.incident import Incident
from gateway.model.ledger import Intent, Ledger, NotifiedState
from gateway.model.statistics.events import page_id
from gateway.model.vendor_notes import VendorNote, attempt_of
from gateway.model.vendor_view import (
    ACKNOWLEDGED,
    RESOLVED,
    TRIGGERED,
    KnownStatus,
    ReaderState,
    SeenIncident,
    SeenWindow,
    WatchedPage,
)

CONFIRMED_WITHIN = 10 * MINUTE  # of its last word: a page that ended is asked for so long, and no longer
WATCHED_AFTER = DAY  # its end: as long as that somebody notices that it is open there still
LOST_AFTER = 2 * MINUTE  # an end that is taken shows within seconds
AFTER_WINDOW = 5 * SECOND
ASKED_AGAIN_AFTER = 5 * MINUTE  # a page that the list of what is open does not show
KEPT_IN_MIND = 7 * DAY
SHORTEST_WAIT, LONGEST_WAIT = MINUTE, 5 * MINUTE  # between two rounds


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
    watched: Sequence[WatchedPage], seen: Iterable[SeenIncident], state: ReaderState, now: int
) -> list[str]:
    """Return the keys that have to be asked for by themselves, as the list did not show them: those that were
    asked for longest ago first.
    """
    shown = {found.key for found in seen}
    last = {
        page.key: state.looked_for.get(page.key, 0)
        for page in watched
        if page.key not in shown and not (page.over and now - page.told_at > CONFIRMED_WITHIN)
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


def missed_news(
    seen: SeenIncident, before: KnownStatus | None, incident: Incident, page: WatchedPage
) -> tuple[str, ...]:
    """Return what happened at the vendor and is not known here, in its order, as the names of its webhooks.

    `before` is what the last round saw of it. Whether it is news still, is decided where it is written down,
    as that of a webhook is.
    """
    if before is not None and (before.status, before.changed_at) == (seen.status, seen.changed_at):
        return ()
    person, taken = seen.changed_by, incident.acknowledged
    if seen.status == RESOLVED:
        # Our own integration resolves what has ended, and a service may by itself: what fires goes on to fire.
        return ("resolved",) if person and incident.closed is None else ()
    news = []
    if incident.closed is not None and person and _opened_again(seen, before, incident):
        news.append("reopened")
    if seen.status == ACKNOWLEDGED and person:
        known = taken is not None and (taken.by == person or taken.at >= seen.changed_at)
        if not known and (incident.closed is None or news):
            news.append("acknowledged")
    # That the vendor still shows it as triggered may only mean that our word is on its way: it has to have been
    # acknowledged there.
    was_taken = before is not None and before.status == ACKNOWLEDGED
    if seen.status == TRIGGERED and (
        (taken is not None and (was_taken or taken.heard_from == page.target))
        or (was_taken and page.covered_by)
    ):
        news.append("unacknowledged")
    return tuple(news)


def _opened_again(seen: SeenIncident, before: KnownStatus | None, incident: Incident) -> bool:
    """Return whether somebody opened it after it was resolved there; a
    resolve of ours may still be on its way.
    """
    if before is not None and before.status == RESOLVED:
        return True
    heard_at = incident.heard_at.get(seen.key)
    return heard_at is not None and seen.changed_at // SECOND > heard_at // SECOND


def state_note(page: WatchedPage, incident: Incident) -> VendorNote | None:
    """Return the note about who has taken the page here, or what covers it; None where there is nothing to
    say that the vendor does not know better.
    """
    taken = incident.acknowledged
    if taken is not None and taken.by == page.taken_by and taken.heard_from != page.target:
        attempt = attempt_of(page.key, page.target, taken.by, taken.at)
        why = f": {taken.note}" if taken.note else "."
        text = f"{taken.by} has acknowledged it at the alert gateway{why}"
        return VendorNote(attempt, page.incident, page.target, text, taken.at)
    if page.covered_by and not page.over:
        attempt = attempt_of(page.key, page.target, page.covered_by)
        text = f"The alert gateway has acknowledged it, so that nobody is called about it: {page.covered_by}."
        return VendorNote(attempt, page.incident, page.target, text, page.told_at)
    return None


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


def after_round(
    state: ReaderState, seen: Sequence[SeenIncident], asked: Sequence[str], now: int
) -> ReaderState:
    """Return what is kept in mind after a round: what was seen of incidents, and which keys were asked
    for.
    """
    statuses = state.statuses | {found.id: KnownStatus(found.status, found.changed_at, now) for found in seen}
    # What the list shows is looked for at once when the list shows it no more.
    listed = {found.key for found in seen} - {*asked}
    looked_for = {key: at for key, at in state.looked_for.items() if key not in listed} | dict.fromkeys(
        asked, now
    )
    oldest = now - KEPT_IN_MIND
    return msgspec.structs.replace(
        state,
        statuses={name: known for name, known in statuses.items() if known.looked_at > oldest},
        looked_for=_since(oldest, looked_for),
        logs_read=_since(oldest, state.logs_read),
    )


def _since(oldest: int, times: Mapping[str, int]) -> dict[str, int]:
    return {name: at for name, at in times.items() if at > oldest}


def wait_after(failures: int, retry_after: int) -> int:
    """Return how long (ms) nobody asks after `failures` rounds in a row that were cut short."""
    doubled = SHORTEST_WAIT << min(failures, 8)
    return max(SHORTEST_WAIT, min(LONGEST_WAIT, max(retry_after, doubled if failures else 0)))
