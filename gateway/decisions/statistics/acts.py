"""The events of what people do to an incident, and of its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gateway.model.alert import Alert
from gateway.model.controls import Silence
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger
from gateway.model.people import Actor, Through
from gateway.model.statistics.events import (
    Acknowledged,
    ActEvent,
    Closed,
    IncidentEnd,
    Label,
    Reopened,
    Silenced,
    Snoozed,
    Touched,
    TouchKind,
    Trust,
    Unacknowledged,
    Worth,
    page_id,
)

_UNSTORED: dict[str, Any] = {"at": 0, "shard": 0, "seq": 0}
"""What the store gives an event when it is written."""

KINDS: dict[str, type[Acknowledged | Unacknowledged | Snoozed | Silenced | Closed | Reopened]] = {
    "acknowledged": Acknowledged,
    "unacknowledged": Unacknowledged,
    "snoozed": Snoozed,
    "silenced": Silenced,
    "closed_by_hand": Closed,
    "reopened": Reopened,
}
"""The event of each line of the timeline that says what somebody did."""

RESOLVED_THERE = "pagerduty_resolved"
TOUCHES: dict[str, TouchKind] = {
    "pagerduty_annotated": "note",
    "pagerduty_reassigned": "reassigned",
    "pagerduty_delegated": "reassigned",
    "pagerduty_escalated": "reassigned",
    RESOLVED_THERE: "resolved_at_vendor",
}
"""What each line of the timeline that changes nothing here says of somebody's work with it."""


def act_event(
    what: str, incident: Incident, alerts: list[Alert], actor: Actor, by: str | None, now: int, *, note: bool
) -> ActEvent | None:
    """Return the event of an act, None for one that no figure is made of. `by` is the actor's pseudonym."""
    kind, touch = KINDS.get(what), TOUCHES.get(what)
    press = actor.press
    happened = press.happened_at if press is not None and press.happened_at is not None else now
    mark = press.mark if press is not None else f"{incident.revision}"
    said: dict[str, Any] = {
        **_UNSTORED,
        "id": f"{what}|{incident.id}|{mark}",
        "incident": incident.id,
        "episodes": tuple(alert.episode_id for alert in alerts),
        "by": by,
        "through": actor.through.value,
        "human": actor.human,
        "note": note,
        "said_at": min(happened, now),
    }
    if kind is not None:
        return kind(**said)
    return Touched(**said, what=touch) if touch is not None else None


def silenced_event(incident: Incident, silence: Silence, alerts: list[Alert], by: str, now: int) -> Silenced:
    """Return the event of a silence that covers what people were told of; `by` is the pseudonym of its maker."""
    return Silenced(
        **_UNSTORED,
        id=f"silenced|{incident.id}|{silence.id}",
        incident=incident.id,
        episodes=tuple(alert.episode_id for alert in alerts),
        by=by,
        through="silence",
        human=True,
        note=bool(silence.why),
        said_at=min(silence.starts_at, now),
    )


def end_event(incident: Incident, alerts: list[Alert], now: int) -> IncidentEnd:
    """Return the event of an incident that is over: when it ended, and how that is known."""
    started = [alert.started_at for alert in alerts if alert.started_at is not None]
    last = max(alerts, key=lambda alert: alert.ended_at or 0, default=None)
    ended_at = last.ended_at if last is not None else None
    how = "observed"
    if last is not None and last.inferred:
        how = "inferred"
    elif last is not None and last.end_reason:
        how = "not_recovered"
    started_at = min(started, default=incident.opened_at)
    return IncidentEnd(
        id=f"incident_end|{incident.id}",
        **_UNSTORED,
        incident=incident.id,
        started_at=started_at,
        ended_at=max(ended_at, started_at) if ended_at is not None else None,
        how=how,  # type: ignore[arg-type]
        last_seen_at=max((alert.last_seen or 0 for alert in alerts), default=now) or now,
    )


def implied_labels(
    incident: Incident, ledgers: Iterable[Ledger], end: IncidentEnd, within: int | None
) -> Iterator[Label]:
    """Yield a label for each page that was over by itself within the time (ms): nobody had to do anything.

    `within` is None where the rules imply nothing of that.
    """
    # Nobody saw such an end; or somebody has had work with it.
    if within is None or incident.touched or end.how != "observed" or end.ended_at is None:
        return
    for ledger in ledgers:
        if ledger.page_began_at is None or max(0, end.ended_at - ledger.page_began_at) > within:
            continue
        yield _implied(ledger, "noise", "self_resolved", end.ended_at)


def label_of_work(before: Incident, there: Ledger, now: int) -> Label | None:
    """Return the label of a page that a person has both acknowledged and resolved in PagerDuty: it was
    worth it.

    `there` is the page's ledger, and `before` the incident as the person found it. None where nobody had
    it there.
    """
    who = before.acknowledged
    if who is None or who.heard_from != there.target or there.page_began_at is None:
        return None
    return _implied(there, "actionable", "pagerduty_human", now)


def labels_of_note(ledgers: Iterable[Ledger], actor: Actor, now: int) -> Iterator[Label]:
    """Yield a label for the newest page at each target, which a person has acknowledged in Slack with a
    note: whoever says what it is about has found it worth that. A note from elsewhere implies nothing.
    """
    if actor.through is not Through.SLACK or not actor.human:
        return
    for ledger in ledgers:
        if ledger.page_began_at is not None:
            yield _implied(ledger, "actionable", "slack_ack_note", now)


def _implied(ledger: Ledger, value: Worth, trust: Trust, said_at: int) -> Label:
    """Return the label that the newest page of this ledger implies; nobody has given it."""
    page = page_id(ledger.incident, ledger.target, max(1, ledger.life))
    return Label(
        id=f"label|{page}|{trust}",
        **_UNSTORED,
        pages=(page,),
        value=value,
        trust=trust,
        by=None,
        reason=None,
        said_at=said_at,
    )
