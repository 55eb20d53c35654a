"""The endpoint of Alertmanager's webhook in this process, over an intake that keeps what it is given."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

from gateway.decisions.intake.normalise import Normaliser
from gateway.errors import StateUnavailable
from gateway.inbound.asgi import AsgiApp
from gateway.inbound.auth import Senders, Tokens
from gateway.inbound.webhooks.alertmanager import AlertmanagerWebhook
from gateway.inbound.webhooks.body import Caps
from gateway.inbound.webhooks.source_auth import SourceAuth
from gateway.intake.parse_webhook import Parsed
from gateway.model.alert import Observation
from gateway.model.quarantined import Quarantined
from gateway.model.rules.rulebook import LabelRules
from gateway.model.severity import Severity
from gateway.model.turned_away import Sender, TurnedAwayReason
from gateway.model.verdict import Outcome, Reason, Taken
from gateway.telemetry.metrics import Metrics

NOW = 1_800_000_000_000
GOOD = {
    "labels": {"alertname": "Down", "service": "pay"},
    "status": "firing",
    "startsAt": "2026-11-23T10:00:00Z",
}


class Noted(NamedTuple):
    """What was noted as turned away."""

    source: str
    reason: str
    sender: Sender
    error: str
    times: int
    severity: Severity


@dataclass
class Taker:
    """An intake that keeps what it is given; `refuses` makes it a store that is away."""

    seen: list[Observation] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    quieted: dict[str, str] = field(default_factory=dict)
    turned_away: list[Noted] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    refuses: str = ""
    slow: float = 0.0

    async def take(self, parsed: Parsed, address: str) -> Sequence[Taken]:
        self.addresses.append(address)
        if self.refuses:
            raise StateUnavailable(self.refuses)
        await asyncio.sleep(self.slow)
        self.seen += parsed.seen
        self.quarantined += parsed.quarantined
        self.quieted |= parsed.quieted
        return [Taken(parsed.source, Outcome.OPENED, Reason.FIRST_FIRING) for _ in parsed.seen]

    def note(
        self,
        source: str,
        reason: TurnedAwayReason,
        sender: Sender,
        error: str,
        times: int = 1,
        severity: Severity = Severity.CRITICAL,
    ) -> None:
        self.turned_away.append(Noted(source, reason.value, sender, error, times, severity))


def door(taker: Taker, tokens: Sequence[str] = (), caps: Caps | None = None) -> AsgiApp:
    senders = Senders({"default": Tokens(tokens)}, everybody=None if tokens else "default")
    source_auth = SourceAuth(senders, {"default": Normaliser(LabelRules())})
    made = AlertmanagerWebhook(taker.take, source_auth, caps or Caps(), Metrics(), taker.note, lambda: NOW)
    return AsgiApp(made, [], made.wrong_place, lambda *_: None)


async def post(
    asgi_app: AsgiApp,
    body: object,
    path: str = "/webhooks/alertmanager",
    method: str = "POST",
    **more: object,
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(asgi_app), base_url="http://gateway"
    ) as client:
        return await client.request(method, path, content=content, **more)  # type: ignore[arg-type]


def basic(password: str, user: str = "anybody") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
