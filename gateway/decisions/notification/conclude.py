"""Conclude what each target should have been notified of by now, when at the latest, and why: a plan's step
`conclude`.

Before a notification the shortest wait wins; before an end the longest, so that a flapping or slow member is
not cut short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from gateway.decisions.notification.assumptions import superseded
from gateway.decisions.notification.audience import Audience
from gateway.decisions.notification.continuation import paged_before
from gateway.decisions.notification.desired import desired_while_firing, why_at_once
from gateway.decisions.notification.pages import with_pages
from gateway.decisions.notification.update_limit import limit_updates, with_left_out
from gateway.decisions.notification.view import View, ends_at, recipients_of
from gateway.decisions.route import Recipient, interrupts
from gateway.model.incident import Incident
from gateway.model.instants import AT_ONCE, earliest
from gateway.model.ledger import LastNotified, NotifiedState
from gateway.model.verdict import MemberStatus, NotifyReason, Reason, Verdict


def conclude(audience: Audience, incident: Incident, now: int) -> dict[str, View]:
    """Conclude every view, then say of those whose members have left where these are notified now."""
    seated = with_pages(audience.views)
    views = {target: conclude_view(view, incident, now) for target, view in seated.items()}
    return {target: _with_new_place(view, views) for target, view in views.items()}


def conclude_view(view: View, incident: Incident, now: int) -> View:
    """Return the view with what its target should have been notified of, and when."""
    told = view.ledger.last_notified
    if incident.joining is not None:
        view = msgspec.structs.replace(view, joining=incident.joining)
    # Paging is decided first: a member that may only page here waits unseen until it does.
    quiet = _why_no_page(view, now)
    paged = quiet is None
    if quiet is not None:
        view = _without_what_only_pages(view, quiet)
    if _was_bypassed(view):
        view = _taken_back(view)
    elif view.firing or (
        told.state is NotifiedState.FIRING and (view.silenced_after_notify or view.resolve_pending)
    ):
        view = _fires(view, incident, paged=paged)
    elif told.state is NotifiedState.FIRING:
        view = _no_longer_fires(view, incident, now)
    elif told.state is NotifiedState.CLOSED and not _told_alert_fires(view):
        # Somebody closed it by hand and by now it has really ended: the message says so.
        view = _concluded(view, _ended(with_left_out(view), NotifiedState.ENDED), now, NotifyReason.ENDED)
    else:
        # Nothing fires that may be told and no end is owed: nobody is told anything.
        view = _concluded(view, told, None, NotifyReason.UP_TO_DATE)
    # The limit comes last, since it spares first firings, rises and ends, which are known only now.
    view = limit_updates(view)
    return view.with_ledger(superseded(view.ledger, view.desired))


def _was_bypassed(view: View) -> bool:
    """Return whether only a bypass let the view through, which is over, while what kept it quiet is not."""
    told = view.ledger.last_notified
    shown = told.state is NotifiedState.FIRING and told.by_bypass
    return shown and not view.firing and bool(view.silenced_after_notify)


def _taken_back(view: View) -> View:
    """Take back what nobody would have been told of without the bypass: a page of it calls nobody further."""
    verdict = view.silenced_after_notify[0].suppressed_by
    why = f": {verdict.reason.value}, {verdict.rule}" if verdict is not None else ""
    view = msgspec.structs.replace(view, moved_to=f"the bypass is over{why}")
    return _concluded(
        view, _ended(view.ledger.last_notified, NotifiedState.MOVED), AT_ONCE, NotifyReason.MOVED
    )


def _why_no_page(view: View, now: int) -> Verdict | None:
    """Return why the view interrupts nobody, None where it interrupts a person.

    Once it has paged, the page lasts to the end of the view.
    """
    told = view.ledger.last_notified
    if told.state is NotifiedState.FIRING and told.paged:
        return None
    if not _page_when_holds(view):
        return Verdict(MemberStatus.SUPPRESSED, Reason.PAGE_WHEN)
    return paged_before(view, now)


def _page_when_holds(view: View) -> bool:
    firing = view.firing
    # `page_when` counts alerts, not their episodes: what flaps is one alert.
    different = {member.alert.id: member.alert for member in firing}.values()
    seen = [(alert.severity, alert.labels) for alert in different]
    routes = {recipient.route.name: recipient.route for recipient in recipients_of(firing) if recipient.page}
    return any(interrupts(route, seen) for route in routes.values())


def _without_what_only_pages(view: View, why: Verdict) -> View:
    """Suppress the members that are only paged here, while the view interrupts nobody."""
    verdicts: dict[int, Verdict | None] = {}  # by the identity of the recipients, which most members share
    members = list(view.members)
    for position, member in enumerate(members):
        if not member.notifies:
            continue
        key = id(member.recipients)
        if key not in verdicts:
            verdicts[key] = _if_only_paged(member.recipients, why)
        if verdicts[key] is not None:
            members[position] = msgspec.structs.replace(member, suppressed_by=verdicts[key])
    return msgspec.structs.replace(view, members=tuple(members))


def _if_only_paged(recipients: Sequence[Recipient], why: Verdict) -> Verdict | None:
    """Return why nobody is paged, by the rule of these recipients; None where one of them shows the member."""
    if not all(recipient.page for recipient in recipients):
        return None
    return msgspec.structs.replace(why, rule=recipients[0].rule if recipients else "")


def _fires(view: View, incident: Incident, *, paged: bool) -> View:
    """Something fires for the reader of this target: say what, when it is due, and why."""
    told, firing = view.ledger.last_notified, view.firing
    desired = desired_while_firing(view, incident, paged=paged)
    # People here know of no firing: they are told as soon as the shortest wait of the members is over.
    if told.state is not NotifiedState.FIRING:
        first = told.state is NotifiedState.NOTHING
        due = max(AT_ONCE, min(member.due for member in firing))
        return _concluded(
            view, desired, due, NotifyReason.FIRST_NOTIFICATION if first else NotifyReason.FIRING_AGAIN
        )
    # People know all of this already: another edit would only be noise.
    if desired == told:
        return _concluded(view, desired, None, NotifyReason.UP_TO_DATE)
    if not told.quieted_by and msgspec.structs.replace(desired, quieted_by="") == told:
        # A version that kept no mark of the order told it: no message is edited for the sake of the mark.
        return _concluded(view, told, None, NotifyReason.UP_TO_DATE)
    if msgspec.structs.replace(desired, texts=told.texts) == told:
        # A version that kept no mark of the texts told it: no message is edited for the sake of the mark.
        if not told.texts:
            return _concluded(view, told, None, NotifyReason.UP_TO_DATE)
        # An annotation says something else, such as a newer value: the message follows, and nobody is called.
        return _concluded(view, desired, view.update_at, NotifyReason.TEXTS_CHANGED)
    if msgspec.structs.replace(desired, pages=told.pages, message_link=told.message_link) == told:
        # Somebody was paged elsewhere: the message says whom and when, the page leads to it, and nobody is
        # called by that.
        return _concluded(view, desired, view.update_at, NotifyReason.PAGED_ELSEWHERE)
    urgent = why_at_once(told, desired)
    if urgent is not None:
        return _concluded(view, desired, AT_ONCE, urgent)
    # An update waits for `update_interval`, so that a burst of joins is one edit; no critical alert waits too
    # long for it.
    waits = [member.held_no_longer_than for member in firing if member.episode_id not in told.members]
    return _concluded(view, desired, earliest(view.update_at, *waits), NotifyReason.MEMBERS_CHANGED)


def _no_longer_fires(view: View, incident: Incident, now: int) -> View:
    """Say that nothing is to be shown firing here any more: closed, moved, ended, or quiet until it may end."""
    told = view.ledger.last_notified
    if incident.closed is not None and _told_alert_fires(view):
        # A person closed it while alerts fire: the page is resolved, and the members are
        # kept as they were told.
        desired = msgspec.structs.replace(
            with_left_out(view), state=NotifiedState.CLOSED, closed_by=incident.closed.by, quiet=False
        )
        return _concluded(view, desired, max(AT_ONCE, incident.closed.at), NotifyReason.CLOSED_BY_HAND)
    if _told_and_firing(view):
        # The alerts fire on and no rule brings them here any more: never "resolved", but where they are told
        # now.
        moved_at = max(AT_ONCE, incident.last_change_at)
        return _concluded(view, _ended(told, NotifiedState.MOVED), moved_at, NotifyReason.MOVED)
    quiet_until = ends_at(view)
    # Nothing came back for `resolve_after`: whoever was told of the firing is told of its end.
    if quiet_until is None or now >= quiet_until:
        ended = _ended(with_left_out(view), NotifiedState.ENDED)
        return _concluded(view, ended, quiet_until or AT_ONCE, NotifyReason.ENDED)
    # Everything has ended, but it may flap: the end is notified once the view was quiet for `resolve_after`.
    view = msgspec.structs.replace(view, quiet_until=quiet_until, look_at=quiet_until)
    # A page or a mail is not sent to say that nothing fires for now: its readers next hear of the end.
    if view.destination is not None and not view.destination.via.shows_quiet:
        return _concluded(view, told, None, NotifyReason.QUIET)
    quiet = msgspec.structs.replace(_ended(told, NotifiedState.FIRING), severity=told.severity, quiet=True)
    # This edit is not urgent, as the alert may fire again, so it waits for `update_interval`.
    due = view.update_at if quiet != told else None
    return _concluded(view, quiet, due, NotifyReason.QUIET)


def _concluded(view: View, desired: LastNotified, due: int | None, reason: NotifyReason) -> View:
    return msgspec.structs.replace(view, desired=desired, due=due, reason=reason)


def _told_and_firing(view: View) -> bool:
    """Return whether anything that the target was told of, and was told no end of, still fires."""
    told = view.ledger.last_notified
    return any(told.members.get(member.episode_id) and member.alert.firing for member in view.members)


def _told_alert_fires(view: View) -> bool:
    """Return whether an alert that the target was told of fires, be it once more since then."""
    told = view.told_alerts
    return any(member.alert.firing and member.member.alert in told for member in view.members)


def _ended(told: LastNotified, state: NotifiedState) -> LastNotified:
    members = dict.fromkeys(told.members, False)
    return msgspec.structs.replace(told, state=state, members=members, quiet=False, closed_by="")


def _with_new_place(view: View, views: Mapping[str, View]) -> View:
    """Say where the members are notified now that this target no longer sees."""
    if view.desired.state is not NotifiedState.MOVED or view.moved_to:
        return view
    left = {member.episode_id for member in view.members}
    others = [
        target for target, other in views.items() if any(member.episode_id in left for member in other.firing)
    ]
    moved_to = f"told at {', '.join(others)} now" if others else "no rule routes it here any longer"
    return msgspec.structs.replace(view, moved_to=moved_to)
