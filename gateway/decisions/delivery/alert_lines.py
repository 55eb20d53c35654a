"""The alerts that a notification shows, in their order, and the line that each of them gets."""

from __future__ import annotations

from gateway.decisions.delivery.redaction import SUMMARY_ANNOTATIONS
from gateway.decisions.notification.view import TargetMember, View
from gateway.model.alert import Alert
from gateway.model.ledger import NotifiedState
from gateway.model.notification import AlertLine
from gateway.model.rules.rulebook import LabelRules


def shown_members(view: View) -> list[TargetMember]:
    """Return each alert that is to be shown, in its newest episode, in the order of `Notification.lines`."""
    members = view.desired.members
    known = [member for member in view.members if member.episode_id in members]
    newest = {member.alert.id: member for member in sorted(known, key=lambda member: member.alert.episode)}
    return sorted(
        newest.values(),
        key=lambda member: (
            not members[member.episode_id],
            member.episode_id in view.desired.silenced_after_notify,
            not has_moved(view, member),
            -member.alert.severity,
            member.started_at,
            member.episode_id,
        ),
    )


def seen_firing(view: View, member: TargetMember) -> bool:
    """Return whether the target sees the member firing. A member that has moved from here fires on elsewhere."""
    return (
        member.alert.firing
        if view.desired.state is NotifiedState.MOVED
        else view.desired.members.get(member.episode_id, False)
    )


def has_moved(view: View, member: TargetMember) -> bool:
    return member.alert.firing and not seen_firing(view, member)


def alert_line(alert: Alert, view: View, member: TargetMember, labels: LabelRules) -> AlertLine:
    # An alert that moved still burns elsewhere, so its line here is not shown as ended.
    over = not (seen_firing(view, member) or member.alert.firing)
    lives = [
        life
        for life in view.members
        if life.alert.id == member.alert.id and life.episode_id in view.desired.members
    ]
    links = labels.links
    return AlertLine(
        name=alert.name,
        severity=alert.severity,
        labels={name: value for name, value in alert.labels.items() if name != "alertname"},
        summary=next(
            (alert.annotations[name] for name in SUMMARY_ANNOTATIONS if alert.annotations.get(name)), ""
        ),
        started_at=member.started_at,
        ended_at=alert.ended_at or member.member.joined_at if over else None,
        runbook=alert.annotations.get(links.get("runbook", ""), ""),
        dashboard=alert.annotations.get(links.get("dashboard", ""), ""),
        source=alert.source_url,
        times=len(lives),
        annotations=alert.annotations,
        silenced_after_notify=view.desired.silenced_after_notify.get(member.episode_id, ""),
        moved=has_moved(view, member),
    )
