"""The vendors' own clients, which know nothing of the sandbox, and a clock for the vendors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pdpyras
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN

ROUTING_KEY = "r" * 32
OTHER_ROUTING_KEY = "s" * 32


class VendorClock:
    """The vendor's own clock, which may go wrong."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def client_of(vendor: SlackSandbox, token: str = DEFAULT_TOKEN, timeout: int = 5) -> AsyncWebClient:
    return AsyncWebClient(token, base_url=vendor.url, retry_handlers=[], timeout=timeout)


async def refusal(answer: Awaitable[object]) -> str:
    """The error code with which Slack refuses this call."""
    with pytest.raises(SlackApiError) as caught:
        await answer
    return str(caught.value.response["error"])


class Events:
    """pdpyras in a worker thread, without retries of its own."""

    def __init__(self, vendor: PagerDutySandbox, routing_key: str) -> None:
        self.session = pdpyras.EventsAPISession(routing_key)
        self.session.url = vendor.events_url
        self.session.retry = {429: 1}
        self.session.sleep_timer = 0.01
        self.session.max_network_attempts = 0
        self.session.timeout = 1

    async def send(self, action: str, key: str | None = None, **event: object) -> str:
        return str(await asyncio.to_thread(self.session.send_event, action, key, **event))

    async def trigger(self, key: str | None = None, severity: str = "critical", **payload: object) -> str:
        full = {"summary": "checkout is down", "source": "node-1", "severity": severity, **payload}
        return await self.send("trigger", key, payload=full)


EventsOf = Callable[..., Events]
