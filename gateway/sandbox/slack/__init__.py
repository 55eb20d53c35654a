"""The local Slack: the Web API at `/api/`, and a page that shows what people would see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Self

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.clock import utc_now
from gateway.sandbox.faults import Fault, FaultKind
from gateway.sandbox.pace import RateLimit, RateLimiter
from gateway.sandbox.slack import incoming_webhooks
from gateway.sandbox.slack.app import App
from gateway.sandbox.slack.arguments import Arguments, SlackError, read_arguments
from gateway.sandbox.slack.methods import Methods
from gateway.sandbox.slack.page import page_of
from gateway.sandbox.slack.page_acts import PageActs
from gateway.sandbox.slack.scopes import MissingScope, demand, header
from gateway.sandbox.slack.workspace import Bot, Channel, Message, Workspace
from gateway.sandbox.vendor import Call, JsonObject, Vendor, json_response, retry_after_header

__all__ = ["DEFAULT_TOKEN", "Bot", "Channel", "Message", "SlackSandbox"]

DEFAULT_TOKEN = "xoxb-sandbox"  # noqa: S105 - opens nothing but this sandbox
DEFAULT_CHANNELS = ("alerts", "oncall", "general")


# Calls a minute in a workspace, which may come at once: https://docs.slack.dev/apis/web-api/rate-limits
TIERS = {
    method: RateLimit(per_minute / 60, per_minute)
    for method, per_minute in {
        "conversations.list": 20,
        "chat.update": 50,
        "chat.delete": 50,
        "conversations.history": 50,
        "conversations.replies": 50,
        "users.info": 100,
    }.items()
}


class SlackSandbox(Vendor):
    """A Slack workspace in memory, served on 127.0.0.1."""

    template = "slack"

    def __init__(
        self,
        workspace: Workspace,
        now: Callable[[], datetime],
        seed: int,
        pace: RateLimit | None,
        tiers: Mapping[str, RateLimit],
    ) -> None:
        super().__init__(now, seed)
        self.workspace = workspace
        self.app = App(workspace, now)
        self._methods = Methods(self.app, now, lambda: self._server.url)
        self._pace = RateLimiter(pace)
        self._tiers = {method: RateLimiter(tier) for method, tier in tiers.items()}

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        port: int = 0,
        *,
        channels: Iterable[str] = DEFAULT_CHANNELS,
        tokens: Mapping[str, Bot] | None = None,
        now: Callable[[], datetime] = utc_now,
        seed: int = 0,
        pace: RateLimit | None = None,
        tiers: Mapping[str, RateLimit] | None = None,
        edit_window: timedelta | None = None,
    ) -> AsyncIterator[Self]:
        """``pace`` limits posts per channel, ``tiers`` other methods, ``edit_window`` the time in which a
        message may be edited.

        None is no limit; `TIERS` are Slack's own.
        """
        workspace = Workspace(dict(tokens or {DEFAULT_TOKEN: Bot()}), channels, edit_window)
        slack = cls(workspace, now, seed, pace, tiers or {})
        async with slack.running(port), slack.app.sockets.running():
            yield slack

    @property
    def url(self) -> str:
        """The base for a Slack client."""
        return f"{self._server.url}/api/"

    @property
    def incoming_webhook_url(self) -> str:
        """The address that `slack_api_url_file` of Alertmanager holds."""
        return f"{self._server.url}{incoming_webhooks.PATH}"

    @property
    def channels(self) -> dict[str, Channel]:
        return self.workspace.channels

    def add_channel(self, name: str, *, archived: bool = False, member: bool = True) -> Channel:
        return self.workspace.add_channel(name, archived=archived, member=member)

    def channel(self, name: str) -> Channel:
        return self.workspace.by_name_or_id(name)

    def messages(self, channel: str) -> list[Message]:
        """The messages of a channel (name or id), oldest first, deleted ones too; replies stand inside their
        message.
        """
        return self.channel(channel).messages

    def routes(self) -> Sequence[BaseRoute]:
        api = Route("/api/{method:path}", self._call, methods=["GET", "POST"])
        incoming = Route(incoming_webhooks.PATH, self._incoming, methods=["POST"])
        return [api, incoming, *PageActs(self.app).routes()]

    def state(self) -> JsonObject:
        shown = ("id", "name", "archived", "member", "messages")
        return {
            "channels": [
                {name: getattr(channel, name) for name in shown} for channel in self.channels.values()
            ]
        }

    def reset(self) -> None:
        for limiter in (self._pace, *self._tiers.values()):
            limiter.forget()
        for channel in self.channels.values():
            channel.forget()
        self.app.forget()

    def page(self, request: Request) -> JsonObject:
        return page_of(self.app, request.query_params, self.now())

    def refuse(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.RATE_LIMIT:
            return _rate_limited(fault.retry_after)
        return json_response({"ok": False, "error": fault.error})

    async def _call(self, request: Request) -> Response:
        arguments, token = await read_arguments(request)
        method = request.path_params["method"]
        call = Call(self.now(), (method,), self._subjects(arguments), dict(arguments.values))
        return await self.conduct(request, call, lambda call: self._act(call, arguments, token))

    async def _incoming(self, request: Request) -> Response:
        arguments, _ = await read_arguments(request)
        call = Call(
            self.now(), (incoming_webhooks.METHOD,), self._subjects(arguments), dict(arguments.values)
        )

        def act(call: Call) -> Response:
            own_channel = next(iter(self.channels))
            answer = incoming_webhooks.post(self._methods, arguments, own_channel)
            call.outcome = bytes(answer.body).decode()
            return answer

        return await self.conduct(request, call, act)

    def _act(self, call: Call, arguments: Arguments, token: str) -> Response:
        call.outcome = "ok"
        try:
            if call.method == "apps.connections.open":
                return json_response({"ok": True, "url": self.app.socket_url(token)})
            bot = self.workspace.bot_of(token)
            method = self._methods.named(call.method)
            demand(bot, call.method, arguments)
            wait = self._wait(call)
            if wait:
                call.outcome = "ratelimited"
                return _rate_limited(wait)
            return json_response(
                {"ok": True} | method(arguments, bot), headers={"x-oauth-scopes": header(bot)}
            )
        except MissingScope as error:
            call.outcome = error.code
            return json_response({"ok": False, "error": error.code} | error.said)
        except SlackError as error:
            call.outcome = error.code
            details = (
                {"errors": error.details, "response_metadata": {"messages": error.details}}
                if error.details
                else {}
            )
            return json_response({"ok": False, "error": error.code} | details)

    def _wait(self, call: Call) -> int:
        """Return how many seconds the call is refused; posts are limited by channel, all else by method."""
        if call.method == "chat.postMessage":
            return self._pace.refuse(call.subjects[-1], self.now()) if call.subjects else 0
        tier = self._tiers.get(call.method)
        return tier.refuse(call.method, self.now()) if tier else 0

    def _subjects(self, arguments: Arguments) -> tuple[str, ...]:
        """The channel by name and by id, whichever was sent."""
        sent = arguments.text("channel")
        try:
            channel = self.workspace.by_name_or_id(sent)
        except SlackError:
            return (sent,) if sent else ()
        return (channel.name, f"#{channel.name}", channel.id)


def _rate_limited(seconds: int) -> Response:
    return json_response({"ok": False, "error": "ratelimited"}, 429, retry_after_header(seconds))
