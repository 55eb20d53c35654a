"""The alerts that a notification shows, in their order, and the line that each of them gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.decisions.delivery.annotations import said_of, sentences_of
from gateway.decisions.delivery.churn import Churn
from gateway.decisions.delivery.ended_because import ended_because
from gateway.decisions.delivery.firing_times import Span
from gateway.decisions.delivery.thing import Thing, in_reading_order, plumbing_in
from gateway.decisions.delivery.titles import natural
from gateway.decisions.notification.view import TargetMember, View
from gateway.model.alert import Alert
from gateway.model.incident import alert_of
from gateway.model.ledger import NotifiedState
from gateway.model.notification import AlertLine
from gateway.model.rules.rulebook import LabelRules
from gateway.model.worded import FiringTimes


def shown_members(view: View) -> list[TargetMember]:
    """Return each alert that is to be shown, in its newest episode, in the order of `Notification.lines`."""
    members = view.desired.members
    known = [member for member in view.members if member.episode_id in members]
    newest = {member.alert.id: member for member in sorted(known, key=lambda member: member.alert.episode)}
    names = _Names()
    return sorted(
        newest.values(),
        key=lambda member: (
            not members[member.episode_id],
            member.episode_id in view.desired.silenced_after_notify,
            not has_moved(view, member),
            -member.alert.severity,
            member.started_at,
            # Alerts of one moment stand in the order in which a person looks for a name.
            [names[text] for item in sorted(member.alert.labels.items()) for text in item],
            member.episode_id,
        ),
    )


class _Names(dict[str, tuple[tuple[int, str], ...]]):
    """The places of texts in the order in which a person looks for a name; most alerts of an incident share most."""

    def __missing__(self, text: str) -> tuple[tuple[int, str], ...]:
        found = self[text] = natural(text)
        return found


def seen_firing(view: View, member: TargetMember) -> bool:
    """Return whether the target sees the member firing. A member that has moved from here fires on elsewhere."""
    return (
        member.alert.firing
        if view.desired.state is NotifiedState.MOVED
        else view.desired.members.get(member.episode_id, False)
    )


def has_moved(view: View, member: TargetMember) -> bool:
    return member.alert.firing and not seen_firing(view, member)


def spans_by_alert(view: View, churns: Mapping[str, Churn]) -> dict[str, list[Span]]:
    """Return when each alert fired in this incident, also in lives that the target was not notified of.

    Where a label's value churns, the alert with the newest value fired with all values before.
    """
    spans: dict[str, list[Span]] = {}
    for life in view.members:
        spans.setdefault(life.alert.id, []).append(_span_of(view, life))
    for newest, churn in churns.items():
        spans[alert_of(newest)] += [_span_of(view, life) for life in churn.earlier]
    return spans


def _span_of(view: View, life: TargetMember) -> Span:
    # An alert that moved still burns elsewhere, and a held end is not believed yet: neither has ended.
    if life.alert.firing or seen_firing(view, life):
        return life.started_at, None
    return life.started_at, life.alert.ended_at or life.member.joined_at


def alert_line(
    alert: Alert, thing: Thing, view: View, member: TargetMember, labels: LabelRules, times: FiringTimes
) -> AlertLine:
    """Return the line of one alert, redacted already, whose lives are all in `times`."""
    links, said = labels.links, alert.annotations
    order = in_reading_order(alert.labels, thing.passed_over, labels)
    summary, description = said_of(alert.annotations, labels)
    return AlertLine(
        name=alert.name,
        severity=alert.severity,
        labels={name: alert.labels[name] for name in order if name != "alertname"},
        summary=summary,
        started_at=times.since,
        ended_at=times.ended_at,
        runbook=alert.annotations.get(links.get("runbook", ""), ""),
        dashboard=said.get(links.get("dashboard", ""), "") or said.get("dashboardURL", ""),
        source=alert.source_url,
        annotations=alert.annotations,
        silenced_after_notify=view.desired.silenced_after_notify.get(member.episode_id, ""),
        moved=has_moved(view, member),
        episode=member.episode_id,
        often=times,
        thing=str(thing),
        scope=thing.scope,
        description=description,
        sent_severity=_sent_severity(alert, labels),
        alertname=alert.labels.get("alertname", ""),
        panel=said.get("panelURL", ""),
        image=said.get("imageURL", ""),
        silence=said.get("silenceURL", ""),
        ended_because=ended_because(alert.end_reason) if times.ended_at is not None else "",
        plumbing=plumbing_in(order, thing.passed_over),
    )


def said_by(lines: Iterable[AlertLine]) -> tuple[str, ...]:
    """Return what the alerts say of themselves, each sentence once."""
    said = (text for line in lines for text in sentences_of(line.summary, line.description))
    return tuple(dict.fromkeys(said))


def _sent_severity(alert: Alert, labels: LabelRules) -> str:
    """Return the label of the severity where it is read as another word, and may be shown."""
    rule = labels.severity
    word = "" if rule.label in labels.redact else rule.other_word(alert.labels, alert.severity)
    return f"{rule.label}={word}" if word else ""
