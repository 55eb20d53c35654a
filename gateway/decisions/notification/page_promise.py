"""Keep count of the promise that every page is told within a minute of falling due.

A page is owed at one target, from the plan that decides to call somebody there until its vendor has
taken it. It counts as due with the first try, or when its minute is over; as told in time or late with
the vendor's answer; and where it is not told at all, when its minute is over, or with the end of what it
was for. Whoever decides any of that writes it into the ledger with the counters, so that no replica and
no restart counts it again.
"""

from __future__ import annotations

import msgspec

from gateway.decisions.notification.desired import resumes
from gateway.decisions.notification.view import View
from gateway.model.changes import Changes
from gateway.model.credentialed import LOG
from gateway.model.instants import AT_ONCE
from gateway.model.ledger import LastNotified, Ledger, NotifiedState, Part
from gateway.model.owed_page import PAGES_DUE, PAGES_IN_TIME, PAGES_LATE, PAGES_NEVER, OwedPage


def keep_promise(ledger: Ledger, view: View, now: int, since: int, changes: Changes) -> Ledger:
    """Return the ledger with the page that it owes at `now` (ms), and count what is decided about it.

    `since` is when the work that decides this was due: a page that came to be owed then fell due no earlier.
    """
    page = ledger.owed_page
    # What the log takes in place of a vendor calls nobody, and its missing credential is said elsewhere.
    if ledger.endpoint is not None and ledger.endpoint.kind == LOG:
        return _with(ledger, None)
    if page is None:
        return _with(ledger, _newly_owed(ledger, view, now, since))
    if ledger.paged_at != page.paged_at:
        _count_told(page, now, changes)
        return _with(ledger, None)
    if not _is_wanted(ledger, view):
        _count_over(page, now, changes)
        return _with(ledger, None)
    return _with(ledger, _still_owed(page, ledger, view, now, since, changes))


def _newly_owed(ledger: Ledger, view: View, now: int, since: int) -> OwedPage | None:
    told, desired = ledger.last_notified, view.desired
    if not _calls(desired) or view.destination is None or not view.destination.via.calls_when_paged:
        return None
    pages_already = told.state is NotifiedState.FIRING and told.paged
    if pages_already and not resumes(told, desired, view.destination):
        return None
    return OwedPage(_due_at(view, now, since), ledger.paged_at)


def _is_wanted(ledger: Ledger, view: View) -> bool:
    intent = ledger.intent
    # A send that is under way, or that nobody has answered, may still tell it.
    under_way = intent is not None and intent.part is Part.MESSAGE and _calls(intent.last_notified)
    return under_way or _calls(view.desired)


def _calls(told: LastNotified) -> bool:
    """Return whether somebody is called by this: nobody is by what a person has, or keeps quiet."""
    fires = told.state is NotifiedState.FIRING and not told.quiet
    return fires and told.paged and not (told.acknowledged_by or told.covered_by)


def _due_at(view: View, now: int, since: int) -> int:
    # Its waits count from the alert's arrival, also where nobody looked at it then.
    return max(view.due or AT_ONCE, min(since, now))


def _still_owed(
    page: OwedPage, ledger: Ledger, view: View, now: int, since: int, changes: Changes
) -> OwedPage:
    if not page.is_counted:
        at = _due_at(view, now, since)
        # A wait that was given up or lifted moves it earlier; one that begins anew puts it off
        # while it is not due.
        page = msgspec.structs.replace(page, due_at=at if at > now else min(page.due_at, at))
    is_tried = ledger.intent is not None and ledger.intent.part is Part.MESSAGE
    is_over = now >= page.deadline
    if page.due_at <= now and (is_tried or is_over):
        page = _counted_as_due(page, changes)
    if is_over and not page.is_late:
        # Somebody should have been called by now. Where the vendor has refused it for good nobody
        # tries again.
        changes.increment(PAGES_NEVER if ledger.dead else PAGES_LATE)
        page = msgspec.structs.replace(page, is_late=True)
    return page


def _count_told(page: OwedPage, now: int, changes: Changes) -> None:
    _counted_as_due(page, changes)
    if not page.is_late:
        changes.increment(PAGES_IN_TIME if now <= page.deadline else PAGES_LATE)


def _count_over(page: OwedPage, now: int, changes: Changes) -> None:
    """Count a page that nobody needs any more: what it was for has ended, or somebody has it."""
    # It was not tried yet and had time left: nobody should have been called by now.
    if not page.is_counted and now < page.deadline:
        return
    _counted_as_due(page, changes)
    # It was tried in vain, or not at all, and now nobody is told of it any more.
    if not page.is_late:
        changes.increment(PAGES_NEVER)


def _counted_as_due(page: OwedPage, changes: Changes) -> OwedPage:
    if page.is_counted:
        return page
    changes.increment(PAGES_DUE)
    return msgspec.structs.replace(page, is_counted=True)


def _with(ledger: Ledger, page: OwedPage | None) -> Ledger:
    return ledger if page == ledger.owed_page else msgspec.structs.replace(ledger, owed_page=page)
