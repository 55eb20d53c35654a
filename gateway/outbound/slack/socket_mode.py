"""Slack's Socket Mode: what people press and write comes over a connection that we have opened.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from gateway.outbound.network import Network

log = structlog.get_logger("gateway.slack")

CONNECT_SECONDS = 15.0
Answer = tuple[Mapping[str, Any] | None, Callable[[], Awaitable[None]]]
Hear = Callable[[str, Mapping[str, Any]], Awaitable[Answer | None]]


class SlackSocket:
    """One connection. `hear` gets the type and the payload of what came, does what it asks for, and returns
    the answer and what follows after it; None for what is none of ours.
    """

    def __init__(self, address: str, token: str, network: Network, hear: Hear) -> None:
        self._hear = hear
        self._following: set[asyncio.Task[None]] = set()
        # Its own lines name the connection's address, which holds a ticket.
        quiet = logging.getLogger("gateway.slack.socket")
        quiet.setLevel(logging.CRITICAL)
        proxy = network.proxy_to(address)
        web = AsyncWebClient(base_url=address, ssl=network.tls("aiohttp"), retry_handlers=[], logger=quiet)
        web.proxy = proxy
        self._client = SocketModeClient(token, logger=quiet, web_client=web, proxy=proxy)
        self._client.proxy = proxy
        self._client.socket_mode_request_listeners.append(self._take)

    async def open(self) -> str:
        """Connect. Return why there is no connection, an empty text where there is one.

        Slack's client connects anew by itself, also where Slack asks for it.
        """
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._client.connect()  # type: ignore[no-untyped-call]
        except (SlackClientError, OSError, TimeoutError, ValueError) as error:
            return type(error).__name__
        return ""

    async def close(self) -> None:
        await self._client.close()  # type: ignore[no-untyped-call]
        for task in self._following:
            task.cancel()

    async def connected(self) -> bool:
        return bool(await self._client.is_connected())

    async def _take(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard = await self._hear(request.type, request.payload)
        reply, afterwards = heard if heard is not None else (None, None)
        payload = dict(reply) if reply is not None else None
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))
        if afterwards is not None:
            task = asyncio.ensure_future(afterwards())
            self._following.add(task)
            task.add_done_callback(self._following.discard)
