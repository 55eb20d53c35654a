"""The local PagerDuty: Events API v2, the incidents of the REST API, and a page that shows what people would
see.
"""

from __future__ import annotations

import json
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
from gateway.sandbox.pagerduty import rest
from gateway.sandbox.pagerduty.account import Account, Incident, LogEntry, Page
from gateway.sandbox.pagerduty.answers import bad_event, rate_limited, refused
from gateway.sandbox.pagerduty.events import BadEvent, check_event, read_event
from gateway.sandbox.pagerduty.page import page_of
from gateway.sandbox.pagerduty.people import Change, Person, Shift, Window, user_by_id
from gateway.sandbox.pagerduty.webhooks import INTEGRATION, Webhooks
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
        self.webhooks = Webhooks(account, now)
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
            yield pagerduty

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
            Route("/incidents", self._list),
            Route("/incidents/{id}", self._one),
            Route("/incidents/{id}/alerts", self._one),
            Route("/incidents/{id}/log_entries", self._one),
            Route("/incidents/{id}/notes", self._one),
            Route("/incidents/{id}/notes", self._note, methods=["POST"]),
            Route("/users/{id}", self._user),
            Route("/services/{id}/change_events", self._changes),
            Route("/oncalls", self._list),
            Route("/maintenance_windows", self._list),
        ]

    def state(self) -> JsonObject:
        derived = ("id", "title", "severity", "urgency", "triggers")
        shown = [
            {name: getattr(incident, name) for name in derived} | fields_of(incident)
            for incident in self.incidents
        ]
        return {"incidents": shown}

    def reset(self) -> None:
        self._pace.forget()
        self.account.reset()

    def page(self, request: Request) -> JsonObject:  # noqa: ARG002 - one page for all
        return page_of(self.account, self.now())

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
        self._tell(str(event["dedup_key"]), call.outcome)
        # Asynchronous in life: 202 says nothing about an incident, so a dropped event gets it too.
        return json_response(
            {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}, 202
        )

    def _tell(self, key: str, outcome: str) -> None:
        """Say by a webhook what our own event has changed."""
        kind = {"opened": "triggered", "acknowledged": "acknowledged", "resolved": "resolved"}.get(outcome)
        if kind is not None:
            incident = next(one for one in reversed(self.incidents) if one.dedup_key == key)
            self.webhooks.tell(incident, kind, INTEGRATION)

    def _refuse_event(self, call: Call, error: BadEvent) -> Response:
        call.outcome = f"invalid: {error}"
        return bad_event(error)

    async def _list(self, request: Request) -> Response:
        what = request.url.path.removeprefix("/")
        answer = {
            "incidents": self._incidents,
            "oncalls": self._oncalls,
            "maintenance_windows": self._windows,
        }[what]
        call = Call(self.now(), ("rest", what), (), dict(request.query_params))
        return await self.conduct(request, call, lambda call: self._rest(call, request, answer))

    async def _changes(self, request: Request) -> Response:
        service = request.path_params["id"]
        call = Call(self.now(), ("rest", "change_events"), (service,), dict(request.query_params))

        def answer(request: Request) -> JsonObject:
            return rest.changes_page(self.account, service, request.query_params)

        return await self.conduct(request, call, lambda call: self._rest(call, request, answer))

    async def _note(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = None
        call = Call(self.now(), ("rest", "note"), (request.path_params["id"],), {"body": body})

        def write(request: Request) -> JsonObject | None:
            incident = self.account.find(request.path_params["id"])
            if incident is None:
                return None
            sender = request.headers.get("from", "")
            added = rest.add_note(self.account, incident, body, sender, self.now())
            person = next(one for one in self.account.people if one.email == sender)
            content = str(incident.notes[-1]["content"])
            self.webhooks.act(incident, "annotated", person.name, content)
            return added

        return await self.conduct(request, call, lambda call: self._rest(call, request, write))

    async def _user(self, request: Request) -> Response:
        call = Call(self.now(), ("rest", "user"), (request.path_params["id"],), {})

        def answer(request: Request) -> JsonObject | None:
            found = user_by_id(request.path_params["id"], self.account.people)
            return {"user": found} if found is not None else None

        return await self.conduct(request, call, lambda call: self._rest(call, request, answer))

    async def _one(self, request: Request) -> Response:
        what = request.url.path.rpartition("/")[2] if request.url.path.count("/") > 2 else "incident"
        call = Call(self.now(), ("rest", what), (request.path_params["id"],), dict(request.query_params))
        return await self.conduct(request, call, lambda call: self._rest(call, request, self._incident))

    def _rest(self, call: Call, request: Request, answer: Callable[[Request], JsonObject | None]) -> Response:
        if request.headers.get("authorization") != f"Token token={self._token}":
            call.outcome = "unauthorized"
            return refused(401, 2006, "Unauthorized", "the header must be Authorization: Token token=KEY")
        try:
            body = answer(request)
        except rest.BadQuery as error:
            call.outcome = "invalid"
            return refused(400, 2001, "Invalid Input Provided", str(error))
        call.outcome = "ok" if body is not None else "not found"
        return json_response(body) if body is not None else refused(404, 2100, "Not Found")

    def _incidents(self, request: Request) -> JsonObject:
        return rest.incidents_page(self.account, request.query_params, self.api_url)

    def _oncalls(self, request: Request) -> JsonObject:
        return rest.oncalls_page(self.account, request.query_params)

    def _windows(self, request: Request) -> JsonObject:
        return rest.windows_page(self.account, request.query_params, self.now())

    def _incident(self, request: Request) -> JsonObject | None:
        incident = self.account.find(request.path_params["id"])
        if incident is None:
            return None
        return rest.part_of(incident, request.url.path, request.query_params, self.api_url)
