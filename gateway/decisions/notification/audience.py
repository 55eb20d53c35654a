"""Find which members of an incident each target sees, and by which recipients: a plan's step `seat`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.assumptions import assumed
from gateway.decisions.notification.continuation import of_group
from gateway.decisions.notification.members import (
    JudgedMember,
    Way,
    at_its_place,
    unreachable_members,
    ways_of,
)
from gateway.decisions.notification.view import TargetMember, View
from gateway.decisions.policy import Policy
from gateway.decisions.route import DisallowedChannel, Recipient, Router
from gateway.model.ledger import NEVER_NOTIFIED, Ledger, NotifiedState
from gateway.model.rules.destination import Destination
from gateway.model.verdict import MemberStatus, Reason, Verdict

UNROUTED = Verdict(MemberStatus.SUPPRESSED, Reason.UNROUTED)


@dataclass(frozen=True, slots=True)
class Audience:
    """The views by target, not concluded yet, and the members that no target sees, by episode, with the
    reason.

    `unreachable` holds, by episode, what fires and is kept quiet by nothing, with the channels that its
    routes name and may not: none of them for a member that no route brings anywhere.
    """

    views: Mapping[str, View]
    untargeted: Mapping[str, Verdict]
    unreachable: Mapping[str, tuple[DisallowedChannel, ...]] = field(default_factory=dict)


def seat(
    judged_members: Sequence[JudgedMember], snapshot: IncidentSnapshot, policy: Policy, now: int
) -> Audience:
    """Bring every member to the targets that see it: its own, the fallbacks of failing ones, and whoever was
    told of it.
    """
    builder = _AudienceBuilder(snapshot, policy.router, now)
    untargeted = {}
    for judged in judged_members:
        # A member that no target sees keeps its reason, so that its silence can be explained and counted.
        if judged.routed.recipients:
            builder.add_routed(judged)
        else:
            untargeted[judged.routed.episode_id] = _why_untargeted(judged)
    # The routed members come first: a fallback takes over exactly the members that the failing target has.
    builder.add_stand_ins()
    # What was told before comes last: a member that is still routed must not look as if it had moved away.
    builder.add_notified_before({judged.routed.episode_id: judged for judged in judged_members})
    views = {target: of_group(draft.view(), snapshot) for target, draft in builder.drafts.items()}
    return Audience(views, untargeted, unreachable_members(judged_members))


def _why_untargeted(judged: JudgedMember) -> Verdict:
    for disallowed in judged.routed.routing.disallowed:
        # A route names a channel that its template does not allow, and there is no fallback to notify.
        return Verdict(
            MemberStatus.UNDELIVERABLE,
            Reason.TEMPLATE_VALUE,
            disallowed.route.described,
            because=disallowed.described,
        )
    # A member that is suppressed anyway is explained by that: a new route alone would not make it heard.
    verdict = judged.suppressed_by
    return verdict if verdict is not None and verdict.outcome == MemberStatus.SUPPRESSED else UNROUTED


@dataclass(slots=True)
class _TargetDraft:
    """One target while its members are collected."""

    target: str
    destination: Destination | None
    address: str
    ledger: Ledger
    members: dict[str, TargetMember] = field(default_factory=dict)  # by episode
    covers: dict[str, bool] = field(default_factory=dict)

    def view(self) -> View:
        return View(
            self.target,
            self.destination,
            self.address,
            self.ledger,
            tuple(self.members.values()),
            self.covers,
        )


class _AudienceBuilder:
    """Collects the members of each target."""

    def __init__(self, snapshot: IncidentSnapshot, router: Router, now: int) -> None:
        self._snapshot = snapshot
        self._router = router
        self._now = now
        self.drafts: dict[str, _TargetDraft] = {}
        # By the identity of the recipients and of their mutes, which the members keep
        self._ways: dict[tuple[int, int], list[Way]] = {}

    def add_routed(self, judged: JudgedMember) -> None:
        key = (id(judged.routed.recipients), id(judged.muted_by))
        ways = self._ways.get(key)
        if ways is None:
            ways = self._ways[key] = ways_of(judged)
        for way in ways:
            self._add(self._target_member(judged, way))

    def _target_member(self, judged: JudgedMember, way: Way) -> TargetMember:
        """Make the member as one target sees it, by the ways that are open now."""
        suppressed_by, held_by = way.muted_by, None
        if judged.suppressed_by is not None and judged.suppressed_by.outcome == MemberStatus.SUPPRESSED:
            # What suppresses goes before a mute, and before what only holds
            suppressed_by = judged.suppressed_by
        else:
            held_by = judged.suppressed_by
        member = TargetMember(
            judged.routed.member,
            judged.routed.alert,
            way.recipients,
            suppressed_by,
            judged.resolve_held_by,
            judged.routed.episode_id,
        )
        if suppressed_by is None and held_by is not None and self._may_be_held(member):
            return msgspec.structs.replace(member, suppressed_by=held_by)
        return member

    def _may_be_held(self, member: TargetMember) -> bool:
        """Return whether this member may still be held back.

        A critical member may not be held longer than `longest_hold`. A member whose firing was already
        notified is never held: for the reader of the channel it is still the same problem, even if the alert
        ended and fired again in between.
        """
        ledger = self._snapshot.ledgers.get(member.recipients[0].target)
        told = assumed(ledger).last_notified if ledger is not None else NEVER_NOTIFIED
        if told.state is NotifiedState.FIRING:
            told_firing = (episode for episode, firing in told.members.items() if firing)
            if any(episode.rpartition(".")[0] == member.member.alert for episode in told_firing):
                return False
        longest = member.held_no_longer_than
        return longest is None or self._now < longest

    def _add(self, member: TargetMember) -> _TargetDraft:
        """Add the member to the target of its first recipient; a member that sits there already gets the
        further recipients.
        """
        recipient = member.recipients[0]
        draft = self.drafts.get(recipient.target)
        if draft is None:
            ledger = self._snapshot.ledgers.get(recipient.target)
            if ledger is None:
                ledger = Ledger(self._snapshot.incident.id, recipient.target, recipient.destination.name)
            draft = _TargetDraft(recipient.target, recipient.destination, recipient.address, assumed(ledger))
            self.drafts[recipient.target] = draft
        known = draft.members.get(member.episode_id)
        if known is not None:
            further = tuple(other for other in member.recipients if other not in known.recipients)
            member = msgspec.structs.replace(known, recipients=known.recipients + further)
        draft.members[member.episode_id] = member
        return draft

    def add_stand_ins(self) -> None:
        """Add the members of a failing target to its fallback, where they stay until the incident ends there;
        chains follow on.
        """
        waiting = [target for target, ledger in self._snapshot.ledgers.items() if ledger.fell_back_at]
        done: set[str] = set()
        while waiting:
            draft = self.drafts.get(waiting.pop(0))
            # Fallbacks may lead back to a target that was seen before: each target is
            # followed once, so chains end.
            if draft is None or draft.target in done:
                continue
            done.add(draft.target)
            # Nobody at this target hears of the incident, be its vendor away or the
            # notification refused for good.
            failing = bool(draft.ledger.failing_since or draft.ledger.dead)
            for stand_in in self._stand_ins(draft, failing=failing):
                stand_in.covers[draft.target] = failing
                # The fallback fails as well, so its own fallback has to tell people.
                if stand_in.ledger.fell_back_at:
                    waiting.append(stand_in.target)

    def _stand_ins(self, draft: _TargetDraft, *, failing: bool) -> list[_TargetDraft]:
        """Return the fallbacks of a failing target, with its members added.

        A fallback that was already notified of the end is left out, unless the original destination is still
        unreachable.
        """
        stand_ins: dict[str, _TargetDraft] = {}
        ways = [(member, recipient) for member in draft.members.values() for recipient in member.recipients]
        for member, recipient in ways:
            for name in draft.destination.fallback if draft.destination else ():
                other = self._router.recipient(
                    name, member.alert.labels, recipient.route, page=recipient.page
                )
                if isinstance(other, Recipient) and (failing or not self._was_told_the_end(other.target)):
                    other = replace(other, step=recipient.step)
                    recipients = (at_its_place(other, self._snapshot),)
                    there = self._add(msgspec.structs.replace(member, recipients=recipients))
                    stand_ins[there.target] = there
        return list(stand_ins.values())

    def _was_told_the_end(self, target: str) -> bool:
        ledger = self._snapshot.ledgers.get(target)
        return ledger is not None and ledger.last_notified.state is NotifiedState.ENDED

    def add_notified_before(self, judged_members: Mapping[str, JudgedMember]) -> None:
        """Add the members that a target was told of, whatever the routes say now: the target is owed their
        end.
        """
        for target, ledger in self._snapshot.ledgers.items():
            draft = self.drafts.get(target)
            if draft is None:
                address = ledger.endpoint.address if ledger.endpoint else ""
                draft = self.drafts[target] = _TargetDraft(target, None, address, assumed(ledger))
            for episode in draft.ledger.last_notified.members:
                judged = judged_members.get(episode)
                if judged is not None and episode not in draft.members:
                    draft.members[episode] = TargetMember(
                        judged.routed.member,
                        judged.routed.alert,
                        (),
                        UNROUTED,
                        judged.resolve_held_by,
                        episode,
                    )
