"""Records are turned into the models of the API here."""

from __future__ import annotations

from gateway.decisions.delivery.thing import thing_of
from gateway.decisions.delivery.titles import what_and_where
from gateway.inbound.api.incident_models import (
    AcknowledgedShown,
    AlertShown,
    ClosedShown,
    EarlierLivesShown,
    IncidentShown,
    SnoozedShown,
    TargetShown,
    UnheardShown,
)
from gateway.model.alert import Alert
from gateway.model.durations import SECOND
from gateway.model.incident import Closure, EarlierLives, Incident, Snooze
from gateway.model.instants import instant_or_none
from gateway.model.ledger import Ledger
from gateway.model.rules.rulebook import LabelRules
from gateway.model.severity import Severity
from gateway.model.verdict import Verdict


def show_alert(alert: Alert) -> AlertShown:
    return AlertShown(
        id=alert.id,
        name=alert.name,
        firing=alert.firing,
        severity=alert.severity.word,
        labels=alert.labels,
        annotations=alert.annotations,
        episode=alert.episode,
        started_at=instant_or_none(alert.started_at),
        ended_at=instant_or_none(alert.ended_at),
        end_reason=alert.end_reason,
        end_inferred=alert.inferred,
        last_seen=instant_or_none(alert.last_seen),
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
        standing_until=instant_or_none(standing.until) if standing is not None else None,
        firing=incident.firing,
        members=len(incident.members),
        earlier_lives=[_show_lives(alert, lives) for alert, lives in incident.earlier_lives.items()],
        opened_at=instant_or_none(incident.opened_at),
        last_change_at=instant_or_none(incident.last_change_at),
        resolved_at=instant_or_none(incident.resolved_at),
        acknowledged=AcknowledgedShown(by=who.by, at=instant_or_none(who.at), note=who.note) if who else None,
        closed=_show_closed(closed) if closed else None,
        snoozed=_show_snoozed(snoozed) if snoozed else None,
        correlated_by=incident.rule,
        previous=incident.previous or None,
        targets=list(incident.targets),
        unheard_since=instant_or_none(incident.unheard_since),
        unheard=[
            UnheardShown(alert=alert.name, count=alert.count, reason=alert.reason, because=alert.because)
            for alert in incident.unheard
        ],
    )


def _show_lives(alert: str, lives: EarlierLives) -> EarlierLivesShown:
    return EarlierLivesShown(
        alert=alert,
        count=lives.count,
        first_started_at=instant_or_none(lives.first_at),
        fired_seconds=lives.fired_for // SECOND,
    )


def _show_closed(closed: Closure) -> ClosedShown:
    return ClosedShown(
        by=closed.by, at=instant_or_none(closed.at), until=instant_or_none(closed.until), note=closed.note
    )


def _show_snoozed(snoozed: Snooze) -> SnoozedShown:
    return SnoozedShown(by=snoozed.by, at=instant_or_none(snoozed.at), until=instant_or_none(snoozed.until))


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
        first_told_at=instant_or_none(ledger.first_notified_at),
        told_at=instant_or_none(ledger.notified_at),
        remote=ledger.message_ref.id if ledger.message_ref else None,
        attempts=ledger.attempts,
        failing_since=instant_or_none(ledger.failing_since),
        error=ledger.error or None,
        dead_letter=ledger.dead or None,
    )
