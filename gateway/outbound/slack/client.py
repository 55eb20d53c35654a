"""Calls of Slack's Web API, and what their answers mean.

The only file that knows slack_sdk. Its own retries are off: a reset after the server has posted would post
twice.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple, cast

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from gateway.clock import utc_ms
from gateway.model.notification import Refused, Unanswered
from gateway.outbound.connection_trouble import BROKE, not_connected
from gateway.outbound.network import Network, Way
from gateway.outbound.proxies import refused_by_proxy
from gateway.outbound.slack.answers import judge
from gateway.outbound.slack.scopes import read_scopes
from gateway.outbound.slack.session import SlackAnswer, SlackSession, TooLong

PAGE, PAGES = 200, 20  # 4,000 messages, the newest first: what a busy channel says in the longest read-back
NAMES_PAGE, NAMES_PAGES = 1_000, 100
MISSING_SCOPE = "missing_scope"
CLIENTS_KEPT = 64  # one for each way to Slack

Trouble = Refused | Unanswered

# slack_sdk trips over a body that is no JSON object, such as a proxy's page, with the last four of them.
_FAILURES = (
    SlackApiError,
    aiohttp.ClientError,
    TimeoutError,
    AttributeError,
    TypeError,
    ValueError,
    RecursionError,
)


class NotOk(Exception):
    """A call that was not answered with ok, and what that means."""

    def __init__(self, answer: Trouble) -> None:
        super().__init__(answer.reason)
        self.answer = answer


class Access(NamedTuple):
    """The token that a call shows, and the way that it takes."""

    token: str
    way: Way


class SlackCalls:
    """All tokens share one session. `timeout` in seconds is of one call. Everything but an ok is raised as
    `NotOk`.
    """

    def __init__(self, timeout: float = 8.0, network: Network | None = None) -> None:
        self._timeout = timeout
        self._network = network or Network()
        self._session: SlackSession | None = None
        self._tls: ssl.SSLContext | None = None
        self._clients: dict[Way, AsyncWebClient] = {}

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None
        self._clients.clear()

    async def who(self, access: Access) -> Mapping[str, Any] | Trouble:
        """auth.test, for `gateway doctor`: team, user and bot of a token."""
        try:
            return await self.call("auth.test", access, json={})
        except NotOk as trouble:
            return trouble.answer

    async def scopes(self, access: Access) -> frozenset[str] | None:
        """Return the scopes that the token has, None where Slack does not say them. Raises `NotOk`."""
        answer = await self._answer("auth.test", access, json={})
        said = {name.lower(): value for name, value in dict(answer.headers).items()}.get("x-oauth-scopes")
        return None if said is None else read_scopes(said)

    async def messages(
        self, method: str, access: Access, asked: Mapping[str, str]
    ) -> AsyncIterator[Mapping[str, Any]]:
        params = {**asked, "limit": PAGE, "include_all_metadata": "true", "inclusive": "true"}
        for _ in range(PAGES):
            answer = await self.call(method, access, http_verb="GET", params=params)
            for message in answer.get("messages") or ():
                yield message
            if not (cursor := _next_cursor(answer)):
                return
            params["cursor"] = cursor

    async def channel(self, channel: str, access: Access) -> Mapping[str, Any]:
        """Return what Slack says of a channel, by its id; empty where it says nothing. Raises `NotOk`."""
        answer = await self.call("conversations.info", access, http_verb="GET", params={"channel": channel})
        found = answer.get("channel")
        return found if isinstance(found, dict) else {}

    async def find_channel(self, name: str, access: Access) -> Mapping[str, Any] | None:
        """Return what Slack says of a channel, by its name. Raises `NotOk`."""
        try:
            return await self._find_channel(name, access, "public_channel,private_channel")
        except NotOk as trouble:
            if trouble.answer.detail != MISSING_SCOPE:
                raise
        # Without groups:read the public ones are found still.
        return await self._find_channel(name, access, "public_channel")

    async def _find_channel(self, name: str, access: Access, types: str) -> Mapping[str, Any] | None:
        params: dict[str, Any] = {"limit": NAMES_PAGE, "types": types}
        for _ in range(NAMES_PAGES):
            answer = await self.call("conversations.list", access, http_verb="GET", params=params)
            for channel in answer.get("channels") or ():
                if channel.get("name") == name:
                    return dict(channel)
            if not (cursor := _next_cursor(answer)):
                return None
            params["cursor"] = cursor
        return None

    async def call(self, method: str, access: Access, **sent: Any) -> Mapping[str, Any]:
        """Raises NotOk for everything but an ok."""
        data = (await self._answer(method, access, **sent)).data
        return data if isinstance(data, dict) else {}

    async def _answer(self, method: str, access: Access, **sent: Any) -> AsyncSlackResponse:
        secret = access.token
        if any(mark in secret for mark in "\r\n\0"):
            raise NotOk(Refused("auth", "the token holds a line break", permanent=True))
        try:
            response = await self._slack(access.way).api_call(
                method, headers={"Authorization": f"Bearer {secret}"}, **sent
            )
        except _FAILURES as error:
            raise NotOk(_trouble(error, secret)) from None
        # https://docs.slack.dev/apis/web-api/#slack-web-api__evaluating-responses: `ok` is true or false.
        if not isinstance(response.data, dict) or response.data.get("ok") is not True:
            raise NotOk(Unanswered("strange_answer", "no JSON object with `ok`"))
        return response

    def _slack(self, way: Way) -> AsyncWebClient:
        """Made inside the running loop, where aiohttp wants it."""
        if self._session is None:
            self._session = SlackSession(self._network.names, self._timeout)
            self._tls = self._network.tls("aiohttp")
        if way not in self._clients:
            if len(self._clients) >= CLIENTS_KEPT:
                self._clients.clear()  # ways that are no longer taken, such as by a proxy's old password
            # slack_sdk asks nothing of a session but what ours has.
            session = cast("aiohttp.ClientSession", self._session)
            client = AsyncWebClient(base_url=way.address, session=session, ssl=self._tls, retry_handlers=[])
            # It would take one from the environment, for a local address too
            client.proxy = way.proxy
            self._clients[way] = client
        return self._clients[way]


def _next_cursor(answer: Mapping[str, Any]) -> str:
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")


def _trouble(error: Exception, secret: str) -> Trouble:
    """Judge a call that was not answered with ok."""
    match error:
        case SlackApiError():
            return _judged(error, secret)
        case aiohttp.ClientHttpProxyError():
            # The proxy refused to connect us to Slack, so nothing was posted.
            return refused_by_proxy(error.status)
        case aiohttp.ClientConnectorError():
            # Without a connection Slack cannot have posted, so a repeat shows nothing twice.
            return not_connected(error, to_proxy=isinstance(error, aiohttp.ClientProxyConnectionError))
        case aiohttp.ConnectionTimeoutError():
            return Refused("unavailable", "no connection in time")
        case TimeoutError():
            # Slack may have posted before the time was over: the
            # message is looked for before it is sent again.
            return Unanswered("timeout")
        case TooLong():
            # Slack's own answers are short. Nobody knows what became of the call.
            return Unanswered("strange_answer", str(error))
        case aiohttp.ClientError():
            return Unanswered("cut", BROKE)
    return Unanswered("strange_answer", "no JSON object")


def _judged(error: SlackApiError, secret: str) -> Trouble:
    response = error.response
    if isinstance(response, SlackAnswer):  # a body that says it is JSON and is none
        return judge(response.status, None, response.headers, utc_ms())
    answer = judge(response.status_code, response.data, response.headers, utc_ms())
    if isinstance(answer, Refused) and answer.reason == "refused":
        # The text goes to the log and into the ledger, where a token must never be.
        return Refused("refused", _without(secret, answer.detail))
    return answer


def _without(secret: str, text: str) -> str:
    return text.replace(secret, "…") if secret else text
