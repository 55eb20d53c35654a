"""Compose: put a view into the words and figures that a destination renders. Redaction happens here, for every vendor alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from gateway.decisions.notification.view import Seat, View
from gateway.model.alert import Alert
from gateway.model.incident import Incident
from gateway.model.ledger import NotifiedState
from gateway.model.notification import AlertLine, Notification
from gateway.model.rules.rulebook import LabelRules

SUMMARY_ANNOTATIONS = ("summary", "message", "description")


def compose(view: View, incident: Incident, labels: LabelRules, now: int, public_url: str = "") -> Notification:
    shown = _shown(view)
    alerts = [_redacted(seat.alert, labels) for seat in shown]
    firing, moved = sum(_fires(view, seat) for seat in shown), sum(_moved(view, seat) for seat in shown)
    shared = _shared(alerts)
    recipients = [recipient for seat in view.seats for recipient in seat.recipients]
    via = view.destination.via if view.destination else None
    who = incident.acknowledged
    ended = view.desired.state in (NotifiedState.ENDED, NotifiedState.MOVED, NotifiedState.CLOSED)
    return Notification(
        incident=incident.id,
        target=view.target,
        generation=next_generation(view),
        revision=incident.revision,
        state=view.desired.state,
        severity=view.desired.severity,
        title=_title(alerts, shared, labels),
        where=_where(shared, labels),
        lines=tuple(_line(alert, view, seat, labels) for alert, seat in zip(alerts, shown, strict=True)),
        firing=firing,
        ended=len(shown) - firing - moved,
        moved=moved,
        started_at=min((seat.alert.started_at for seat in shown), default=incident.opened_at),
        ended_at=max((seat.alert.ended_at for seat in shown), default=now) if ended else 0,
        at=now,
        page=view.desired.paged,
        mentions=via.mentions if via else (),
        acknowledged_by=who.by if who else "",
        acknowledged_at=who.at if who else 0,
        closed_by=view.desired.closed_by if view.desired.state is NotifiedState.CLOSED else view.moved_to,
        quiet_until=view.quiet_until if view.desired.quiet else 0,
        owner=next((recipient.route.owner for recipient in recipients if recipient.route.owner), ""),
        rule=view.rule,
        link=f"{public_url}/api/v1/incidents/{incident.id}" if public_url else "",
        previous=incident.previous,
        reason=_reason(view) or incident.alone,
        **_silence_facts(view),
    )


def compose_plainly(view: View, incident: Incident, now: int) -> Notification:
    """The least that can be said, out of nothing that a sender wrote: for a telling whose content makes us stumble."""
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
        ended_at=0 if firing else now,
        at=now,
        page=view.desired.paged,
        reason="the gateway cannot show its alerts: its log says why",
    )


def next_generation(view: View) -> int:
    """It grows each time that firing is told after a told end or a close by hand."""
    ledger = view.ledger
    again = view.desired.state is NotifiedState.FIRING and ledger.last_notified.state is not NotifiedState.FIRING
    return ledger.generation + 1 if again else max(1, ledger.generation)


def _shown(view: View) -> list[Seat]:
    """Of the members told, each alert in its newest life, in the order of `Notification.lines`."""
    members = view.desired.members
    known = [seat for seat in view.seats if seat.member.episode_id in members]
    newest = {seat.member.alert: seat for seat in sorted(known, key=lambda seat: seat.member.episode)}
    return sorted(
        newest.values(),
        key=lambda seat: (
            not members[seat.member.episode_id],
            seat.member.episode_id in view.desired.silenced_after_notify,
            not _moved(view, seat),
            -seat.alert.severity,
            seat.alert.started_at,
            seat.member.episode_id,
        ),
    )


def _fires(view: View, seat: Seat) -> bool:
    """As the target is to see it; what has moved from here fires on elsewhere."""
    return (
        seat.alert.firing
        if view.desired.state is NotifiedState.MOVED
        else view.desired.members.get(seat.member.episode_id, False)
    )


def _moved(view: View, seat: Seat) -> bool:
    return seat.alert.firing and not _fires(view, seat)


def _redacted(alert: Alert, labels: LabelRules) -> Alert:
    if not labels.redact or not labels.redact & (alert.labels.keys() | alert.annotations.keys()):
        return alert
    hidden = {alert.labels[name] for name in labels.redact if name in alert.labels}
    ours = {*SUMMARY_ANNOTATIONS, *labels.links.values(), *labels.redact}  # a rule's author gave them; others may hold anything

    def hide(values: Mapping[str, str]) -> dict[str, str]:
        return {name: _masked(name, value, labels, hidden) for name, value in values.items()}

    annotations = {name if name in ours else _without(hidden, name): value for name, value in hide(alert.annotations).items()}
    return _with_texts(alert, hide(alert.labels), annotations)


def _with_texts(alert: Alert, labels: dict[str, str], annotations: dict[str, str]) -> Alert:
    fields = {name: getattr(alert, name) for name in alert.__struct_fields__}
    return Alert(**fields | {"labels": labels, "annotations": annotations, "source_url": ""})


def _masked(name: str, value: str, labels: LabelRules, hidden: set[str]) -> str:
    """A redacted label is shown as a hash; its value is taken out of every other text too."""
    return redacted(value) if name in labels.redact else _without(hidden, value)


def _without(hidden: set[str], text: str) -> str:
    for secret in sorted(hidden, key=len, reverse=True):
        if secret:
            text = text.replace(secret, redacted(secret))
    return text


def redacted(value: str) -> str:
    return "redacted-" + blake2b(value.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def _shared(alerts: Iterable[Alert]) -> dict[str, str]:
    items: list[tuple[str, str]] | None = None
    for alert in alerts:
        found = alert.labels.items()
        items = [item for item in (found if items is None else items) if item in found]
    return dict(items or ())


def _where(shared: Mapping[str, str], labels: LabelRules) -> dict[str, str]:
    """What all members share, the labels of the scope and the service first."""
    first = [name for name in (*labels.scope, *labels.service) if name in shared]
    names = dict.fromkeys((*first, *shared))
    return {name: shared[name] for name in names if name not in ("alertname", labels.severity.label)}


def titled(names: Iterable[str]) -> str:
    """What it is about: the first kind of alert, and how many others there are."""
    first, *others = dict.fromkeys(names) or ["(no alert)"]
    more = f" and {len(others)} more kind{'s' if len(others) > 1 else ''}" if others else ""
    return first + more


def _title(alerts: list[Alert], shared: Mapping[str, str], labels: LabelRules) -> str:
    title = titled(alert.name for alert in alerts)
    service = next((shared[name] for name in labels.service if name in shared), "")
    return f"{title} · {service}" if service else title


def _line(alert: Alert, view: View, seat: Seat, labels: LabelRules) -> AlertLine:
    over = not (_fires(view, seat) or seat.alert.firing)
    lives = [
        one for one in view.seats if one.member.alert == seat.member.alert and one.member.episode_id in view.desired.members
    ]
    links = labels.links
    return AlertLine(
        name=alert.name,
        severity=alert.severity,
        labels={name: value for name, value in alert.labels.items() if name != "alertname"},
        summary=next((alert.annotations[name] for name in SUMMARY_ANNOTATIONS if alert.annotations.get(name)), ""),
        started_at=alert.started_at,
        ended_at=alert.ended_at or seat.member.joined_at if over else 0,
        runbook=alert.annotations.get(links.get("runbook", ""), ""),
        dashboard=alert.annotations.get(links.get("dashboard", ""), ""),
        source=alert.source_url,
        times=len(lives),
        annotations=alert.annotations,
        silenced_after_notify=view.desired.silenced_after_notify.get(seat.member.episode_id, ""),
        moved=_moved(view, seat),
    )


def _silence_facts(view: View) -> dict[str, Any]:
    """What keeps news of members away that were told before: the first reason with its rule, and how many it is about."""
    silenced_after_notify = view.silenced_after_notify
    if not silenced_after_notify or silenced_after_notify[0].suppressed_by is None:
        return {}
    suppressed_by = silenced_after_notify[0].suppressed_by
    part = f"{len(silenced_after_notify)} of {len(silenced_after_notify) + len(view.firing)} in " if view.firing else ""
    because = f", {suppressed_by.because}" if suppressed_by.because else ""
    return {
        "silenced_after_notify": f"{part}{suppressed_by.reason.value}: {suppressed_by.rule}{because}",
        "silenced_after_notify_until": suppressed_by.until,
    }


def _reason(view: View) -> str:
    failing = [target for target, fails in view.desired.covers.items() if fails]
    if failing:
        return f"also for {', '.join(failing)}, which cannot be reached"
    if view.resolve_pending:
        return f"{len(view.resolve_pending)} ended at the source, which is not believed before its next heartbeat"
    held = [seat for seat in view.firing if seat.alert.held_until]
    return "re-opened without a newer start" if held and len(held) == len(view.firing) else ""
