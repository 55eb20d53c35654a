"""A proxy that refuses is told apart from the vendor behind it, and its password is nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.model.ledger import Endpoint
from gateway.model.notification import Answer, Refused
from gateway.outbound.network import Network
from gateway.outbound.pagerduty.notifier import PagerDutyNotifier
from gateway.outbound.proxies import is_proxys_word, refused_by_proxy
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.outbound.webhook.notifier import WebhookNotifier
from tests.outbound.notifications import notification

PASSWORD = "pr0xy-pa55word"


@asynccontextmanager
async def proxy(status: str) -> AsyncIterator[str]:
    """A proxy that answers every request with this status."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://gateway:{PASSWORD}@127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def answer_of(vendor: str, proxy_url: str) -> Answer:
    """Send one notification to an address that only the proxy could reach."""
    place = Endpoint("slack", "C1", "TOKEN", "")
    if vendor == "slack":
        slack = SlackNotifier("https://slack.example/api", 2, Network(proxy=proxy_url))
        answer = await slack.notify(place, "xoxb-1", notification(), attempt="a", message_ref=None)
        await slack.aclose()
        return answer
    if vendor == "pagerduty":
        pagerduty = PagerDutyNotifier("https://events.example", 2, Network(proxy=proxy_url))
        answer = await pagerduty.notify(place, "R" * 32, notification(), attempt="a", message_ref=None)
        await pagerduty.aclose()
        return answer
    webhook = WebhookNotifier(Network(proxy=proxy_url), 2)
    hook = Endpoint("webhook", "hook", "HOOK_URL", "")
    answer = await webhook.notify(
        hook, "https://hook.example/x", notification(), attempt="a", message_ref=None
    )
    await webhook.aclose()
    return answer


@pytest.mark.parametrize("vendor", ["slack", "pagerduty", "webhook"])
@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden"])
async def test_a_proxy_that_does_not_connect_us_is_named_and_refuses_everything(
    vendor: str, status: str
) -> None:
    async with proxy(status) as url:
        answer = await answer_of(vendor, url)
    assert answer == Refused("proxy", f"a proxy on the way answered HTTP {status[:3]}", permanent=True)


@pytest.mark.parametrize("vendor", ["slack", "pagerduty", "webhook"])
async def test_a_proxy_that_cannot_reach_the_vendor_just_now_is_tried_again(vendor: str) -> None:
    async with proxy("502 Bad Gateway") as url:
        answer = await answer_of(vendor, url)
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.permanent) == ("unavailable", False)
    assert PASSWORD not in str(answer)


def test_only_the_vendors_own_form_makes_a_refusal_the_vendors() -> None:
    assert [is_proxys_word(status, vendors_own=True) for status in (401, 403, 404, 407)] == [
        False,
        False,
        False,
        True,
    ]
    assert all(is_proxys_word(status, vendors_own=False) for status in (302, 400, 401, 403, 404, 407, 413))
    assert not is_proxys_word(503, vendors_own=False)
    assert refused_by_proxy(503) == Refused("unavailable", "a proxy on the way answered HTTP 503")
