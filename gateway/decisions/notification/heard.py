"""Note what each target has heard of an incident, for intake: where a further alert is only an update, its
plan may wait a moment (`decisions/intake/patience.py`).

A target that is not noted is planned at once for whatever joins. So only what is settled is noted: nothing is
due at once, in doubt, failing or stood in for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.desired import why_at_once
from gateway.decisions.notification.members import RoutedMember
from gateway.decisions.notification.view import View
from gateway.decisions.route import pages_from
from gateway.model.credentialed import LOG
from gateway.model.incident import Heard
from gateway.model.ledger import NEVER_NOTIFIED, NOWHERE, LastNotified, Ledger, NotifiedState
from gateway.model.rules.route import Route
from gateway.model.severity import Severity
from gateway.model.verdict import Reason


def heard_by_targets(
    views: Mapping[str, View], routed_members: Sequence[RoutedMember], snapshot: IncidentSnapshot, now: int
) -> dict[str, Heard]:
    """Return, by target, what it has heard; a target is left out where a
    further alert may be more than an update.
    """
    # During a bypass people see what the rules would keep from them, and nobody knows for how long.
    if snapshot.controls.bypass(snapshot.wall(now)) is not None:
        return {}
    paging = _paging_routes(routed_members)
    found = {
        target: _heard(view, paging.get(target, {}), snapshot.ledgers.get(target))
        for target, view in views.items()
    }
    return {
        target: msgspec.structs.replace(heard, members=len(views[target].members))
        for target, heard in found.items()
        if heard is not None
    }


def _paging_routes(routed_members: Sequence[RoutedMember]) -> dict[str, dict[str, Route]]:
    """Return the routes, by target and name, by which what fires may page; a pause or a mute of them may end."""
    found: dict[str, dict[str, Route]] = {}
    shared = {id(routed.recipients): routed.recipients for routed in routed_members if routed.alert.firing}
    for recipients in shared.values():
        for recipient in recipients:
            if recipient.page:
                found.setdefault(recipient.target, {})[recipient.route.name] = recipient.route
    return found


def _heard(view: View, paging: Mapping[str, Route], ledger: Ledger | None) -> Heard | None:
    # A send in doubt, a destination that fails or has a stand-in, or one that no rule names any more.
    if view.destination is None or view.covers or (ledger is not None and not is_settled(ledger)):
        return None
    told = ledger.last_notified if ledger is not None else NEVER_NOTIFIED
    if told.state is NotifiedState.FIRING:
        return _heard_firing(view, paging, ledger, told)
    below = _below_what_pages(paging)
    # Nobody is called by what fires here, and nobody will be by a further alert that is no worse.
    if below is not None and view.due is None and _only_pages(view):
        return Heard(below, told=False, paged=False)
    return None


def is_settled(ledger: Ledger) -> bool:
    """Return whether nothing is in doubt at the target, and nothing fails there."""
    in_doubt = ledger.intent is not None or bool(ledger.unconfirmed)
    return not (in_doubt or ledger.dead or ledger.failing_since or ledger.fell_back_at)


def _heard_firing(
    view: View, paging: Mapping[str, Route], ledger: Ledger | None, told: LastNotified
) -> Heard | None:
    desired = view.desired
    # Nothing fires for its readers, or it is quieted, and the next alert is news.
    if desired.state is not NotifiedState.FIRING or not view.firing or desired.covered_by or told.quiet:
        return None
    # Something more urgent is due already, and the plan of the next alert may be the one that tells it.
    if told.by_bypass or told.covers or why_at_once(told, desired) is not None:
        return None
    # Only the log was told: people are told once there is a credential.
    if ledger is None or ledger.endpoint is None or ledger.endpoint.kind in (LOG, NOWHERE):
        return None
    severity = min(told.severity, desired.severity)
    if not told.paged and paging:
        below = _below_what_pages(paging)
        if below is None:
            return None
        severity = min(severity, below)
    return Heard(severity, True, told.paged, ledger.notified_at or 0, view.update_interval)


def _below_what_pages(paging: Mapping[str, Route]) -> Severity | None:
    """Return the worst severity that makes none of these routes page; None where anything else may do so too."""
    levels = [pages_from(route) for route in paging.values()]
    known = [level for level in levels if level is not None]
    if not known or len(known) < len(levels) or min(known) is Severity.NONE:
        return None
    return Severity(min(known) - 1)


def _only_pages(view: View) -> bool:
    """Return whether what fires here is kept quiet since `page_when` does not hold."""
    reasons = {
        member.suppressed_by.reason if member.suppressed_by is not None else None
        for member in view.members
        if member.alert.firing
    }
    return Reason.PAGE_WHEN in reasons and not reasons & {None, Reason.PAGED_BEFORE}
