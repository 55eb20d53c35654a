"""Send webhooks (v3) to whoever has subscribed to what becomes of the incidents of the local PagerDuty.

https://developer.pagerduty.com/docs/webhooks-behavior
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import aiohttp

from gateway.sandbox.faults import OF_WEBHOOKS, Fault, FaultKind, Faults
from gateway.sandbox.pagerduty.account import Account, Incident, JsonObject
from gateway.sandbox.pagerduty.acts import act
from gateway.sandbox.pagerduty.people import user
from gateway.sandbox.pagerduty.rest import service
from gateway.sandbox.pagerduty.subscriptions import DEFAULT_SECRET, PING, Subscription, sign
from gateway.sandbox.pagerduty.webhook_body import WEBSITE, ping_body, webhook_body

ANSWER_SECONDS = 5.0
REPEATED_AFTER = (0.2, 0.5, 1.0, 2.0, 4.0)  # seconds, then every 4; PagerDuty itself takes longer
GIVEN_UP_AFTER = timedelta(hours=48)
MOST_DROPS = 3  # in a row, after which a subscription is disabled
DISABLED_FOR = timedelta(hours=24)
PATH = "/webhooks/pagerduty"  # where the gateway takes them


@dataclass(frozen=True, slots=True)
class Webhook:
    """One event on its way to one subscription. Whoever gets it again knows it by its `id`."""

    id: str
    event_type: str
    body: bytes
    made_at: datetime


@dataclass(slots=True)
class Webhooks:
    """Webhooks of one incident go to a subscription one after the other, as they were made.

    `url` returns the address of this PagerDuty. `sent` are the bodies, and what each was answered: None where
    nobody answered in time.
    """

    account: Account
    now: Callable[[], datetime]
    faults: Faults = field(default_factory=Faults)
    url: Callable[[], str] = str
    subscriptions: list[Subscription] = field(default_factory=list)
    sent: list[tuple[bytes, int | None]] = field(default_factory=list)
    _waiting: dict[tuple[str, str], list[Webhook]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def under_way(self) -> bool:
        """Return whether webhooks wait to be sent, or to be sent again."""
        return bool(self._tasks)

    def subscribe(self, gateway: str, secret: str = DEFAULT_SECRET) -> Subscription:
        """Subscribe the gateway at this address to everything."""
        subscription = Subscription(self.new_id("PSUB"), f"{gateway}{PATH}", [secret])
        self.subscriptions.append(subscription)
        return subscription

    def find(self, id_: str) -> Subscription | None:
        return next((one for one in self.subscriptions if one.id == id_), None)

    def new_id(self, start: str) -> str:
        return f"{start}{next(self._numbers):06d}"

    def act(self, incident: Incident, kind: str, person: str = "", text: str = "") -> None:
        """Do what a person does in PagerDuty's own pages; without a person its time-out, or a rule, does it."""
        self.do(incident, kind, person, text, WEBSITE if person else None)

    def do(self, incident: Incident, kind: str, person: str, text: str, client: JsonObject | None) -> None:
        """Do what somebody does through this client, and say so."""
        act(self.account, incident, kind, self.now(), person, text)
        self.tell(incident, kind, user(person) if person else None, text, client)

    def tell(
        self,
        incident: Incident,
        kind: str,
        agent: JsonObject | None,
        text: str = "",
        client: JsonObject | None = None,
    ) -> None:
        """Send what has happened to everybody who has subscribed to it, and again until it is taken."""
        event_type, place = f"incident.{kind}", str(service(incident)["id"])
        wanting = [one for one in self.subscriptions if one.wants(event_type, place)]
        body = self.body(incident, kind, agent, text, client) if wanting else b""
        names = ("webhook", event_type), (incident.id, incident.dedup_key)
        for subscription in wanting:
            fault = self.faults.take(*names, OF_WEBHOOKS)
            self._enqueue(subscription, incident.id, Webhook(self._id(), event_type, body, self.now()), fault)

    def ping(self, subscription: Subscription) -> None:
        """Send the event by which a subscription is tried out."""
        body = ping_body(id_=self._id(), at=self.now())
        self._enqueue(subscription, "", Webhook(self._id(), PING, body, self.now()), None)

    def body(
        self,
        incident: Incident,
        kind: str,
        agent: JsonObject | None,
        text: str = "",
        client: JsonObject | None = None,
    ) -> bytes:
        more: dict[str, Any] = {"agent": agent, "client": client, "text": text}
        return webhook_body(incident, kind, id_=self._id(), at=self.now(), base=self.url(), **more)

    async def post(self, body: bytes, secret: str = "") -> int | None:
        """Send a body once to the first who has subscribed, signed with this secret alone if one is given."""
        subscription = self.subscriptions[0]
        signature = sign(secret, body) if secret else subscription.signatures(body)
        event = json.loads(body).get("event")
        kind = str(event.get("event_type")) if isinstance(event, dict) else ""
        return await self._post(subscription, Webhook(self._id(), kind, body, self.now()), signature)

    def forget(self) -> None:
        """Forget what was sent and what waits. Subscriptions stay."""
        self.sent.clear()
        for waiting in self._waiting.values():
            waiting.clear()
        self._waiting.clear()

    async def aclose(self) -> None:
        """Send nothing more."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _id(self) -> str:
        return f"01SANDBOX{next(self._numbers):017d}"

    def _enqueue(
        self, subscription: Subscription, incident: str, webhook: Webhook, fault: Fault | None
    ) -> None:
        kind = fault.kind if fault is not None else None
        if kind is FaultKind.LOST or subscription.is_disabled(self.now()):
            return
        if fault is not None:
            # It comes outside the order: in place of the one in order, or once more after it.
            self._start(self._send_later(subscription, webhook, fault.seconds))
        if kind is not FaultKind.OVERTAKEN:
            waiting = self._waiting.setdefault((subscription.id, incident), [])
            waiting.append(webhook)
            if len(waiting) == 1:
                self._start(self._send_in_order(subscription, waiting))

    def _start(self, sending: Any) -> None:
        task = asyncio.get_running_loop().create_task(sending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_in_order(self, subscription: Subscription, waiting: list[Webhook]) -> None:
        while waiting and not subscription.is_disabled(self.now()):
            await self._send(subscription, waiting[0])
            del waiting[:1]
        waiting.clear()

    async def _send_later(self, subscription: Subscription, webhook: Webhook, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._send(subscription, webhook)

    async def _send(self, subscription: Subscription, webhook: Webhook) -> None:
        """Send until it is taken, refused for good, or 48 hours old."""
        waits = iter(REPEATED_AFTER)
        status = await self._post(subscription, webhook, subscription.signatures(webhook.body))
        while _is_tried_again(status) and self.now() - webhook.made_at < GIVEN_UP_AFTER:
            await asyncio.sleep(next(waits, REPEATED_AFTER[-1]))
            status = await self._post(subscription, webhook, subscription.signatures(webhook.body))
        if status is not None and 200 <= status < 300:
            subscription.enable()
            return
        subscription.dropped += 1
        if subscription.dropped >= MOST_DROPS:
            subscription.disabled_until = self.now() + DISABLED_FOR

    async def _post(self, subscription: Subscription, webhook: Webhook, signature: str) -> int | None:
        """Send it once. Return the status, None where nobody answered in time."""
        headers = {
            "content-type": "application/json",
            "user-agent": "PagerDuty-Webhook/V3.0",
            "x-pagerduty-signature": signature,
            "x-webhook-id": webhook.id,
            "x-webhook-subscription": subscription.id,
            **subscription.headers,
        }
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(
                    subscription.url, data=webhook.body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                status: int | None = answer.status
        except (aiohttp.ClientError, TimeoutError):
            status = None
        self.sent.append((webhook.body, status))
        return status


def _is_tried_again(status: int | None) -> bool:
    return status is None or status == 429 or status >= 500
