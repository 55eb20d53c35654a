"""The plainer forms of a PagerDuty event, and which of them a refusal asks for."""

from __future__ import annotations

from typing import Any

from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification, Refused
from gateway.outbound.pagerduty.event import steps_of
from gateway.outbound.plainer import Omission, Omitted, first_of, runbook_at_last, runbook_of
from gateway.outbound.wording import shorten, tame

MAX_TITLE, MAX_RUNBOOK = 300, 1_000


def steps_without(notification: Notification, omitted: Omitted) -> list[tuple[str, dict[str, Any]]]:
    """Return the actions that say this state, the trigger without these parts."""
    steps = steps_of(notification)
    if not omitted:
        return steps
    return [(what, _bare(fields, notification, omitted) if fields else fields) for what, fields in steps]


def next_omission(refused: Refused, omitted: Omitted, notification: Notification) -> Omission | None:
    """Return the part of an event that is left out next. Only a trigger has parts."""
    if refused.reason != "invalid" or notification.state is not NotifiedState.FIRING:
        return None
    # The runbook, and even the alert's name, may be what is refused: nobody stays asleep for their sake.
    last = (*runbook_at_last(notification), Omission.NAME)
    return first_of(omitted, Omission.LINKS, Omission.DETAILS, Omission.TITLE, *last)


def _bare(event: dict[str, Any], notification: Notification, omitted: Omitted) -> dict[str, Any]:
    runbook = runbook_of(notification) if Omission.RUNBOOK not in omitted else ""
    more = {"runbook": shorten(tame(runbook), MAX_RUNBOOK)} if runbook else {}
    payload = event["payload"]
    if Omission.DETAILS not in omitted:
        details = {**payload["custom_details"], **more}
        return {"payload": {**payload, "custom_details": details}, "client": event["client"]}
    return {
        "payload": {
            "summary": _title(notification, omitted) if Omission.TITLE in omitted else payload["summary"],
            "source": "alertmanager",
            "severity": payload["severity"],
            "custom_details": {"incident": notification.incident, **more},
        },
        "client": event["client"],
    }


def _title(notification: Notification, omitted: Omitted) -> str:
    name = notification.lines[0].name if notification.lines else notification.title
    if Omission.NAME in omitted:
        name = ""
    return f"{shorten(tame(name), MAX_TITLE) or 'An alert'} (incident {notification.incident})"
