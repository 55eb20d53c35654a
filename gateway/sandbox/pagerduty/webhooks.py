"""People in the local PagerDuty, and the webhooks (v3) that say what became of its incidents.

https://developer.pagerduty.com/docs/webhooks-overview and https://developer.pagerduty.com/docs/webhooks-signatures
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import count
from typing import Any

import aiohttp

from gateway.sandbox.pagerduty.account import Account, Incident, JsonObject, LogEntry, Page
from gateway.sandbox.pagerduty.people import user
from gateway.sandbox.pagerduty.rest import service

DEFAULT_SECRET = "sandbox-webhook-secret"  # noqa: S105 - signs nothing but what this sandbox sends
ANSWER_SECONDS = 5.0
REPEATED_AFTER = (0.2, 0.5, 1.0, 2.0, 4.0)  # seconds; PagerDuty goes on for two days
INTEGRATION: JsonObject = {
    "id": "PINTEGR",
    "summary": "Events API V2",
    "type": "events_api_v2_inbound_integration_reference",
}


@dataclass(slots=True)
class Webhooks:
    """`url` is where webhooks go; none are sent while it is empty."""

    account: Account
    now: Callable[[], datetime]
    url: str = ""
    secret: str = DEFAULT_SECRET
    sent: list[tuple[bytes, int | None]] = field(default_factory=list)  # bodies, and what was answered
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _numbers: Any = field(default_factory=lambda: count(1))

    def act(self, incident: Incident, kind: str, person: str = "", text: str = "") -> None:
        """Do what a person does in PagerDuty's own pages; without a person its time-out, or a rule, does it."""
        now = self.now()
        match kind:
            case "acknowledged":
                incident.status, incident.acknowledged_at = "acknowledged", now
            case "unacknowledged":
                incident.status, incident.acknowledged_at = "triggered", None
                self._call(incident, now)
            case "resolved":
                self.account.close(incident, now)
            case "reopened":
                self.account.open_again(incident)
                self._call(incident, now)
            case "escalated" | "reassigned":
                self._call(incident, now, to=text or incident.service)
        if kind in ("acknowledged", "unacknowledged", "resolved", "reopened"):
            incident.changed_at, incident.changed_by = now, person
        incident.log.append(LogEntry(now, kind, {"by": person, "text": text}))
        agent: JsonObject | None = user(person) if person else None
        self.tell(incident, kind, agent, text)

    def tell(self, incident: Incident, kind: str, agent: JsonObject | None, text: str = "") -> None:
        """Send a webhook, and again until it is taken."""
        if self.url:
            task = asyncio.get_running_loop().create_task(self._send(self.body(incident, kind, agent, text)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def body(self, incident: Incident, kind: str, agent: JsonObject | None, text: str = "") -> bytes:
        reference: JsonObject = {
            "id": incident.id,
            "type": "incident",
            "incident_key": incident.dedup_key,
            "number": incident.number,
            "status": incident.status,
            "title": incident.title,
            "urgency": incident.urgency,
            "service": service(incident),
            "assignees": [user(page.to) for page in incident.pages[-1:]],
        }
        data = (
            reference
            if kind != "annotated"
            else {"incident": reference, "content": text, "type": "incident_note"}
        )
        event = {
            "id": f"01SANDBOX{next(self._numbers):016d}",
            "event_type": f"incident.{kind}",
            "resource_type": "incident",
            "occurred_at": self.now().isoformat(timespec="milliseconds"),
            "agent": agent,
            "client": None,
            "data": data,
        }
        return json.dumps({"event": event}).encode()

    async def post(self, body: bytes, secret: str = "") -> int | None:
        """Send a body once. Return the status, None where nobody answered in time."""
        signature = "v1=" + hmac.new((secret or self.secret).encode(), body, sha256).hexdigest()
        headers = {"content-type": "application/json", "x-pagerduty-signature": signature}
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(f"{self.url}/webhooks/pagerduty", data=body, headers=headers) as answer,
            ):
                status: int | None = answer.status
        except (aiohttp.ClientError, TimeoutError):
            status = None
        self.sent.append((body, status))
        return status

    async def _send(self, body: bytes) -> None:
        for wait in (0.0, *REPEATED_AFTER):
            await asyncio.sleep(wait)
            status = await self.post(body)
            if status is not None and status != 429 and status < 500:
                return

    def _call(self, incident: Incident, now: datetime, to: str = "") -> None:
        page = Page(now, to or f"on call for {incident.service}", incident.urgency)
        incident.pages.append(page)
        incident.log.append(LogEntry(now, "notify", {"to": page.to}))
