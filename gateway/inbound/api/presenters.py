"""Records are turned into the models of the API here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gateway.decisions.delivery.thing import thing_of
from gateway.decisions.delivery.titles import what_and_where
from gateway.decisions.notification.member_status import count_statuses
from gateway.decisions.notification.resolve import Plan
from gateway.inbound.api.incident_models import (
    AcknowledgedShown,
    AlertShown,
    ClosedShown,
    EarlierLivesShown,
    IncidentShown,
    SnoozedShown,
    TargetShown,
    UnheardShown,
    VerdictShown,
)
from gateway.model.alert import Alert
from gateway.model.durations import SECOND
from gateway.model.incident import Closure, EarlierLives, Incident, Snooze
from gateway.model.instants import instant
from gateway.model.ledger import Ledger
from gateway.model.rules.rulebook import LabelRules
from gateway.model.severity import Severity
from gateway.model.verdict import QUIETING, MemberStatus, Reason, Verdict

NEAREST_FIRST = (
    MemberStatus.TOLD,
    MemberStatus.UNDELIVERABLE,
    MemberStatus.DUE,
    MemberStatus.HELD,
    MemberStatus.SUPPRESSED,
)
"""What a member may be to a target, from told to kept from everybody."""


def moment(ms: int | None) -> datetime | None:
    """Return an instant in UTC; None stands for never."""
    return None if ms is None else instant(ms)


def show_alert(alert: Alert) -> AlertShown:
    return AlertShown(
        id=alert.id,
        name=alert.name,
        firing=alert.firing,
        severity=alert.severity.word,
        labels=alert.labels,
        annotations=alert.annotations,
        episode=alert.episode,
        started_at=moment(alert.started_at),
        ended_at=moment(alert.ended_at),
        end_reason=alert.end_reason,
        end_inferred=alert.inferred,
        last_seen=moment(alert.last_seen),
        copies={name: copy.firing for name, copy in alert.copies.items()},
        incident=alert.incident or None,
    )


def state_of(incident: Incident) -> str:
    if incident.resolved_at:
        return "resolved"
    if incident.closed is not None:
        return "closed_by_hand"
    if not incident.firing:
        return "quiet"
    return "acknowledged" if incident.acknowledged is not None else "open"


def show_incident(
    incident: Incident, alerts: list[Alert], labels: LabelRules, standing: Verdict | None = None
) -> IncidentShown:
    """Show an incident by the words that its messages use.

    `alerts` are those of its members that are still kept; `standing` is what `standing_of` found.
    """
    # As in a message: what fires first, then what is worst, then what is oldest.
    ordered = sorted(alerts, key=lambda alert: (not alert.firing, -alert.severity, alert.started_at or 0))
    shown = what_and_where(
        [(alert, thing_of(alert.labels, labels), alert.firing) for alert in ordered], labels
    )
    who, closed, snoozed = incident.acknowledged, incident.closed, incident.snoozed
    return IncidentShown(
        id=incident.id,
        state=state_of(incident),
        severity=_severity(alerts).word,
        title=shown["title"],
        where=" › ".join(shown["place"].values()),
        standing=standing.outcome if standing is not None else "",
        reason=standing.reason.value if standing is not None else "",
        standing_until=moment(standing.until) if standing is not None else None,
        firing=incident.firing,
        members=len(incident.members),
        earlier_lives=[_show_lives(alert, lives) for alert, lives in incident.earlier_lives.items()],
        opened_at=moment(incident.opened_at),
        last_change_at=moment(incident.last_change_at),
        resolved_at=moment(incident.resolved_at),
        acknowledged=AcknowledgedShown(by=who.by, at=moment(who.at), note=who.note) if who else None,
        closed=_show_closed(closed) if closed else None,
        snoozed=_show_snoozed(snoozed) if snoozed else None,
        correlated_by=incident.rule,
        previous=incident.previous or None,
        targets=list(incident.targets),
        unheard_since=moment(incident.unheard_since),
        unheard=[
            UnheardShown(alert=alert.name, count=alert.count, reason=alert.reason, because=alert.because)
            for alert in incident.unheard
        ],
    )


def standing_of(plan: Plan, alerts: Mapping[str, Alert], now: int) -> Verdict | None:
    """Return the verdict that says what people know of an incident, None where nothing of it fires.

    It is that of the member and target that is nearest to being told: an incident counts as silenced only
    when news of every firing member is kept from everybody.
    """
    verdicts = [
        verdict
        for view in plan.views.values()
        for episode, verdict in count_statuses(view, now)[1].items()
        if alerts[episode].firing
    ]
    verdicts += [verdict for episode, verdict in plan.untargeted.items() if alerts[episode].firing]
    return min(
        verdicts,
        key=_distance,
        default=None,
    )


def _distance(verdict: Verdict) -> tuple[bool, int]:
    """Return how far people are from knowing of it. What only the log was told reaches nobody by itself."""
    status = MemberStatus.SUPPRESSED if verdict.reason is Reason.LOG_ONLY else MemberStatus(verdict.outcome)
    return verdict.reason in QUIETING, NEAREST_FIRST.index(status)


def _show_lives(alert: str, lives: EarlierLives) -> EarlierLivesShown:
    return EarlierLivesShown(
        alert=alert,
        count=lives.count,
        first_started_at=moment(lives.first_at),
        fired_seconds=lives.fired_for // SECOND,
    )


def _show_closed(closed: Closure) -> ClosedShown:
    return ClosedShown(by=closed.by, at=moment(closed.at), until=moment(closed.until), note=closed.note)


def _show_snoozed(snoozed: Snooze) -> SnoozedShown:
    return SnoozedShown(by=snoozed.by, at=moment(snoozed.at), until=moment(snoozed.until))


def _severity(alerts: list[Alert]) -> Severity:
    """Return the worst severity of what fires, and of all alerts if nothing fires any more."""
    firing = [alert for alert in alerts if alert.firing]
    return max((alert.severity for alert in firing or alerts), default=Severity.NONE)


def show_target(ledger: Ledger) -> TargetShown:
    return TargetShown(
        target=ledger.target,
        told=ledger.last_notified.state.value,
        log_only=ledger.log_only or None,
        generation=ledger.generation,
        first_told_at=moment(ledger.first_notified_at),
        told_at=moment(ledger.notified_at),
        remote=ledger.message_ref.id if ledger.message_ref else None,
        attempts=ledger.attempts,
        failing_since=moment(ledger.failing_since),
        error=ledger.error or None,
        dead_letter=ledger.dead or None,
    )


def show_verdicts(plan: Plan, alerts: dict[str, Alert], now: int) -> list[VerdictShown]:
    """Show every member at every target that sees it, and the members that no target sees."""
    shown = []
    for target, view in plan.views.items():
        for episode, verdict in count_statuses(view, now)[1].items():
            shown.append(_verdict(plan.incident.id, alerts[episode], target, verdict))
    for episode, verdict in plan.untargeted.items():
        shown.append(_verdict(plan.incident.id, alerts[episode], None, verdict))
    return shown


def _verdict(incident: str, alert: Alert, target: str | None, verdict: Verdict) -> VerdictShown:
    return VerdictShown(
        incident=incident,
        alert=alert.id,
        name=alert.name,
        target=target,
        standing=verdict.outcome,
        reason=verdict.reason.value,
        rule=verdict.rule,
        until=moment(verdict.until),
        because=verdict.because,
    )
