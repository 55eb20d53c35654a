"""Webhook subscriptions: where webhooks go, which, and how they are signed.

https://developer.pagerduty.com/api-reference (WebhookSubscription)
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

from gateway.sandbox.pagerduty.account import JsonObject

DEFAULT_SECRET = "sandbox-webhook-secret"  # noqa: S105 - signs nothing but what this sandbox sends
KINDS = (
    "triggered", "acknowledged", "unacknowledged", "reassigned", "escalated", "delegated", "annotated", "resolved",
    "reopened", "priority_updated",
)  # fmt: skip
INCIDENT_EVENTS = tuple(f"incident.{kind}" for kind in KINDS)
PING = "pagey.ping"
OF_ACCOUNT: JsonObject = {"type": "account_reference"}
FILTERS = ("account_reference", "service_reference", "team_reference")


class BadSubscription(Exception):
    """Answered with 400 and this text."""


@dataclass(slots=True)
class Subscription:
    """`secrets` sign every webhook, each by itself: there are several while a secret is rotated."""

    id: str
    url: str
    secrets: list[str]
    events: tuple[str, ...] = INCIDENT_EVENTS
    filter: JsonObject = field(default_factory=lambda: dict(OF_ACCOUNT))
    description: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    active: bool = True
    dropped: int = 0  # webhooks in a row
    disabled_until: datetime | None = None

    def wants(self, event_type: str, service: str) -> bool:
        """Return whether this event of an incident at the service with this id is sent here."""
        is_asked_for = event_type == PING or event_type in self.events
        is_in_scope = self.filter["type"] == "account_reference" or self.filter.get("id") == service
        return self.active and is_asked_for and is_in_scope

    def is_disabled(self, now: datetime) -> bool:
        return self.disabled_until is not None and now < self.disabled_until

    def enable(self) -> None:
        self.dropped, self.disabled_until = 0, None

    def signatures(self, body: bytes) -> str:
        """https://developer.pagerduty.com/docs/webhooks-signatures"""
        return ",".join(sign(secret, body) for secret in self.secrets)

    def shown(self, now: datetime, *, created: bool = False) -> JsonObject:
        """Return it as the REST API does. Its secret is shown once, and the values of its headers never."""
        return {
            "id": self.id,
            "type": "webhook_subscription",
            "active": self.active,
            "delivery_method": {
                "id": f"{self.id}D",
                "type": "http_delivery_method",
                "url": self.url,
                "secret": self.secrets[0] if created else None,
                "temporarily_disabled": self.is_disabled(now),
                "custom_headers": [{"name": name, "value": "-- redacted --"} for name in self.headers],
            },
            "description": self.description,
            "events": list(self.events),
            "filter": self.filter,
        }

    def change(self, body: object) -> None:
        """Change what a request names. Raises `BadSubscription`, and then nothing is changed."""
        asked = _asked(body)
        changed = {
            "description": str(asked.get("description", self.description)),
            "events": _events(asked) if "events" in asked else self.events,
            "filter": _filter(asked) if "filter" in asked else self.filter,
            "active": bool(asked.get("active", self.active)),
        }
        for name, value in changed.items():
            setattr(self, name, value)


def sign(secret: str, body: bytes) -> str:
    return "v1=" + hmac.new(secret.encode(), body, sha256).hexdigest()


def read_subscription(body: object, id_: str) -> Subscription:
    """Return the subscription that a request asks for. Raises `BadSubscription`."""
    asked = _asked(body)
    method = asked.get("delivery_method")
    if not isinstance(method, dict) or method.get("type") != "http_delivery_method":
        raise BadSubscription("delivery_method.type must be http_delivery_method")
    url = method.get("url")
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
        raise BadSubscription("delivery_method.url must be an http or https address")
    return Subscription(
        id_,
        url,
        [token_urlsafe(48)],
        _events(asked),
        _filter(asked),
        str(asked.get("description", "")),
        _headers(method.get("custom_headers") or []),
        bool(asked.get("active", True)),
    )


def _asked(body: object) -> Mapping[str, Any]:
    asked = body.get("webhook_subscription") if isinstance(body, dict) else None
    if not isinstance(asked, dict):
        raise BadSubscription("the body must have a webhook_subscription")
    return asked


def _events(asked: Mapping[str, Any]) -> tuple[str, ...]:
    events = asked.get("events")
    if not isinstance(events, list) or not events or not all(isinstance(event, str) for event in events):
        raise BadSubscription("events must name one event type or more")
    return tuple(events)


def _filter(asked: Mapping[str, Any]) -> JsonObject:
    found = asked.get("filter")
    if not isinstance(found, dict) or found.get("type") not in FILTERS:
        raise BadSubscription(f"filter.type must be one of {', '.join(FILTERS)}")
    if found["type"] != "account_reference" and not found.get("id"):
        raise BadSubscription("filter.id is missing")
    return found


def _headers(listed: object) -> dict[str, str]:
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise BadSubscription("custom_headers must be a list of names and values")
    return {str(one.get("name")): str(one.get("value")) for one in listed}
