"""The members of an incident, one by one: where the routes send each, and what keeps each from being
notified.

These are the steps `route` and `suppress` of a plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.own_route import own_recipients
from gateway.decisions.policy import Policy
from gateway.decisions.route import DisallowedChannel, Recipient, Router, Routing
from gateway.decisions.suppression.suppress import Suppressor
from gateway.model.alert import Alert
from gateway.model.credentialed import LOG
from gateway.model.ledger import NOWHERE
from gateway.model.members import Member
from gateway.model.own_alert import is_own
from gateway.model.severity import Severity
from gateway.model.verdict import Verdict


class RoutedMember(msgspec.Struct, frozen=True, gc=False):
    """A member, its alert, and who is to be notified of it: the recipients of its routing, each at the place
    it means now. Members of the same routing share one tuple of them.

    `unreachable` are the channels of its routing that may not be named and have no fallback.
    """

    episode_id: str
    member: Member
    alert: Alert
    routing: Routing
    recipients: tuple[Recipient, ...]
    unreachable: tuple[DisallowedChannel, ...] = ()


class JudgedMember(msgspec.Struct, frozen=True, gc=False):
    """A routed member and what keeps it quiet.

    `suppressed_by` suppresses the member or holds it back wherever it is routed. `muted_by` has a verdict for
    each recipient, None where the way to that recipient is open; it is shared as the recipients are.
    `resolve_held_by` keeps the end of the alert from being notified. `unreachable` are the channels that
    people would be notified in now, were they allowed.
    """

    routed: RoutedMember
    suppressed_by: Verdict | None
    muted_by: tuple[Verdict | None, ...]
    resolve_held_by: Verdict | None
    unreachable: tuple[DisallowedChannel, ...] = ()


def route(snapshot: IncidentSnapshot, policy: Policy, now: int) -> list[RoutedMember]:
    """Find the recipients of every member whose alert is still known."""
    routing = _PlacedRouting(snapshot, policy.router, now)
    routed = []
    for member in snapshot.members:
        episode_id = member.episode_id
        alert = snapshot.alerts.get(episode_id)
        if alert is not None:
            routed.append(RoutedMember(episode_id, member, alert, *routing.of(alert)))
    return routed


def suppress(
    routed_members: Sequence[RoutedMember], snapshot: IncidentSnapshot, policy: Policy, now: int
) -> list[JudgedMember]:
    """Judge every routed member: is it suppressed or held, is a way to it muted, is its end held back?"""
    mutes = _Mutes(snapshot, policy.suppressor, now)
    return [_judged(routed, mutes, snapshot, policy.suppressor, now) for routed in routed_members]


class _PlacedRouting:
    """The routings of one plan, with the places that their recipients mean now.

    Most members have the same routing, and what it means is found out once.
    """

    def __init__(self, snapshot: IncidentSnapshot, router: Router, now: int) -> None:
        self._snapshot = snapshot
        self._router = router
        self._wall = snapshot.wall(now)
        # By identity, which is that of nothing else while the routing is kept here
        self._known: dict[int, tuple[Routing, tuple[Recipient, ...]]] = {}

    def of(self, alert: Alert) -> tuple[Routing, tuple[Recipient, ...], tuple[DisallowedChannel, ...]]:
        """Return the routing, its recipients at their places, and the channels that lead nowhere."""
        routing = self._router.routing(alert.labels, self._wall)
        if is_own(alert):
            # An alert about the gateway itself never goes only to the destination that it says is failing.
            routing = own_recipients(self._router, routing, alert.labels)
        known = self._known.get(id(routing))
        if known is None:
            found = tuple(at_its_place(recipient, self._snapshot) for recipient in routing.recipients)
            known = self._known[id(routing)] = (routing, found)
        if not routing.disallowed:
            return *known, ()
        return routing, *self._with_detours(known[1], routing, alert)

    def _with_detours(
        self, recipients: tuple[Recipient, ...], routing: Routing, alert: Alert
    ) -> tuple[tuple[Recipient, ...], tuple[DisallowedChannel, ...]]:
        found, unreachable = list(recipients), []
        for disallowed in routing.disallowed:
            # A channel that the rules do not allow stays so: its fallback tells people at
            # once, without waiting.
            detours = [
                at_its_place(recipient, self._snapshot)
                for recipient in _detours(disallowed, alert, self._router)
            ]
            found += detours
            if not detours:
                unreachable.append(disallowed)
        return tuple(found), tuple(unreachable)


class _Mutes:
    """The members that a pause and the mutes keep quiet in one plan,
    found out once for all of the same recipients.
    """

    def __init__(self, snapshot: IncidentSnapshot, suppressor: Suppressor, now: int) -> None:
        self._controls = snapshot.controls
        self._suppressor = suppressor
        self._wall = snapshot.wall(now)
        # By the identity of the recipients, which their members keep, and whether the alert is critical
        self._known: dict[tuple[int, bool], tuple[Verdict | None, ...]] = {}

    def of(self, recipient: Recipient, alert: Alert) -> Verdict | None:
        return self._suppressor.muted(self._controls, recipient, alert, self._wall)

    def of_all(self, recipients: tuple[Recipient, ...], alert: Alert) -> tuple[Verdict | None, ...]:
        key = (id(recipients), alert.severity is Severity.CRITICAL)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = tuple(self.of(recipient, alert) for recipient in recipients)
        return found


def _judged(
    routed: RoutedMember, mutes: _Mutes, snapshot: IncidentSnapshot, suppressor: Suppressor, now: int
) -> JudgedMember:
    member, alert = routed.member, routed.alert
    # A pause or a mute would keep it quiet there, so nobody misses anything.
    unreachable = [
        disallowed for disallowed in routed.unreachable if mutes.of(_as_recipient(disallowed), alert) is None
    ]
    return JudgedMember(
        routed,
        suppressor.verdict(snapshot, member, alert, named=routed.routing.named, now=now),
        mutes.of_all(routed.recipients, alert),
        suppressor.resolve_held_by(snapshot, alert, now),
        tuple(unreachable),
    )


class Way(NamedTuple):
    """How members come to one target: by the recipients that are open now, or by all, which are muted."""

    recipients: tuple[Recipient, ...]
    muted_by: Verdict | None


def ways_of(judged: JudgedMember) -> list[Way]:
    """Return a way for each target that the member is routed to."""
    by_target: dict[str, list[tuple[Recipient, Verdict | None]]] = {}
    for recipient, muted_by in zip(judged.routed.recipients, judged.muted_by, strict=True):
        by_target.setdefault(recipient.target, []).append((recipient, muted_by))
    found = []
    for ways in by_target.values():
        open_ways = tuple(recipient for recipient, muted_by in ways if muted_by is None)
        # Only where every way is muted is the member muted here.
        every_way = tuple(recipient for recipient, _ in ways)
        found.append(Way(open_ways or every_way, None if open_ways else ways[0][1]))
    return found


def unreachable_members(
    judged_members: Sequence[JudgedMember],
) -> dict[str, tuple[DisallowedChannel, ...]]:
    """Return, by episode, what fires, is kept quiet by nothing, and has a way that leads nowhere.

    The value holds the channels that may not be named; it is empty for a member that no route brings
    anywhere.
    """
    return {
        judged.routed.episode_id: judged.unreachable
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
