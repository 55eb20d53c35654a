"""Find what people did at a vendor and no webhook has told: by what the vendor shows of our pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from gateway.model.durations import DAY, MINUTE, SECOND
from gateway.model.incident import Incident
from gateway.model.vendor_notes import VendorNote, attempt_of
from gateway.model.vendor_view import (
    ACKNOWLEDGED,
    RESOLVED,
    TRIGGERED,
    KnownStatus,
    ReaderState,
    SeenIncident,
    WatchedPage,
)

KEPT_IN_MIND = 7 * DAY
SHORTEST_WAIT, LONGEST_WAIT = MINUTE, 5 * MINUTE  # between two rounds


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
        # Our own integration resolves what has ended, and a
        # service may by itself: what fires goes on to fire.
        return ("resolved",) if person and incident.closed is None else ()
    news = []
    if incident.closed is not None and person and _opened_again(seen, before, incident):
        news.append("reopened")
    if seen.status == ACKNOWLEDGED and person:
        known = taken is not None and (taken.by == person or taken.at >= seen.changed_at)
        if not known and (incident.closed is None or news):
            news.append("acknowledged")
    # That the vendor still shows it as triggered may only mean that
    # our word is on its way: it has to have been acknowledged there.
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
