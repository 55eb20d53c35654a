"""A view: an incident as one target sees it now, and what that target should have been notified of.

Each member is routed and suppressed on its own; severity, paging and timers are computed on the view.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from gateway.decisions.route import Recipient
from gateway.model.alert import Alert
from gateway.model.incident import Joining, alert_of
from gateway.model.instants import AT_ONCE, latest
from gateway.model.ledger import NEVER_NOTIFIED, NOWHERE, LastNotified, Ledger, NotifiedState
from gateway.model.members import Member
from gateway.model.rules.destination import Destination
from gateway.model.severity import Severity
from gateway.model.verdict import QUIETING, NotifyReason, Verdict


class TargetMember(msgspec.Struct, frozen=True, gc=False):
    """One member at one target: the recipients that bring it there, and what keeps it or its end from being
    notified.

    `suppressed_by` is a verdict that suppresses or holds. A member that the target was told of, and that no
    rule routes there any more, has no recipients.
    """

    member: Member
    alert: Alert
    recipients: tuple[Recipient, ...]
    suppressed_by: Verdict | None
    resolve_held_by: Verdict | None
    episode_id: str  # the member's, which is asked for more often than it is made

    @property
    def started_at(self) -> int:
        """Return when the member began to fire (ms); what never fired is counted from when it joined."""
        return self.member.joined_at if self.alert.started_at is None else self.alert.started_at

    @property
    def waits_since(self) -> int:
        """Return since when the member has waited to be notified (ms)."""
        return self.alert.waits_since(self.member.joined_at)

    @property
    def notifies(self) -> bool:
        """Return whether the member fires and nothing keeps it from this target."""
        return self.alert.firing and self.suppressed_by is None

    @property
    def group_wait(self) -> int:
        return min((recipient.route.group_wait for recipient in self.recipients), default=0)

    @property
    def held_no_longer_than(self) -> int | None:
        """Return the latest time (ms) until which the member may be held.

        None means no limit, as for every non-critical member.
        """
        if self.alert.severity is not Severity.CRITICAL or not self.recipients:
            return None
        return self.waits_since + min(recipient.route.longest_hold for recipient in self.recipients)

    @property
    def due(self) -> int:
        """Return when the member is to be notified at the latest.

        A disputed firing has waited for its dispute already, so no further `group_wait` is added to that
        time.
        """
        waited = self.waits_since + self.group_wait
        due = waited if self.alert.held_until is None else max(waited, self.alert.held_until)
        longest = self.held_no_longer_than
        # A critical alert is told once `longest_hold` is over, whatever it would still wait for.
        return due if longest is None else min(due, longest)


class EarlierPage(msgspec.Struct, frozen=True, gc=False):
    """A page of a full incident that this one continues. `severity` is None while it is due and not sent."""

    incident: str
    severity: Severity | None


class View(msgspec.Struct, frozen=True, gc=False):
    """An incident at one target. Times in ms; None stands for no time.

    `destination` is None where no rule names it any more. `covers` names the failing targets that this one
    stands in for, with True while they fail. `desired` is what the target should have been notified of, `due`
    when at the latest, and `reason` why a notification is due then, or why none is. `look_at` is when the
    view changes by time alone, `quiet_until` when its end is notified, `moved_to` where members that left it
    are notified now. `earlier_pages` are those of the full incidents that this one continues, and
    `elsewhere` counts the alerts that fire in incidents that continue this one. `bypassed` says that only
    a bypass lets anything through to this target, `bypassed_by` who ordered the one in force. `pages` are the
    other targets that are paged, and since when; `message_link` leads to the message at another target.
    `joining` are the alerts that have joined and are not planned yet. `at_least` is the worst severity that
    fires here of members that this view leaves out, since an earlier plan has counted them.
    """

    target: str
    destination: Destination | None
    address: str
    ledger: Ledger
    members: tuple[TargetMember, ...] = ()
    covers: Mapping[str, bool] = {}
    desired: LastNotified = NEVER_NOTIFIED
    due: int | None = None
    reason: NotifyReason = NotifyReason.UP_TO_DATE
    look_at: int | None = None
    quiet_until: int | None = None
    moved_to: str = ""
    earlier_pages: tuple[EarlierPage, ...] = ()
    elsewhere: int = 0
    bypassed: bool = False
    bypassed_by: str = ""
    pages: Mapping[str, int] = {}
    message_link: str = ""
    joining: Joining | None = None
    at_least: Severity = Severity.NONE

    @property
    def firing(self) -> list[TargetMember]:
        """The members that are to be notified here."""
        return [member for member in self.members if member.notifies]

    @property
    def silenced_after_notify(self) -> list[TargetMember]:
        """The members whose alert was notified as firing before something began to keep news of it away.

        For people they still fire: a silence is no end. What ends and fires again meanwhile is the alert that
        people know.
        """
        quieted = [
            member
            for member in self.members
            if member.alert.firing
            and member.suppressed_by is not None
            and member.suppressed_by.reason in QUIETING
        ]
        told = self.told_alerts if quieted else frozenset()
        return [member for member in quieted if member.member.alert in told]

    @property
    def told_alerts(self) -> frozenset[str]:
        """The alerts that the target was told of since it was last told the end of everything."""
        told = self.ledger.last_notified
        # Whoever was told nothing, or the end, sees nothing firing that a silence could cover.
        if told.state not in (NotifiedState.FIRING, NotifiedState.CLOSED):
            return frozenset()
        return frozenset(map(alert_of, told.members))

    @property
    def resolve_pending(self) -> list[TargetMember]:
        """The members whose end is held back while people were notified of their alert as firing: for people
        they fire.

        An alert may have fired and ended again before the target was notified
        of that. Where nothing holds the end of the life that people know any
        more, the later life, which waits for a newer heartbeat, stands for it.
        """
        told = self.ledger.last_notified
        # A closed page is resolved already, and whoever was told of no firing is owed no end.
        if told.state is not NotifiedState.FIRING:
            return []
        held = [
            member
            for member in self.members
            if member.resolve_held_by is not None
            and (member.suppressed_by is None or member.suppressed_by.reason in QUIETING)
        ]
        if not held:
            return []
        known = [member for member in held if told.members.get(member.episode_id)]
        fires = {alert_of(episode) for episode, firing in told.members.items() if firing}
        later = fires - {member.member.alert for member in known}
        return known + [member for member in held if member.member.alert in later]

    @property
    def update_interval(self) -> int:
        return min((recipient.route.update_interval for recipient in self.recipients), default=0)

    @property
    def update_at(self) -> int:
        """Return when an update may be sent: `update_interval` after the last notification (ms)."""
        notified_at = self.ledger.notified_at
        return AT_ONCE if notified_at is None else notified_at + self.update_interval

    @property
    def recipients(self) -> list[Recipient]:
        return recipients_of(self.members)

    @property
    def rule(self) -> str:
        """The route that notifies this target; a paging route goes before the others."""
        recipients = recipients_of(self.firing or self.members)
        return next(
            (recipient.rule for recipient in recipients if recipient.page),
            recipients[0].rule if recipients else "",
        )

    @property
    def kind(self) -> str:
        """The kind of destination: that of the endpoint it was notified through, else what the rules say."""
        if self.ledger.endpoint is not None and self.ledger.endpoint.kind != NOWHERE:
            return self.ledger.endpoint.kind
        return self.destination.kind if self.destination else ""

    @property
    def severity(self) -> Severity:
        """The worst of what fires here, or what the target was told last where nothing fires."""
        worst = max(
            (member.alert.severity for member in self.firing), default=self.ledger.last_notified.severity
        )
        return max(worst, self.at_least)

    @property
    def differs(self) -> bool:
        """Return whether the target has to be notified of anything, now or later."""
        return self.desired != self.ledger.last_notified

    def with_ledger(self, ledger: Ledger) -> View:
        """Return the same view, as it is once the ledger has changed."""
        return msgspec.structs.replace(self, ledger=ledger)


def recipients_of(members: Iterable[TargetMember]) -> list[Recipient]:
    """Return the recipients that bring these members here: those that many members share are returned once."""
    shared = {id(member.recipients): member.recipients for member in members}
    return [recipient for recipients in shared.values() for recipient in recipients]


def ends_at(view: View) -> int | None:
    """Return when the view has been quiet for the longest of its `resolve_after`, counted from its last end
    (ms).

    It is None for a view in which nothing has ended.
    """
    last = latest(*(member.alert.ended_at for member in view.members))
    if last is None:
        return None
    return last + max((recipient.resolve_after for recipient in view.recipients), default=0)
