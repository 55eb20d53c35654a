"""A destination that tells the memory of the local PagerDuty, whose people and webhooks wait for a test."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.model.ledger import Endpoint, MessageRef
from gateway.model.notification import Answer, Delivered, Notification, Unanswered
from gateway.outbound.pagerduty.event import dedup_key, steps_of
from gateway.sandbox.pagerduty.account import Account
from gateway.sandbox.pagerduty.account import Incident as Paged
from gateway.sandbox.pagerduty.webhook_body import INTEGRATION
from gateway.sandbox.pagerduty.webhooks import Webhooks
from tests.support.build import START
from tests.support.world import Destinations, World

KEY = "0" * 32
ECHOES = {"opened": "triggered", "acknowledged": "acknowledged", "resolved": "resolved"}


class Queue(Webhooks):
    """Webhooks that wait until somebody delivers them."""

    __slots__ = ("waiting",)

    def __init__(self, account: Account, world: World) -> None:
        super().__init__(account, lambda: datetime.fromtimestamp((START + world.at) / 1000, UTC))
        self.waiting: list[bytes] = []

    def tell(
        self,
        incident: Paged,
        kind: str,
        agent: dict[str, object] | None,
        text: str = "",
        client: dict[str, object] | None = None,
    ) -> None:
        self.waiting.append(self.body(incident, kind, agent, text, client))


class Pager(Destinations):
    """Sends what PagerDuty is told to the memory of the local one."""

    def __init__(self, world: World) -> None:
        super().__init__("pagerduty", False, world)
        self.account = Account(None)
        self.people = Queue(self.account, world)

    async def notify(
        self,
        endpoint: Endpoint,
        secret: str,
        notification: Notification,
        *,
        attempt: str,
        message_ref: MessageRef | None,
    ) -> Answer:
        answer = await super().notify(
            endpoint, secret, notification, attempt=attempt, message_ref=message_ref
        )
        acted = isinstance(answer, Delivered | Unanswered)
        for what, fields in steps_of(notification) if acted else ():
            self._take(what, dedup_key(notification), fields)
        # The key is PagerDuty's name of it.
        return Delivered(MessageRef(dedup_key(notification))) if isinstance(answer, Delivered) else answer

    async def withdraw(self, endpoint: Endpoint, secret: str, message_ref: MessageRef) -> Answer:
        self._take("resolve", message_ref.id, {})
        return await super().withdraw(endpoint, secret, message_ref)

    def _take(self, what: str, key: str, fields: Mapping[str, Any]) -> None:
        event = {"event_action": what, "routing_key": KEY, "dedup_key": key, **fields}
        outcome = self.account.apply(event, "payments", self.people.now())
        if outcome in ECHOES:
            incident = next(one for one in reversed(self.account.incidents) if one.dedup_key == key)
            self.people.tell(incident, ECHOES[outcome], INTEGRATION)

    @property
    def calls(self) -> int:
        """How often somebody was called; a request under an open key calls nobody."""
        return sum(len(incident.pages) for incident in self.account.incidents)

    @property
    def open(self) -> list[Paged]:
        return [incident for incident in self.account.incidents if incident.open]
