"""The listener itself: dawdlers, floods and nonsense are cut off; whoever behaves is served, also while it is
told to stop.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from gateway.errors import BadSettings
from gateway.inbound import connections
from gateway.inbound import server as serving
from gateway.inbound.asgi import AsgiApp
from gateway.inbound.connections import MAX_HEADER_BYTES
from gateway.inbound.server import address_of, bind, make_server
from gateway.inbound.webhooks import responses
from gateway.inbound.webhooks.body import Caps
from tests.support.patience import quickly
from tests.support.servers import free_port
from tests.support.webhook_endpoint import GOOD, Taker, door

BODY = json.dumps({"version": "4", "alerts": [GOOD]}).encode()
QUICKLY = 3.0  # seconds, as `quickly` counts them


@dataclass
class Listening:
    """`ended` is the server's own task."""

    server: uvicorn.Server
    port: int
    ended: asyncio.Task[None]

    async def connect(self) -> Wire:
        return Wire(*await asyncio.open_connection("127.0.0.1", self.port))


@dataclass
class Wire:
    """A connection on which a test says exactly the bytes that it wants."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def status(self) -> int:
        """Of the next answer, whose body is read over."""
        async with quickly(QUICKLY):
            head = await self.reader.readuntil(b"\r\n\r\n")
            headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
            await self.reader.readexactly(int(headers[b"content-length"]))
        return int(head.split()[1])

    async def rest(self) -> bytes:
        """Until the other side hangs up."""
        async with quickly(QUICKLY):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""


@asynccontextmanager
async def listening(asgi_app: AsgiApp) -> AsyncIterator[Listening]:
    server = make_server(asgi_app, host="127.0.0.1", port=0)
    ended = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.001)
    try:
        yield Listening(server, server.servers[0].sockets[0].getsockname()[1], ended)
    finally:
        await _end(server, ended)


async def _end(server: uvicorn.Server, ended: asyncio.Task[None]) -> None:
    """At once: an orderly end takes a tenth of a second and is a matter of tests of its own."""
    ended.cancel()
    await asyncio.wait([ended])
    for one in server.servers:
        one.close()
    for connection in [*server.server_state.connections]:
        connection.transport.abort()
    async with quickly(QUICKLY):
        while server.server_state.connections or server.server_state.tasks:
            await asyncio.sleep(0)


def webhook(body: bytes = BODY, **headers: str) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"POST /webhooks/alertmanager HTTP/1.1\r\nHost: g\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


@pytest.fixture
def no_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's signals stay what they were: a server sets them to be ignored at its end."""
    monkeypatch.setattr(serving, "STOP_SIGNALS", ())


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.1)
    monkeypatch.setattr(connections, "STRANGER_SECONDS", 0.1)


pytestmark = pytest.mark.usefixtures("no_signals")


# Whoever behaves


async def test_a_webhook_is_taken_and_nothing_is_told_about_the_server() -> None:
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        await wire.say(webhook(Connection="close"))
        head = (await wire.rest()).partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 200")
    assert b"server:" not in head
    assert b"uvicorn" not in head


async def test_a_connection_is_kept_for_the_next_webhook() -> None:
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        for _ in range(3):
            await wire.say(webhook())
            assert await wire.status() == 200


@pytest.mark.usefixtures("hurried")
async def test_a_connection_that_has_shown_a_token_may_be_idle_for_longer_than_headers_may_take() -> None:
    async with listening(door(Taker(), ["t"])) as there:
        wire = await there.connect()
        await wire.say(webhook(authorization="Bearer t"))
        await wire.status()
        await asyncio.sleep(0.25)
        await wire.say(webhook(authorization="Bearer t"))
        assert await wire.status() == 200


async def test_webhooks_that_are_sent_without_waiting_for_answers_are_all_taken_in_order() -> None:
    taker = Taker()
    bodies = [json.dumps({"alerts": [{**GOOD, "labels": {"alertname": f"A{n}"}}]}).encode() for n in range(5)]
    async with listening(door(taker)) as there:
        wire = await there.connect()
        await wire.say(b"".join(map(webhook, bodies)))
        assert [await wire.status() for _ in bodies] == [200] * 5
    assert [one.labels["alertname"] for one in taker.seen] == ["A0", "A1", "A2", "A3", "A4"]


async def test_a_webhook_that_comes_byte_by_byte_is_taken() -> None:
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        for byte in webhook():
            await wire.say(bytes([byte]))
        assert await wire.status() == 200


async def test_a_body_in_chunks_is_taken() -> None:
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:10], BODY[10:])) + b"0\r\n\r\n"
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        await wire.say(
            b"POST /webhooks/alertmanager HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked
        )
        assert await wire.status() == 200


