"""The page of the local PagerDuty, as a person would see it: the
incidents, newest first, open ones on top, and what can be done with each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from gateway.sandbox.links import safe_link
from gateway.sandbox.pagerduty.account import Account, Incident
from gateway.sandbox.pagerduty.acts import OFFERED
from gateway.sandbox.pagerduty.webhooks import Webhooks

JsonObject = dict[str, object]
INCIDENTS_SHOWN = 200
VISITORS = ("Alice Moreau", "Bob Okafor", "Chen Wei")  # as whom the page is looked at where nobody is known
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")
BUTTONS = {
    "acknowledged": "Acknowledge",
    "unacknowledged": "Un-acknowledge",
    "resolved": "Resolve",
    "reopened": "Reopen",
}


@dataclass(frozen=True, slots=True)
class Link:
    """An address that is safe to follow, and its words."""

    href: str
    text: str


def page_of(account: Account, webhooks: Webhooks, query: Mapping[str, str], now: datetime) -> JsonObject:
    """Return what the person `as` sees, and where webhooks go."""
    incidents = sorted(
        account.incidents,
        key=lambda incident: (incident.open, incident.opened_at, incident.number),
        reverse=True,
    )
    return {
        "incidents": incidents[:INCIDENTS_SHOWN],
        "earlier": max(0, len(incidents) - INCIDENTS_SHOWN),
        "counts": Counter(incident.status for incident in incidents),
        "pages": sum(len(incident.pages) for incident in incidents),
        "now": now,
        "people": people_of(account),
        "viewer": viewer_of(account, query),
        "subscriptions": webhooks.subscriptions,
        "offered": OFFERED,
        "buttons": BUTTONS,
        "priorities": PRIORITIES,
        "details_of": details_of,
        "links_of": links_of,
    }


def people_of(account: Account) -> list[str]:
    return [person.name for person in account.people] or [*VISITORS]


def viewer_of(account: Account, query: Mapping[str, str]) -> str:
    """Return as whom the page is looked at: the first person unless another is named."""
    people = people_of(account)
    asked = query.get("as", "")
    return asked if asked in people else people[0]


def details_of(incident: Incident) -> Mapping[str, str]:
    """The custom details, each value as text; structures as indented JSON."""
    details = incident.payload.get("custom_details")
    return {name: _text(value) for name, value in details.items()} if isinstance(details, dict) else {}


def links_of(incident: Incident) -> list[Link]:
    links = incident.first.get("links")
    found = [_link(link.get("href"), link.get("text")) for link in _objects(links)]
    client = _link(incident.first.get("client_url"), incident.first.get("client"))
    return [link for link in (*found, client) if link.href]


def _objects(items: object) -> list[JsonObject]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _link(href: object, text: object) -> Link:
    safe = safe_link(href)
    return Link(safe, str(text or safe))


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.format(msgspec.json.encode(value)).decode()
