"""Put a view into the words and figures that a destination renders, redacted for every vendor alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.decisions.delivery.alert_lines import (
    alert_line,
    has_moved,
    said_by,
    seen_firing,
    shown_members,
    spans_by_alert,
)
from gateway.decisions.delivery.churn import Churn, churns_of, without_earlier_values
from gateway.decisions.delivery.ended_because import all_ended_because
from gateway.decisions.delivery.escalation_facts import escalation_facts
from gateway.decisions.delivery.firing_times import firing_times
from gateway.decisions.delivery.redaction import redact_alert
from gateway.decisions.delivery.silence_facts import silence_facts
from gateway.decisions.delivery.thing import thing_of
from gateway.decisions.delivery.titles import what_and_where
from gateway.decisions.notification.desired import resumes
from gateway.decisions.notification.update_limit import left_out_before
from gateway.decisions.notification.view import TargetMember, View
from gateway.model.alert import Alert
from gateway.model.cause import trace_id_of
from gateway.model.durations import ordinal, spoken
from gateway.model.incident import EarlierLives, Incident
from gateway.model.instants import clock
from gateway.model.ledger import NotifiedState
from gateway.model.notification import AlertLine, Notification
from gateway.model.rules.rulebook import LabelRules
from gateway.model.severity import Severity
from gateway.model.worded import FiringTimes


def compose(
    view: View, incident: Incident, labels: LabelRules, now: int, public_url: str = ""
) -> Notification:
    known = shown_members(view)
    churns = churns_of(known, labels)
    shown = without_earlier_values(known, churns)
    alerts = [redact_alert(member.alert, labels) for member in shown]
    things = [thing_of(alert.labels, labels) for alert in alerts]
    firing = [seen_firing(view, member) for member in shown]
    moved = sum(has_moved(view, member) for member in shown)
    spans = spans_by_alert(view, churns)
    earlier = _earlier_lives(shown, incident)
    lives = [firing_times(spans[member.alert.id], earlier[member.alert.id]) for member in shown]
    lines = tuple(
        alert_line(alert, thing, view, member, labels, life)
        for alert, thing, member, life in zip(alerts, things, shown, lives, strict=True)
    )
    whole = [span for member in shown for span in spans[member.alert.id]]
    times = firing_times(whole or [(incident.opened_at, now)], _of_all(shown, earlier))
    ended = view.desired.state in (NotifiedState.ENDED, NotifiedState.MOVED, NotifiedState.CLOSED)
    return Notification(
        incident=incident.id,
        target=view.target,
        generation=next_generation(view),
        revision=incident.revision,
        lines=lines,
        firing=sum(firing),
        ended=len(shown) - sum(firing) - moved,
        moved=moved,
        at=now,
        link=f"{public_url}/api/v1/incidents/{incident.id}" if public_url else "",
        churning=frozenset(churns),
        **_view_facts(view),
        **_facts_around(view, incident, churns),
        **_person_facts(view, incident),
        **_facts_elsewhere(view),
        **escalation_facts(view, incident),
        ended_because=_ended_because(view, alerts),
        **_time_facts(times, ended=ended),
        **_said_facts(lines, view.desired.severity),
        **what_and_where(list(zip(alerts, things, firing, strict=True)), labels, view.elsewhere),
        **silence_facts(view, now),
    )


def _view_facts(view: View) -> dict[str, Any]:
    return {
        "state": view.desired.state,
        "severity": view.desired.severity,
        "page": view.desired.paged,
        "called": _called_before(view),
        "moved_to": view.moved_to,
        "bypassed_by": view.bypassed_by,
        "quiet_until": view.quiet_until if view.desired.quiet else None,
        "rule": view.rule,
    }


def _facts_around(view: View, incident: Incident, churns: Mapping[str, Churn]) -> dict[str, Any]:
    """Return why it is told as it is, and what of it is not shown here."""
    return {
        "previous": incident.previous,
        "trace": trace_id_of(incident.trace),
        "reason": _reason(view) or incident.alone or _before(incident) or _churning(churns),
        "left_out": left_out_before(view),
        "not_sent": incident.left_out,
        "elsewhere": view.elsewhere,
    }


def _earlier_lives(shown: Sequence[TargetMember], incident: Incident) -> dict[str, list[EarlierLives]]:
    """Return by alert the lives that the incident counts and no longer lists."""
    known = incident.earlier_lives
    alerts = [member.alert.id for member in shown]
    return {alert: [known[alert]] if alert in known else [] for alert in alerts}


def _of_all(shown: Sequence[TargetMember], earlier: Mapping[str, list[EarlierLives]]) -> list[EarlierLives]:
    counted = [lives for member in shown for lives in earlier[member.alert.id]]
    if len(shown) > 1:
        # Those of several alerts may overlap, so nobody can say how often any of them fired.
        return [EarlierLives(0, lives.first_at, 0) for lives in counted]
    return counted


def _called_before(view: View) -> bool:
    told = view.ledger.last_notified
    return told.paged and told.state is NotifiedState.FIRING and view.desired.severity <= told.severity


def compose_plainly(view: View, incident: Incident, now: int) -> Notification:
    """Compose the least that can be said, of nothing that a sender wrote.

    It is used where the content of an alert makes the gateway stumble again and again: people hear of the
    incident all the same.
    """
    firing = sum(view.desired.members.values())
    return Notification(
        incident=incident.id,
        target=view.target,
        generation=next_generation(view),
        revision=incident.revision,
        state=view.desired.state,
        severity=view.desired.severity,
        title=f"Incident {incident.id}",
        where={},
        lines=(),
        firing=firing,
        ended=len(view.desired.members) - firing,
        started_at=incident.opened_at,
        ended_at=None if firing else now,
        at=now,
        page=view.desired.paged,
        reason="the gateway cannot show its alerts: its log says why",
    )


def next_generation(view: View) -> int:
    """Return the ledger's generation, which grows each time that firing is notified after a notified end or a
    close by hand, and when a page calls people anew after a silence or a lapsed acknowledgement.
    """
    ledger, told = view.ledger, view.ledger.last_notified
    again = view.desired.state is NotifiedState.FIRING and told.state is not NotifiedState.FIRING
    again = again or resumes(told, view.desired, view.destination)
    return ledger.generation + 1 if again else max(1, ledger.generation)


def _ended_because(view: View, alerts: Sequence[Alert]) -> str:
    if view.desired.state is not NotifiedState.ENDED:
        return ""
    return all_ended_because(alert.end_reason for alert in alerts)


def _person_facts(view: View, incident: Incident) -> dict[str, Any]:
    who, owners = incident.acknowledged, (recipient.route.owner for recipient in view.recipients)
    return {
        "mentions": view.destination.via.mentions if view.destination else (),
        "acknowledged_by": who.by if who else "",
        "acknowledged_here": who is not None and who.heard_from == view.target,
        "acknowledged_at": who.at if who else None,
        "closed_by": view.desired.closed_by if view.desired.state is NotifiedState.CLOSED else "",
        "owner": next((owner for owner in owners if owner), ""),
    }


def _said_facts(lines: Sequence[AlertLine], severity: Severity) -> dict[str, Any]:
    words = (line.sent_severity for line in lines if line.severity is severity)
    return {
        "said": said_by(lines),
        "thing": lines[0].thing if lines else "",
        "sent_severity": next(words, ""),
    }


def _facts_elsewhere(view: View) -> dict[str, Any]:
    """Say whom the incident paged at other targets, and where its message is."""
    return {
        "pages": {**view.pages, **view.desired.pages},
        "message_link": view.desired.message_link or view.message_link,
    }


def _time_facts(times: FiringTimes, *, ended: bool) -> dict[str, Any]:
    return {
        "started_at": times.first_at,
        "ended_at": times.ended_at if ended else None,
        "often": times,
    }


def _before(incident: Incident) -> str:
    """Say what the incidents before mean for the reader of this one."""
    if incident.continues:
        # The others, and who was called, are found where the group began.
        return f"more of incident {incident.continues[0]}, which is full"
    if incident.recurs_since is None:
        return ""
    # Each of the incidents before was over soon, and it came back: it flaps.
    length = spoken(incident.opened_at - incident.recurs_since)
    return f"fired again: {ordinal(incident.recurs + 1)} incident of it in {length}"


def _churning(churns: Mapping[str, Churn]) -> str:
    # Whoever reads it sees one alert of many. Whether the rule is to blame for that is not known here.
    said = sorted(churn.described for churn in churns.values())
    return f"{said[0]}, one after the other: the newest is shown" if said else ""


def _reason(view: View) -> str:
    if view.ledger.lost_until is not None and view.desired.state is NotifiedState.FIRING:
        # Whoever is called so late has to know that nobody was before.
        return f"its service was in maintenance until {clock(view.ledger.lost_until)}, and called nobody"
    failing = [target for target, fails in view.desired.covers.items() if fails]
    if failing:
        # This is a fallback: whoever reads here learns that the usual channel has not got the news.
        return f"{', '.join(failing)} cannot be reached: whoever reads this has to act in its place"
    if view.resolve_pending:
        # The alert is shown firing although its source said the end: the reader must know why it stays red.
        return f"{len(view.resolve_pending)} ended at the source, which is not believed before its next heartbeat"
    held = [member for member in view.firing if member.alert.held_until]
    return "re-opened without a newer start" if held and len(held) == len(view.firing) else ""