async def test_a_sender_that_waits_for_a_go_ahead_gets_one() -> None:
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        head, _, body = webhook(Expect="100-continue").partition(b"\r\n\r\n")
        await wire.say(head + b"\r\n\r\n")
        async with quickly(QUICKLY):
            assert (await wire.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        await wire.say(body)
        assert await wire.status() == 200


# Dawdlers


async def test_a_sender_that_dawdles_over_its_body_is_answered_503_and_not_waited_for() -> None:
    async with listening(door(Taker(), caps=Caps(read_time=0.05))) as there:
        wire = await there.connect()
        await wire.say(webhook()[:-5])
        assert await wire.status() == 503


async def test_a_sender_that_opens_a_webhook_and_sends_nothing_of_it_is_answered_503() -> None:
    async with listening(door(Taker(), caps=Caps(read_time=0.05))) as there:
        wire = await there.connect()
        await wire.say(webhook().partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        assert await wire.status() == 503


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing at all"),
        pytest.param(b"POST /webhooks/alertmanager HTTP/1.1\r\nHost", id="a head that stops"),
        pytest.param(
            b"POST /webhooks/alertmanager HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n",
            id="a head without its end",
        ),
    ],
)
async def test_a_sender_that_dawdles_over_its_headers_is_cut_off(said: bytes) -> None:
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        await wire.say(said)
        assert b" 200 " not in await wire.rest()


@pytest.mark.usefixtures("hurried")
async def test_a_trickle_of_header_bytes_buys_no_more_time() -> None:
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        await wire.say(b"POST / HTTP/1.1\r\n")
        gone = asyncio.create_task(wire.rest())
        while not gone.done():
            wire.writer.write(b"X: y\r\n")
            await asyncio.sleep(0.01)
        assert b" 200 " not in await gone


@pytest.mark.usefixtures("hurried")
async def test_the_next_head_on_a_kept_connection_has_its_own_time() -> None:
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        await wire.say(webhook())
        await wire.status()
        await wire.say(b"POST /webhooks/alertmanager HTTP/1.1\r\n")
        assert await wire.rest() == b""


@pytest.mark.usefixtures("hurried")
async def test_a_dawdler_keeps_nobody_else_waiting() -> None:
    async with listening(door(Taker())) as there:
        dawdlers = [await there.connect() for _ in range(20)]
        for one in dawdlers:
            await one.say(b"POST /webh")
        wire = await there.connect()
        await wire.say(webhook())
        assert await wire.status() == 200


@pytest.mark.usefixtures("hurried")
async def test_a_webhook_that_takes_longer_than_headers_may_is_not_cut() -> None:
    async with listening(door(Taker(slow=0.25))) as there:
        wire = await there.connect()
        await wire.say(webhook())
        assert await wire.status() == 200


