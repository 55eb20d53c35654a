"""The spells that begin with a plan: an alert that a rule keeps quiet at a target, from its first verdict on.

A spell is written once. Whether it is new is seen from the ledger, which knows what hid which members before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from gateway.decisions.delivery.alert_subject import AlertSubject, is_among, subject_of, things_of
from gateway.decisions.delivery.call_events import rule_ref
from gateway.decisions.delivery.plan_events import PlannedIncident, PlannedTarget, known_as_hidden
from gateway.decisions.notification.conclude import conclude_view
from gateway.decisions.notification.hidden import is_hidden
from gateway.decisions.notification.view import TargetMember, View
from gateway.decisions.suppression.suppress import Suppressor
from gateway.model.alert import Alert
from gateway.model.ledger import NotifiedState
from gateway.model.own_alert import is_own
from gateway.model.rules.rulebook import LabelRules
from gateway.model.statistics.events import Exemption, QuietSpell, SpellEntity
from gateway.model.verdict import Reason, Verdict

# These name who ordered it, and the statistics name nobody.
_BY_PEOPLE = frozenset({Reason.SILENCED, Reason.SNOOZED, Reason.PAUSED})
_ONLY_PAGES = frozenset({Reason.PAGE_WHEN, Reason.PAGED_BEFORE})  # `conclude` finds these anew


@dataclass(frozen=True)
class QuietSpells:
    """Finds the spells of a plan. `labels` are those that count, with what is redacted."""

    planned: PlannedIncident
    suppressor: Suppressor
    labels: LabelRules
    partition_by: Sequence[str] = ()

    def begun(self) -> Iterator[QuietSpell]:
        """Yield a spell for each member that a rule keeps from a target since this plan; own alerts have
        none.
        """
        for target in self.planned.targets:
            hidden = [member for member in target.view.members if member.alert.firing and is_hidden(member)]
            known = known_as_hidden(target.before) if hidden else frozenset()
            told: dict[str, View] = {}  # as the view would be, by the rule that is left out
            for member in hidden:
                verdict = member.suppressed_by
                if verdict is None or (verdict.rule, member.episode_id) in known:
                    continue
                if is_own(member.alert):
                    continue
                if verdict.rule not in told:
                    told[verdict.rule] = self._without(target.view, verdict.rule)
                yield self._spell(target, member, verdict, told[verdict.rule])

    def _without(self, view: View, rule: str) -> View:
        """Return the view as it would be without the rule."""
        members = tuple(
            msgspec.structs.replace(member, suppressed_by=None)
            if member.suppressed_by is not None
            and (member.suppressed_by.rule == rule or member.suppressed_by.reason in _ONLY_PAGES)
            else member
            for member in view.members
        )
        freed = msgspec.structs.replace(view, members=members)
        return conclude_view(freed, self.planned.incident, self.planned.now)

    def _spell(self, target: PlannedTarget, member: TargetMember, verdict: Verdict, told: View) -> QuietSpell:
        planned, alert = self.planned, member.alert
        rule, also = _named(verdict), self._also(member, verdict)
        subject = self._subject(alert)
        route = member.recipients[0].route if member.recipients else None
        return QuietSpell(
            id=f"quiet|{member.episode_id}|{target.view.target}|{rule}",
            at=0,
            shard=0,
            seq=0,
            episode=member.episode_id,
            incident=planned.incident.id,
            target=target.view.target,
            destination=target.after.destination,
            rule=rule,
            reason=verdict.reason.value,
            also=also,
            from_=planned.snapshot.wall(planned.now),
            would_tell_at=None if also else self._told_at(member, told),
            entity=subject.entity,
            exempt=self._exempt(alert, subject.entity, verdict),
            alertname=subject.alertname,
            correlate_rule=rule_ref(planned.incident.rule),
            route=route.name if route is not None else None,
            team=(route.owner if route is not None else "") or subject.team,
            severity=alert.severity.word,
        )

    def _subject(self, alert: Alert) -> AlertSubject:
        return subject_of(alert, self.labels, self.partition_by)

    def _also(self, member: TargetMember, verdict: Verdict) -> tuple[str, ...]:
        """Return the other rules that keep the member from this target, too."""
        found = self.suppressor.suppressing(
            self.planned.snapshot, member.member, member.alert, member.recipients, self.planned.now
        )
        return tuple(dict.fromkeys(_named(other) for other in found if other.rule != verdict.rule))

    def _told_at(self, member: TargetMember, told: View) -> int | None:
        """Return when the target would be told of the member without the rule; None where it would not be,
        or knows of it.
        """
        now, wall = self.planned.now, self.planned.snapshot.wall(self.planned.now)
        if told.due is None or not told.desired.members.get(member.episode_id):
            return None
        return wall + max(0, told.due - now)

    def _exempt(self, alert: Alert, entity: SpellEntity, verdict: Verdict) -> Exemption | None:
        """Return why the spell is no miss, whatever follows: people were paged for it already."""
        if is_among(entity, self._paged):
            return "known_before"
        snapshot = self.planned.snapshot
        if verdict.reason is Reason.INHIBITED and any(
            source.id in snapshot.paged_sources
            for source in self.suppressor.inhibitors(snapshot, alert, verdict.rule)
        ):
            return "inhibitor_paged"
        return None

    @cached_property
    def _paged(self) -> Mapping[SpellEntity, set[str | None]]:
        """Return what people were paged for in this incident, as far as the page is open."""
        snapshot = self.planned.snapshot
        told = (ledger.last_notified for ledger in snapshot.ledgers.values())
        episodes = {
            episode
            for notified in told
            if notified.paged and notified.state is NotifiedState.FIRING
            for episode, firing in notified.members.items()
            if firing
        }
        alerts = [snapshot.alerts[episode] for episode in episodes if episode in snapshot.alerts]
        return things_of(self._subject(alert).entity for alert in alerts)


def _named(verdict: Verdict) -> str:
    """Return the rule's name without that of a person."""
    return verdict.rule.partition(" by ")[0] if verdict.reason in _BY_PEOPLE else verdict.rule
