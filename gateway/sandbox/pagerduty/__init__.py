"""The local PagerDuty: Events API v2, the incidents of the REST API, webhooks, and a page on which people see
and act.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Self
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.clock import utc_now
from gateway.sandbox.faults import Fault, FaultKind
from gateway.sandbox.pace import RateLimit, RateLimiter
from gateway.sandbox.pagerduty.account import Account, Incident, LogEntry, Page
from gateway.sandbox.pagerduty.answers import bad_event, rate_limited
from gateway.sandbox.pagerduty.events import BadEvent, check_event, read_event
from gateway.sandbox.pagerduty.page import page_of
from gateway.sandbox.pagerduty.page_acts import PageActs
from gateway.sandbox.pagerduty.people import Change, Person, Shift, Window
from gateway.sandbox.pagerduty.rest_routes import RestRoutes
from gateway.sandbox.pagerduty.webhook_body import INTEGRATION, client_of
from gateway.sandbox.pagerduty.webhooks import Webhooks
from gateway.sandbox.vendor import Call, JsonObject, Vendor, fields_of, json_response

__all__ = [
    "DEFAULT_API_TOKEN",
    "Change",
    "Incident",
    "LogEntry",
    "Page",
    "PagerDutySandbox",
    "Person",
    "Shift",
    "Window",
]

DEFAULT_API_TOKEN = "sandbox-api-token"  # noqa: S105 - opens nothing but this sandbox


class PagerDutySandbox(Vendor):
    """A PagerDuty account in memory, served on 127.0.0.1."""

    template = "pagerduty"

    def __init__(
        self, account: Account, token: str, now: Callable[[], datetime], seed: int, pace: RateLimit | None
    ) -> None:
        super().__init__(now, seed)
        self.account = account
        self.webhooks = Webhooks(account, now, self.faults, lambda: self.api_url)
        self._token = token
        self._pace = RateLimiter(pace)

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        port: int = 0,
        *,
        services: Mapping[str, str] | None = None,
        api_token: str = DEFAULT_API_TOKEN,
        now: Callable[[], datetime] = utc_now,
        seed: int = 0,
        pace: RateLimit | None = None,
    ) -> AsyncIterator[Self]:
        """``services``: name by routing key, None takes any key; ``pace`` limits events per routing key."""
        account = Account(None if services is None else dict(services))
        async with cls(account, api_token, now, seed, pace).running(port) as pagerduty:
            try:
                yield pagerduty
            finally:
                await pagerduty.webhooks.aclose()

    @property
    def events_url(self) -> str:
        """The base for an Events API client, which adds `/v2/enqueue`."""
        return self._server.url

    @property
    def api_url(self) -> str:
        """The base for a REST client, which adds `/incidents`."""
        return self._server.url

    @property
    def incidents(self) -> list[Incident]:
        """The incidents in the order in which they were opened."""
        return self.account.incidents

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/v2/enqueue", self._enqueue, methods=["POST"]),
            *RestRoutes(self.account, self.webhooks, self._token, self.conduct, self.now).routes(),
            *PageActs(self.account, self.webhooks).routes(),
        ]

    def state(self) -> JsonObject:
        derived = ("id", "title", "severity", "urgency", "triggers")
        shown = [
            {name: getattr(incident, name) for name in derived} | fields_of(incident)
            for incident in self.incidents
        ]
        subscriptions = [one.shown(self.now()) for one in self.webhooks.subscriptions]
        return {"incidents": shown, "webhook_subscriptions": subscriptions}

    def reset(self) -> None:
        self._pace.forget()
        self.account.reset()
        self.webhooks.forget()

    def page(self, request: Request) -> JsonObject:
        return page_of(self.account, self.webhooks, request.query_params, self.now())

    def refuse(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.RATE_LIMIT:
            return rate_limited(fault.retry_after)
        return bad_event(BadEvent(fault.error))

    async def _enqueue(self, request: Request) -> Response:
        body = await request.body()
        try:
            event = read_event(body)
        except BadEvent as error:
            refusal = error
            call = Call(self.now(), ("enqueue",), (), {})
            return await self.conduct(request, call, lambda call: self._refuse_event(call, refusal))
        kept = {name: value for name, value in event.items() if name != "routing_key"}
        subjects = tuple(str(event[name]) for name in ("routing_key", "dedup_key") if name in event)
        call = Call(self.now(), ("enqueue", str(event.get("event_action"))), subjects, kept)
        return await self.conduct(request, call, lambda call: self._take(call, event))

    def _take(self, call: Call, event: JsonObject) -> Response:
        try:
            check_event(event)
            routing_key = str(event["routing_key"])
            service = self.account.service_of(routing_key)
        except BadEvent as error:
            return self._refuse_event(call, error)
        wait = self._pace.refuse(routing_key, self.now())
        if wait:
            call.outcome = "ratelimited"
            return rate_limited(wait)
        event = event | {"dedup_key": event.get("dedup_key") or uuid4().hex}
        call.outcome = self.account.apply(event, service, self.now())
        self._tell(event, call.outcome)
        # Asynchronous in life: 202 says nothing about an incident, so a dropped event gets it too.
        return json_response(
            {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}, 202
        )

    def _tell(self, event: JsonObject, outcome: str) -> None:
        """Say by a webhook what an event has changed, to its own sender too."""
        kind = {"opened": "triggered", "acknowledged": "acknowledged", "resolved": "resolved"}.get(outcome)
        if kind is not None:
            place = (str(event["routing_key"]), str(event["dedup_key"]))
            incident = next(
                one for one in reversed(self.incidents) if (one.routing_key, one.dedup_key) == place
            )
            self.webhooks.tell(incident, kind, INTEGRATION, client=client_of(event))

    def _refuse_event(self, call: Call, error: BadEvent) -> Response:
        call.outcome = f"invalid: {error}"
        return bad_event(error)
