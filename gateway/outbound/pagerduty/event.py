"""A notification as a PagerDuty event (Events API v2).

`notifier.py` sends it: a trigger and where needed an acknowledgement, or a resolve. The values come from
`decisions/delivery/compose.py`; docs/pagerduty.md lists what PagerDuty gets.

Limits and fields: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any

from gateway.decisions.delivery.sentences import Moment, facts_of, in_words
from gateway.model.instants import instant
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification
from gateway.model.severity import Severity
from gateway.outbound.alert_rows import AlertRow, alert_rows
from gateway.outbound.wording import (
    escalated,
    gist,
    left_out,
    links_of,
    named_place,
    place,
    severity_sent,
    shorten,
    shown_said,
    tame,
    unlinked_runbook,
    web_address,
)

MAX_SUMMARY = 1_024
MAX_BODY = 500_000  # bytes; the vendor takes 512 KB, and the key and the action come on top
MAX_FIELD = 255
MAX_URL = 2_000
MAX_SENTENCE, MAX_LINE, MAX_VALUE, MAX_NAME = 1_000, 300, 200, 100  # characters
ROWS_SHOWN, LABELS_SHOWN, SHARED_SHOWN, SENTENCES_SHOWN, ANNOTATIONS_SHOWN = 40, 12, 30, 5, 10
CLIENT = "alert gateway"
SEVERITIES = {
    Severity.NONE: "info",
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.ERROR: "error",
    Severity.CRITICAL: "critical",
}


def dedup_key(notification: Notification) -> str:
    """Return the dedup key: incident and generation, unique within the service of the routing key."""
    return f"{notification.incident}.{notification.generation}"


def action(notification: Notification) -> str:
    # Members that ended, were closed or moved concern this service no more, so its page must not stay open.
    return "trigger" if notification.state is NotifiedState.FIRING else "resolve"


def render(notification: Notification) -> dict[str, Any]:
    """Return the fields of a trigger beside routing key, action and dedup key."""
    links, _ = links_of(notification, MAX_URL)
    if address := web_address(notification.message_link, MAX_URL):
        links["Slack"] = address
    return {
        "payload": _payload(notification),
        "client": CLIENT,
        "links": [{"href": url, "text": name} for name, url in links.items()],
    }


def steps_of(notification: Notification) -> list[tuple[str, dict[str, Any]]]:
    """Return the actions that say this state, with their fields. A trigger goes before an acknowledgement,
    which has to meet something open.
    """
    firing = notification.state is NotifiedState.FIRING
    steps = [(action(notification), render(notification) if firing else {})]
    # A silence acknowledges too: its maker wants nobody to be called about it any further.
    said_here = notification.acknowledged_by if not notification.acknowledged_here else ""
    taken = said_here or notification.covered_by
    return [*steps, ("acknowledge", {})] if firing and taken else steps


def content_mark(notification: Notification) -> str:
    """Return a mark that is the same for as long as PagerDuty would be sent the very same."""
    said = json.dumps([dedup_key(notification), steps_of(notification)])
    return blake2b(said.encode(), digest_size=8).hexdigest()


def size(event: Mapping[str, Any]) -> int:
    """Count the bytes as they are sent: everything beyond ASCII is escaped, which makes it up to three times
    as long as UTF-8.
    """
    return len(json.dumps(event))


def _payload(notification: Notification) -> dict[str, Any]:
    first = notification.lines[0] if notification.lines else None
    service = notification.service
    scope = [value for value in notification.place.values() if value != service]
    named = {"component": service, "group": " ".join(scope), "class": first.name if first else ""}
    return {
        "summary": _summary(notification),
        # PagerDuty refuses an event without a source, and an alert need not say what it is about.
        "source": _field(notification.thing) or "alertmanager",
        "severity": SEVERITIES[notification.severity],
        "timestamp": instant(notification.started_at).isoformat(),
        **{name: shown for name, value in named.items() if (shown := _field(value))},
        "custom_details": _details(notification),
    }


def _field(text: str) -> str:
    return shorten(tame(text), MAX_FIELD)


def _summary(notification: Notification) -> str:
    """Return the title, then the facts: the thing stands first, since phones and voice calls cut off the end."""
    title, said = shorten(tame(notification.title), 300), shorten(tame(gist(notification)), 500)
    parts = (title, escalated(notification), said, named_place(notification))
    text = tame(" — ".join(part for part in parts if part))
    # PagerDuty refuses an event without a summary, and then nobody would be paged.
    return shorten(text, MAX_SUMMARY) or "an alert"


def _details(notification: Notification) -> dict[str, str]:
    """Return flat texts in the order in which they are read: every client of
    PagerDuty shows them as they are.
    """
    facts = {
        name: in_words(sentence, lambda text: shorten(tame(text), MAX_VALUE), _moment)
        for name, sentence in facts_of(notification).items()
    }
    details = {
        "what": _listed(*shown_said(notification, SENTENCES_SHOWN), most=MAX_SENTENCE),
        "since": facts.pop("since", ""),
        "where": shorten(tame(place(notification)), MAX_SENTENCE),
        **_alerts(notification),
        **facts,
        "severity": shorten(
            tame(severity_sent(notification.severity, notification.sent_severity)), MAX_VALUE
        ),
        "runbook": shorten(tame(unlinked_runbook(notification)), MAX_SENTENCE),
        "rule": shorten(tame(notification.rule), MAX_SENTENCE),
        "more_links": links_of(notification, MAX_URL)[1],
        "slack": web_address(notification.message_link, MAX_URL),
        "incident": notification.incident,
        "goes_on_from": shorten(tame(notification.previous), MAX_VALUE),
        "labels": _labels(notification),
        **_annotations(notification),
    }
    return {name: text for name, text in details.items() if text}


def _moment(moment: Moment) -> str:
    """Say the time alone: how long ago it was would make another text, and so another event, at each look."""
    return instant(moment.at).strftime("%Y-%m-%d %H:%M UTC")


def _listed(texts: Sequence[str], more: str = "", most: int = MAX_VALUE) -> str:
    lines = [shorten(tame(text), most) for text in texts]
    return "\n".join(line for line in (*lines, more) if line)


def _alerts(notification: Notification) -> dict[str, str]:
    """List what fires, and what ended or moved, with the labels that tell one from another."""
    rows = [*islice(alert_rows(notification, LABELS_SHOWN), ROWS_SHOWN)]
    firing, over = [row for row in rows if not row.over], [row for row in rows if row.over]
    not_firing = notification.ended + notification.moved
    return {
        "firing": _rows(firing, notification.firing),
        "over": _rows(over, not_firing),
    }


def _rows(rows: Sequence[AlertRow], alerts: int) -> str:
    more = left_out(alerts - sum(row.alerts for row in rows), "alert")
    return _listed([row.text for row in rows], more, MAX_LINE)


def _labels(notification: Notification) -> str:
    """Return the labels that all alerts share, those for machines too: here there is room for them."""
    shown = [*notification.where.items()][:SHARED_SHOWN]
    labels = [f"{shorten(tame(name), MAX_NAME)}={shorten(tame(value), MAX_VALUE)}" for name, value in shown]
    more = left_out(len(notification.where) - len(shown), "label")
    return ", ".join([*labels, *([more] if more else [])])


def _annotations(notification: Notification) -> dict[str, str]:
    """Return the first alert's other annotations, each under its own name."""
    line = notification.lines[0] if notification.lines else None
    links = (line.runbook, line.dashboard, line.panel, line.image, line.silence) if line else ()
    said = (line.summary, line.description, *links) if line else ()
    # A name that begins with two underscores is meant for programs.
    others = [
        (name, text)
        for name, text in (line.annotations if line else {}).items()
        if text not in said and not name.startswith("__")
    ]
    shown = {
        f"annotation {shorten(tame(name), MAX_NAME)}": shorten(tame(text), MAX_LINE)
        for name, text in others[:ANNOTATIONS_SHOWN]
    }
    return {**shown, "more": left_out(len(others) - len(others[:ANNOTATIONS_SHOWN]), "annotation")}
