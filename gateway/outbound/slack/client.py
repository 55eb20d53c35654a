"""Calls of Slack's Web API, and what their answers mean.

The only file that knows slack_sdk. Its own retries are off: a reset after the server has posted would post
twice.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from gateway.clock import utc_ms
from gateway.model.notification import Refused, Unanswered
from gateway.outbound.connection_trouble import BROKE, not_connected
from gateway.outbound.network import Network, Way
from gateway.outbound.proxies import refused_by_proxy
from gateway.outbound.slack.answers import judge

PAGE, PAGES = 200, 20  # 4,000 messages, the newest first: what a busy channel says in the longest read-back
NAMES_PAGE, NAMES_PAGES = 1_000, 100
CLIENTS_KEPT = 64  # one for each way to Slack

Trouble = Refused | Unanswered


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
        self._session: aiohttp.ClientSession | None = None
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
        params: dict[str, Any] = {"limit": NAMES_PAGE, "types": "public_channel,private_channel"}
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
        secret = access.token
        if any(mark in secret for mark in "\r\n\0"):
            raise NotOk(Refused("auth", "the token holds a line break", permanent=True))
        try:
            response = await self._slack(access.way).api_call(
                method, headers={"Authorization": f"Bearer {secret}"}, **sent
            )
        except SlackApiError as error:
            raise NotOk(_judged(error, secret)) from None
        except aiohttp.ClientHttpProxyError as error:
            # The proxy refused to connect us to Slack, so nothing was posted.
            raise NotOk(refused_by_proxy(error.status)) from None
        except aiohttp.ClientConnectorError as error:
            # Without a connection Slack cannot have posted, so a repeat shows nothing twice.
            to_proxy = isinstance(error, aiohttp.ClientProxyConnectionError)
            raise NotOk(not_connected(error, to_proxy=to_proxy)) from None
        except TimeoutError:
            # Slack may have posted before the time was over: the
            # message is looked for before it is sent again.
            raise NotOk(Unanswered("timeout")) from None
        except aiohttp.ClientError:
            raise NotOk(Unanswered("cut", BROKE)) from None
        except (AttributeError, TypeError, ValueError):
            # slack_sdk trips over a body that is no JSON object: a proxy's page, for instance.
            raise NotOk(Unanswered("strange_answer", "no JSON object")) from None
        # https://docs.slack.dev/apis/web-api/#slack-web-api__evaluating-responses: `ok` is true or false.
        if not isinstance(response.data, dict) or response.data.get("ok") is not True:
            raise NotOk(Unanswered("strange_answer", "no JSON object with `ok`"))
        return response.data

    def _slack(self, way: Way) -> AsyncWebClient:
        """Made inside the running loop, where aiohttp wants it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout), trust_env=False
            )
            self._tls = self._network.tls()
        if way not in self._clients:
            if len(self._clients) >= CLIENTS_KEPT:
                self._clients.clear()  # ways that are no longer taken, such as by a proxy's old password
            client = AsyncWebClient(
                base_url=way.address, session=self._session, ssl=self._tls, retry_handlers=[]
            )
            # It would take one from the environment, for a local address too
            client.proxy = way.proxy
            self._clients[way] = client
        return self._clients[way]


def _next_cursor(answer: Mapping[str, Any]) -> str:
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")


def _judged(error: SlackApiError, secret: str) -> Trouble:
    response = error.response
    if isinstance(response, aiohttp.ClientResponse):  # a body that says it is JSON and is none
        return judge(response.status, None, response.headers, utc_ms())
    answer = judge(response.status_code, response.data, response.headers, utc_ms())
    if isinstance(answer, Refused) and answer.reason == "refused":
        # The text goes to the log and into the ledger, where a token must never be.
        return Refused("refused", _without(secret, answer.detail))
    return answer


def _without(secret: str, text: str) -> str:
    return text.replace(secret, "…") if secret else text
