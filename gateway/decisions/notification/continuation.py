"""A group of more alerts than one incident may have goes on in further incidents, and is one page.

An incident that continues a full one pages nobody at a target where the full one is paged, open, and of no
lower severity. In every other case it pages by its own view: nobody else would be called for it.
"""

from __future__ import annotations

import msgspec

from gateway.decisions.incident_snapshot import EarlierIncident, IncidentSnapshot
from gateway.decisions.notification.view import EarlierPage, View
from gateway.model.durations import MINUTE
from gateway.model.ledger import Ledger, NotifiedState
from gateway.model.verdict import MemberStatus, Reason, Verdict

EXPECTED_FOR_MS = 2 * MINUTE  # so long the page of the full incident is waited for


def of_group(view: View, snapshot: IncidentSnapshot) -> View:
    """Return the view with what the incidents before and after it mean for its target."""
    if not snapshot.earlier and not snapshot.later:
        return view
    pages = [page for known in snapshot.earlier if (page := _earlier_page(known, view.target)) is not None]
    # The first of several incidents speaks for all: it is the one that people are called by.
    is_first = not snapshot.incident.continues
    elsewhere = sum(incident.firing for incident in snapshot.later) if is_first else 0
    return msgspec.structs.replace(view, earlier_pages=tuple(pages), elsewhere=elsewhere)


def _earlier_page(known: EarlierIncident, target: str) -> EarlierPage | None:
    """Return the page of a full incident at the target, None where it has none and is about to have none."""
    incident, ledger = known.incident, known.ledgers.get(target)
    # Over, closed or quiet: nobody is called by it any more.
    if incident.resolved_at or incident.closed or not incident.firing:
        return None
    if ledger is not None and _is_paged(ledger):
        return EarlierPage(incident.id, ledger.last_notified.severity)
    # Both were opened by the same webhook, perhaps, and the first one is about to be planned or sent.
    about_to_page = _waits(ledger) if ledger is not None else incident.planned_revision == 0
    return EarlierPage(incident.id, None) if about_to_page else None


def _is_paged(ledger: Ledger) -> bool:
    told = ledger.last_notified
    # A page that we acknowledged for a silence calls nobody, so it stands for nothing else.
    return told.state is NotifiedState.FIRING and told.paged and not told.covered_by


def _waits(ledger: Ledger) -> bool:
    untold = ledger.last_notified.state is not NotifiedState.FIRING
    return untold and not ledger.dead and ledger.status_counts.due + ledger.status_counts.held > 0


def paged_before(view: View, now: int) -> Verdict | None:
    """Return the verdict on the pages of this view where people were called for its group already."""
    firing = view.firing
    if not firing or not view.earlier_pages:
        return None
    until = min(member.due for member in firing) + EXPECTED_FOR_MS
    for page in view.earlier_pages:
        because = f"incident {page.incident}"
        if page.severity is not None and page.severity >= view.severity:
            return Verdict(MemberStatus.SUPPRESSED, Reason.PAGED_BEFORE, view.rule, None, because)
        # Nobody waits for a page for ever: the vendor may be away, or the first incident may not page at all.
        if page.severity is None and now < until:
            return Verdict(MemberStatus.SUPPRESSED, Reason.PAGED_BEFORE, view.rule, until, because)
    return None
