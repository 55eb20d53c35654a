"""The REST API of the local PagerDuty: https://developer.pagerduty.com/api-reference."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.sandbox.pagerduty import rest
from gateway.sandbox.pagerduty.account import Account
from gateway.sandbox.pagerduty.answers import refused
from gateway.sandbox.pagerduty.incident_update import acts_in
from gateway.sandbox.pagerduty.people import user_by_id
from gateway.sandbox.pagerduty.subscriptions import BadSubscription, Subscription, read_subscription
from gateway.sandbox.pagerduty.webhooks import Webhooks
from gateway.sandbox.vendor import Call, JsonObject, json_response

Conduct = Callable[[Request, Call, Callable[[Call], Response]], Awaitable[Response]]
Answer = Callable[[Request, Any], JsonObject | None]  # of a request and its body; None: it is not there


@dataclass(frozen=True, slots=True)
class RestRoutes:
    """`conduct` does a call unless a fault strikes it."""

    account: Account
    webhooks: Webhooks
    token: str
    conduct: Conduct
    now: Callable[[], datetime]

    def routes(self) -> list[Route]:
        """Each has its path, the name of its call, what it does, and the status of its answer."""
        incident, subscription = "/incidents/{id}", "/webhook_subscriptions/{id}"
        return [
            self._route("GET", "/incidents", "incidents", self._incidents),
            self._route("GET", incident, "incident", self._incident),
            self._route("PUT", incident, "update", self._update),
            self._route("GET", f"{incident}/alerts", "alerts", self._incident),
            self._route("GET", f"{incident}/log_entries", "log_entries", self._incident),
            self._route("GET", f"{incident}/notes", "notes", self._incident),
            self._route("POST", f"{incident}/notes", "note", self._note),
            self._route("GET", "/users/{id}", "user", self._user),
            self._route("GET", "/services/{id}/change_events", "change_events", self._changes),
            self._route("GET", "/oncalls", "oncalls", self._oncalls),
            self._route("GET", "/maintenance_windows", "maintenance_windows", self._windows),
            self._route("GET", "/webhook_subscriptions", "webhook_subscriptions", self._subscriptions),
            self._route("POST", "/webhook_subscriptions", "subscribe", self._subscribe),
            self._route("GET", subscription, "webhook_subscription", self._subscription),
            self._route("PUT", subscription, "change_subscription", self._change),
            self._route("DELETE", subscription, "unsubscribe", self._unsubscribe, 204),
            self._route("POST", f"{subscription}/ping", "ping", self._ping, 202),
            self._route("POST", f"{subscription}/enable", "enable", self._enable),
        ]

    def _route(self, method: str, path: str, name: str, answer: Answer, status: int = 200) -> Route:
        async def endpoint(request: Request) -> Response:
            subjects = tuple(str(value) for value in request.path_params.values())
            arguments: JsonObject = dict(request.query_params)
            if method in ("POST", "PUT"):
                arguments["body"] = _json_in(await request.body())
            call = Call(self.now(), ("rest", name), subjects, arguments)
            return await self.conduct(request, call, lambda call: self._act(call, request, answer, status))

        return Route(path, endpoint, methods=[method], name=name)

    def _act(self, call: Call, request: Request, answer: Answer, status: int) -> Response:
        if request.headers.get("authorization") != f"Token token={self.token}":
            call.outcome = "unauthorized"
            return refused(401, 2006, "Unauthorized", "the header must be Authorization: Token token=KEY")
        try:
            body = answer(request, call.arguments.get("body"))
        except (rest.BadQuery, BadSubscription) as error:
            call.outcome = "invalid"
            return refused(400, 2001, "Invalid Input Provided", str(error))
        if body is None:
            call.outcome = "not found"
            return refused(404, 2100, "Not Found")
        call.outcome = "ok"
        return json_response(body, status) if body else Response(status_code=status)

    def _incidents(self, request: Request, _: object) -> JsonObject:
        return rest.incidents_page(self.account, request.query_params, self.webhooks.url())

    def _incident(self, request: Request, _: object) -> JsonObject | None:
        incident = self.account.find(request.path_params["id"])
        if incident is None:
            return None
        return rest.part_of(incident, request.url.path, request.query_params, self.webhooks.url())

    def _update(self, request: Request, body: object) -> JsonObject | None:
        """Do in the name of a user what the body asks for, as that user does it on the page."""
        incident = self.account.find(request.path_params["id"])
        if incident is None:
            return None
        person = rest.writer(self.account, request.headers.get("from", ""))
        for kind, text in acts_in(body, incident):
            self.webhooks.do(incident, kind, person.name, text, None)
        return {"incident": rest.incident_json(incident, self.webhooks.url())}

    def _note(self, request: Request, body: object) -> JsonObject | None:
        incident = self.account.find(request.path_params["id"])
        if incident is None:
            return None
        person = rest.writer(self.account, request.headers.get("from", ""))
        self.webhooks.do(incident, "annotated", person.name, rest.note_in(body), None)
        return {"note": incident.notes[-1]}

    def _user(self, request: Request, _: object) -> JsonObject | None:
        found = user_by_id(request.path_params["id"], self.account.people)
        return {"user": found} if found is not None else None

    def _changes(self, request: Request, _: object) -> JsonObject:
        return rest.changes_page(self.account, request.path_params["id"], request.query_params)

    def _oncalls(self, request: Request, _: object) -> JsonObject:
        return rest.oncalls_page(self.account, request.query_params)

    def _windows(self, request: Request, _: object) -> JsonObject:
        return rest.windows_page(self.account, request.query_params, self.now())

    def _subscriptions(self, request: Request, _: object) -> JsonObject:
        shown = [one.shown(self.now()) for one in self.webhooks.subscriptions]
        return rest.listing("webhook_subscriptions", shown, request.query_params)

    def _subscribe(self, _: Request, body: object) -> JsonObject:
        made = read_subscription(body, self.webhooks.new_id("PSUB"))
        self.webhooks.subscriptions.append(made)
        return {"webhook_subscription": made.shown(self.now(), created=True)}

    def _subscription(self, request: Request, _: object) -> JsonObject | None:
        return self._shown(self.webhooks.find(request.path_params["id"]))

    def _change(self, request: Request, body: object) -> JsonObject | None:
        found = self.webhooks.find(request.path_params["id"])
        if found is not None:
            found.change(body)
        return self._shown(found)

    def _unsubscribe(self, request: Request, _: object) -> JsonObject | None:
        found = self.webhooks.find(request.path_params["id"])
        if found is None:
            return None
        self.webhooks.subscriptions.remove(found)
        return {}

    def _ping(self, request: Request, _: object) -> JsonObject | None:
        found = self.webhooks.find(request.path_params["id"])
        if found is None:
            return None
        self.webhooks.ping(found)
        return {}

    def _enable(self, request: Request, _: object) -> JsonObject | None:
        found = self.webhooks.find(request.path_params["id"])
        if found is not None:
            found.enable()
        return self._shown(found)

    def _shown(self, found: Subscription | None) -> JsonObject | None:
        return {"webhook_subscription": found.shown(self.now())} if found is not None else None


def _json_in(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return None
