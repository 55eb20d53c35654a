"""The members of an incident, one by one: where the routes send each, and what keeps each from being
notified.

These are the steps `route` and `suppress` of a plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.own_route import own_recipients
from gateway.decisions.policy import Policy
from gateway.decisions.route import DisallowedChannel, Recipient, Router, Routing
from gateway.decisions.suppression.suppress import Suppressor
from gateway.model.alert import Alert
from gateway.model.credentialed import LOG
from gateway.model.incident import Member
from gateway.model.ledger import NOWHERE
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.verdict import Verdict


class RoutedMember(msgspec.Struct, frozen=True, gc=False):
    """A member, its alert, and who is to be notified of it: the recipients of its routing, each at the place
    it means now.

    `unreachable` are the channels of its routing that may not be named and have no fallback.
    """

    member: Member
    alert: Alert
    routing: Routing
    recipients: tuple[Recipient, ...]
    unreachable: tuple[DisallowedChannel, ...] = ()


class JudgedMember(msgspec.Struct, frozen=True, gc=False):
    """A routed member and what keeps it quiet.

    `suppressed_by` suppresses the member or holds it back wherever it is routed. `muted_by` has a verdict for
    each recipient, None where the way to that recipient is open. `resolve_held_by` keeps the end of the alert
    from being notified. `unreachable` are the channels that people would be notified in now, were they
    allowed.
    """

    routed: RoutedMember
    suppressed_by: Verdict | None
    muted_by: tuple[Verdict | None, ...]
    resolve_held_by: Verdict | None
    unreachable: tuple[DisallowedChannel, ...] = ()


def route(snapshot: IncidentSnapshot, policy: Policy, now: int) -> list[RoutedMember]:
    """Find the recipients of every member whose alert is still known."""
    routed = []
    for member in snapshot.incident.members:
        alert = snapshot.alerts.get(member.episode_id)
        if alert is not None:
            routed.append(_routed(member, alert, snapshot, policy.router, now))
    return routed


def suppress(
    routed_members: Sequence[RoutedMember], snapshot: IncidentSnapshot, policy: Policy, now: int
) -> list[JudgedMember]:
    """Judge every routed member: is it suppressed or held, is a way to it muted, is its end held back?"""
    return [_judged(routed, snapshot, policy.suppressor, now) for routed in routed_members]


def _routed(
    member: Member, alert: Alert, snapshot: IncidentSnapshot, router: Router, now: int
) -> RoutedMember:
    routing = router.routing(alert.labels, now)
    if alert.spoken_by.startswith(OWN_SOURCE):
        # An alert about the gateway itself never goes only to the destination that it says is failing.
        routing = own_recipients(router, routing, alert.labels)
    found = [at_its_place(recipient, snapshot) for recipient in routing.recipients]
    unreachable = []
    for disallowed in routing.disallowed:
        # A channel that the rules do not allow stays so: its fallback tells people at once, without waiting.
        detours = [at_its_place(recipient, snapshot) for recipient in _detours(disallowed, alert, router)]
        found += detours
        if not detours:
            unreachable.append(disallowed)
    return RoutedMember(member, alert, routing, tuple(found), tuple(unreachable))


def _judged(
    routed: RoutedMember, snapshot: IncidentSnapshot, suppressor: Suppressor, now: int
) -> JudgedMember:
    member, alert = routed.member, routed.alert
    muted_by = [suppressor.muted(snapshot.controls, recipient, alert, now) for recipient in routed.recipients]
    # A pause or a mute would keep it quiet there, so nobody misses anything.
    unreachable = tuple(
        disallowed
        for disallowed in routed.unreachable
        if suppressor.muted(snapshot.controls, _as_recipient(disallowed), alert, now) is None
    )
    return JudgedMember(
        routed,
        suppressor.verdict(snapshot, member, alert, named=routed.routing.named, now=now),
        tuple(muted_by),
        suppressor.resolve_held_by(snapshot, alert, now),
        unreachable,
    )


def unreachable_members(
    judged_members: Sequence[JudgedMember],
) -> dict[str, tuple[DisallowedChannel, ...]]:
    """Return, by episode, what fires, is kept quiet by nothing, and has a way that leads nowhere.

    The value holds the channels that may not be named; it is empty for a member that no route brings
    anywhere.
    """
    return {
        judged.routed.member.episode_id: judged.unreachable
        for judged in judged_members
        if judged.routed.alert.firing
        and judged.suppressed_by is None
        and (judged.unreachable or not (judged.routed.recipients or judged.routed.unreachable))
    }


def _as_recipient(disallowed: DisallowedChannel) -> Recipient:
    name = disallowed.destination.name
    return Recipient(name, disallowed.destination, name, disallowed.route, disallowed.page)


def at_its_place(recipient: Recipient, snapshot: IncidentSnapshot) -> Recipient:
    """Return the recipient, as another target where its destination means another place than it was notified
    through.

    Somebody changed the channel or the routing key of a destination: the new place is told anew, and the old
    place is still owed the end of what it was told.
    """
    ledger = snapshot.ledgers.get(recipient.target)
    told = ledger.endpoint if ledger else None
    here = (recipient.address, recipient.destination.credential)
    # Notified nowhere yet, only in the log, or at this very place: no other place is owed an end.
    if told is None or told.kind in (NOWHERE, LOG) or (told.address, told.secret) == here:
        return recipient
    target = f"{recipient.destination.name}:{recipient.address}"
    # Only the credential has changed, so the credential has to tell the new place from the old one.
    if target == recipient.target:
        target = f"{target} {recipient.destination.credential}"
    return replace(recipient, target=target)


def _detours(disallowed: DisallowedChannel, alert: Alert, router: Router) -> Iterator[Recipient]:
    """Yield the fallbacks of a destination whose channel template gave a value that is not allowed; chains
    are followed.
    """
    waiting = list(disallowed.destination.fallback)
    while waiting:
        found = router.recipient(waiting.pop(0), alert.labels, disallowed.route, page=disallowed.page)
        if isinstance(found, DisallowedChannel):
            waiting += found.destination.fallback
        else:
            yield found