# Nonsense


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS to a plain port"),
        pytest.param(b"hello\r\n\r\n", id="no HTTP"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", id="a length that is no number"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="a negative length"),
        pytest.param(b"POST / HTTP/1.1\r\nX y\r\n\r\n", id="a header without a colon"),
        pytest.param(
            b"POST /webhooks/alertmanager HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="two ways to say how long the body is",
        ),
    ],
)
async def test_what_is_no_request_is_refused_and_closed(
    said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        await wire.say(said)
        answer = await wire.rest()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert not [one for one in caplog.records if one.exc_info]


@pytest.mark.parametrize(
    "end", [pytest.param(b"", id="without end"), pytest.param(b"\r\n\r\n", id="that ends")]
)
@pytest.mark.parametrize(
    "start",
    [pytest.param(b"GET / HTTP/1.1\r\nX: ", id="a huge header"), pytest.param(b"GET /", id="a huge address")],
)
async def test_a_huge_head_is_cut_off_without_a_fault(
    start: bytes, end: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        wire.writer.write(start + b"x" * 1_000_000 + end)
        assert b" 200 " not in await wire.rest()
    assert not caplog.records


async def test_heads_that_are_large_together_but_not_alone_are_served() -> None:
    large = webhook(X_Large="x" * 30_000)
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        for _ in range(4):
            await wire.say(large)
            assert await wire.status() == 200


async def test_a_sender_that_hangs_up_in_the_middle_leaves_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    taker = Taker()
    async with listening(door(taker)) as there:
        wire = await there.connect()
        await wire.say(webhook()[:-5])
        wire.writer.close()
        other = await there.connect()
        await other.say(webhook())
        assert await other.status() == 200
    assert (len(taker.seen), caplog.records) == (1, [])


async def test_more_connections_than_are_wanted_are_told_503_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 2)
    async with listening(door(Taker(), ["t"])) as there:
        statuses = []
        wires = [await there.connect() for _ in range(4)]
        for wire in wires:
            await wire.say(webhook(authorization="Bearer t"))
            statuses.append(await wire.status())
    assert statuses == [200, 200, 503, 503]


async def test_a_head_that_is_too_large_is_cut_off() -> None:
    port = free_port()
    server = make_server(door(Taker()), host="127.0.0.1", port=port)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /webhooks/alertmanager HTTP/1.1\r\nHost: g\r\n")
    sent = 0
    try:
        while sent < 50 * MAX_HEADER_BYTES:
            writer.write(b"X-Flood: " + b"a" * 8_000 + b"\r\n")
            await writer.drain()
            sent += 8_000
            await asyncio.sleep(0)
        async with quickly(QUICKLY):
            assert await reader.read() == b""
    except ConnectionError:
        pass
    writer.close()
    server.should_exit = True
    await serving
    assert sent < 50 * MAX_HEADER_BYTES or reader.at_eof()


# The end


async def test_at_the_end_webhooks_in_flight_are_answered_and_taken() -> None:
    taker = Taker(slow=0.3)
    async with listening(door(taker)) as there:
        wire = await there.connect()
        await wire.say(webhook())
        await asyncio.sleep(0.1)
        there.server.should_exit = True
        assert await wire.status() == 200
        async with quickly(QUICKLY):
            await there.ended
    assert len(taker.seen) == 1


async def test_at_the_end_a_body_that_is_still_coming_may_finish() -> None:
    taker = Taker()
    async with listening(door(taker)) as there:
        wire = await there.connect()
        await wire.say(webhook()[:-5])
        await asyncio.sleep(0.05)
        there.server.should_exit = True
        await asyncio.sleep(0.2)
        await wire.say(webhook()[-5:])
        assert await wire.status() == 200
    assert len(taker.seen) == 1


async def test_at_the_end_idle_connections_are_closed_at_once() -> None:
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        await wire.say(webhook())
        await wire.status()
        there.server.should_exit = True
        async with quickly(QUICKLY):
            await there.ended
        assert await wire.rest() == b""


async def test_after_the_end_nobody_is_let_in() -> None:
    async with listening(door(Taker())) as there:
        there.server.should_exit = True
        async with quickly(QUICKLY):
            await there.ended
        with pytest.raises(OSError):
            await there.connect()


# The sockets


def resolved_to(*hosts: str) -> Any:
    def getaddrinfo(_host: str, port: int, **_more: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]

    return getaddrinfo


@pytest.mark.parametrize("hosts", [("198.51.100.7", "127.0.0.1"), ("127.0.0.1", "198.51.100.7")])
def test_a_name_with_an_address_that_this_machine_has_not_is_bound_to_the_others(
    monkeypatch: pytest.MonkeyPatch, hosts: tuple[str, ...]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolved_to(*hosts))
    (bound,) = bind("localhost", 0)
    assert address_of(bound) == f"http://127.0.0.1:{bound.getsockname()[1]}"
    bound.close()


@pytest.mark.parametrize("hosts", [("198.51.100.7",), ("198.51.100.7", "203.0.113.9")])
def test_a_name_with_no_address_of_this_machine_is_refused(
    monkeypatch: pytest.MonkeyPatch, hosts: tuple[str, ...]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolved_to(*hosts))
    with pytest.raises(BadSettings, match=r"GATEWAY_LISTEN: gw\.example:0: this machine has no such address"):
        bind("gw.example", 0)


def test_a_name_that_is_none_is_refused_and_nothing_stays_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        BadSettings, match=r"GATEWAY_LISTEN: no\.such\.host\.invalid:0: .*: set an address of this machine"
    ):
        bind("no.such.host.invalid", 0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(socket, "getaddrinfo", resolved_to("127.0.0.2", "127.0.0.1"))
        with pytest.raises(BadSettings, match="something else listens there"):
            bind("localhost", port)
        monkeypatch.undo()
        bind("127.0.0.2", port)[0].close()


def test_an_address_of_ipv6_is_shown_as_browsers_take_it() -> None:
    try:
        (bound,) = bind("::1", 0)
    except BadSettings:
        pytest.skip("this machine has no IPv6")
    assert address_of(bound) == f"http://[::1]:{bound.getsockname()[1]}"
    bound.close()


@pytest.mark.parametrize("declared", [True, False])
async def test_over_the_cap_a_client_that_sends_everything_first_sees_413_and_no_reset(
    declared: bool,
) -> None:
    async with listening(door(Taker(), caps=Caps(body=1_000))) as server:
        wire = await server.connect()
        kind = "content-length: 8000000" if declared else "transfer-encoding: chunked"
        await wire.say(f"POST /webhooks/alertmanager HTTP/1.1\r\nhost: x\r\n{kind}\r\n\r\n".encode())
        for _ in range(80):
            part = b"x" * 100_000
            await wire.say(part if declared else b"186a0\r\n" + part + b"\r\n")
            await asyncio.sleep(0)
        if not declared:
            await wire.say(b"0\r\n\r\n")
        assert await wire.status() == 413
        assert await wire.rest() == b""


async def test_a_client_that_goes_on_sending_without_end_is_closed_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(responses, "LINGER_SECONDS", 0.05)
    async with listening(door(Taker(), caps=Caps(body=1_000))) as server:
        wire = await server.connect()
        await wire.say(b"POST /webhooks/alertmanager HTTP/1.1\r\nhost: x\r\ncontent-length: 8000000\r\n\r\n")
        assert await wire.status() == 413
        assert await wire.rest() == b""
