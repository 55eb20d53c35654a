"""A network that stands between us and a vendor looks the same at every vendor: who refuses is named, and no
password is shown.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.model.ledger import Endpoint
from gateway.model.notification import Answer, Delivered, Refused, Unanswered
from gateway.outbound.kind import ClosableNotifier
from gateway.outbound.network import Network
from gateway.outbound.pagerduty.notifier import PagerDutyNotifier
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.outbound.webhook.notifier import WebhookNotifier
from tests.outbound.notifications import notification
from tests.support.certificates import certificates
from tests.support.patience import PATIENCE
from tests.support.servers import free_port

Send = Callable[[str, Network], Awaitable[Answer]]
ANSWERS = {
    "slack": b'{"ok": true, "ts": "1.1", "channel": "C1"}',
    "pagerduty": b'{"status": "success"}',
    "webhook": b"taken",
}


async def told(notifier: ClosableNotifier, endpoint: Endpoint, secret: str) -> Answer:
    answer = await notifier.notify(endpoint, secret, notification(), attempt="a1", message_ref=None)
    await notifier.aclose()
    return answer


async def by_slack(url: str, network: Network) -> Answer:
    notifier = SlackNotifier(f"{url}/api/", PATIENCE, network)
    return await told(notifier, Endpoint("slack", "C1", "TOKEN", ""), "xoxb-1")


async def by_pagerduty(url: str, network: Network) -> Answer:
    notifier = PagerDutyNotifier(f"{url}/v2/enqueue", PATIENCE, network)
    return await told(notifier, Endpoint("pagerduty", "", "KEY", ""), "R" * 32)


async def by_webhook(url: str, network: Network) -> Answer:
    return await told(
        WebhookNotifier(network, PATIENCE), Endpoint("webhook", "audit", "URL", ""), f"{url}/hook"
    )


VENDORS = pytest.mark.parametrize(
    ("name", "send"),
    [
        pytest.param("slack", by_slack, id="slack"),
        pytest.param("pagerduty", by_pagerduty, id="pagerduty"),
        pytest.param("webhook", by_webhook, id="webhook"),
    ],
)


@asynccontextmanager
async def answering(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[str]]]:
    """Answer every request with these bytes; the first lines of the requests."""
    heard: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            heard.append(head.splitlines()[0])
            length = next(
                (line for line in head.lower().splitlines() if line.startswith("content-length:")), ""
            )
            await reader.readexactly(int(length.partition(":")[2] or 0))
            writer.write(answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


def http(status: str, body: bytes = b"", content_type: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def tls_server(made: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made / "server.pem", made / "server.key")
    return context


@VENDORS
async def test_a_companys_own_authority_is_trusted_where_it_is_named(
    name: str, send: Send, tmp_path: Path
) -> None:
    made = certificates(tmp_path)
    async with answering(http("200 OK", ANSWERS[name]), tls_server(made)) as (port, heard):
        url = f"https://127.0.0.1:{port}"
        trusting = await send(url, Network(made / "ca.pem"))
        before = len(heard)
        strange = await send(url, Network())
    assert isinstance(trusting, Delivered)
    assert isinstance(strange, Refused)
    assert (strange.reason, strange.permanent, len(heard)) == ("tls", False, before)
    assert strange.detail.startswith("its certificate is not trusted: ")


@VENDORS
async def test_the_systems_authorities_are_those_of_the_variable(
    name: str, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made / "ca.pem"))
    async with answering(http("200 OK", ANSWERS[name]), tls_server(made)) as (port, _):
        assert isinstance(await send(f"https://127.0.0.1:{port}", Network()), Delivered)


@VENDORS
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_a_proxy_that_wants_a_password_is_named_and_ours_is_not_shown(
    name: str, send: Send, scheme: str
) -> None:
    async with answering(http("407 Proxy Authentication Required")) as (port, heard):
        network = Network(proxy=f"http://gw:open-sesame@127.0.0.1:{port}")
        answer = await send(f"{scheme}://vendor.example", network)
    assert isinstance(answer, Refused)
    assert (answer.reason, len(heard)) == ("proxy", 1)
    assert "407" in answer.detail
    assert "sesame" not in str(answer)


@VENDORS
async def test_a_proxy_that_is_not_there_is_named(name: str, send: Send) -> None:
    network = Network(proxy=f"http://gw:open-sesame@127.0.0.1:{free_port()}")
    assert await send("https://vendor.example", network) == Refused("proxy", "no connection to the proxy")


@VENDORS
async def test_a_vendor_whose_name_is_not_known(name: str, send: Send) -> None:
    assert await send("https://vendor.invalid", Network()) == Refused("unavailable", "its name is not known")


@VENDORS
async def test_nobody_there(name: str, send: Send) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert await send(url, Network()) == Refused("unavailable", "no connection")


@VENDORS
@pytest.mark.parametrize(
    ("page", "content_type"),
    [
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "text/html"),
        (b"\n<html><body>Please log in</body></html>", "text/plain"),
        (b"<!-- login --><form>", "text/html; charset=utf-8"),
    ],
)
async def test_a_page_with_200_is_not_delivered_and_not_given_up(
    name: str, send: Send, page: bytes, content_type: str
) -> None:
    async with answering(http("200 OK", page, content_type)) as (port, _):
        assert isinstance(await send(f"http://127.0.0.1:{port}", Network()), Unanswered)


@pytest.mark.parametrize(
    ("said", "content_type"),
    [
        (b"ok", "text/plain"),
        (b"ok", "text/html; charset=utf-8"),  # what Flask makes of a text
        (b"", "text/html"),
        (b'{"taken": true}', "application/json"),
        (b"<?xml version='1.0'?><taken/>", "application/xml"),
        (b"\xff\xfe\x00", "application/octet-stream"),
    ],
)
async def test_whatever_else_a_receiver_says_with_200_it_has_taken_it(said: bytes, content_type: str) -> None:
    async with answering(http("200 OK", said, content_type)) as (port, _):
        assert isinstance(await by_webhook(f"http://127.0.0.1:{port}", Network()), Delivered)


async def test_an_event_goes_to_the_address_that_was_given_whole_or_in_part() -> None:
    async with answering(http("202 Accepted", ANSWERS["pagerduty"])) as (port, heard):
        for given in ("", "/", "/v2/enqueue", "/v2/enqueue/", "/relay/pd"):
            notifier = PagerDutyNotifier(f"http://127.0.0.1:{port}{given}", 2.0, Network())
            assert isinstance(await told(notifier, Endpoint("pagerduty", "", "KEY", ""), "R" * 32), Delivered)
    assert [line.split()[1] for line in heard] == [*["/v2/enqueue"] * 4, "/relay/pd/v2/enqueue"]
