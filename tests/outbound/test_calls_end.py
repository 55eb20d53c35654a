"""Every call to the outside ends: in its time, with no more than so much read, and with nothing left behind,
whatever is at the other end.
"""

from __future__ import annotations

import asyncio
import threading
import tracemalloc
from collections.abc import Awaitable, Callable

import pytest

from gateway.decisions.intake.normalise import Normaliser
from gateway.model.ledger import Endpoint
from gateway.model.notification import Delivered, Refused, Unanswered
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.rulebook import LabelRules
from gateway.model.rules.source import Source
from gateway.outbound.alertmanager_api import AlertmanagerPeers
from gateway.outbound.mail.client import NotTaken, SmtpClient
from gateway.outbound.mail.message import Envelope
from gateway.outbound.mail.url import parse_smtp_url
from gateway.outbound.names import Address, Names
from gateway.outbound.network import ALERTS_BYTES, LIST_BYTES, Network
from gateway.outbound.pagerduty.notifier import WORKERS, PagerDutyNotifier
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.outbound.webhook.notifier import WebhookNotifier
from gateway.self_monitoring import heartbeat as heartbeats
from gateway.self_monitoring.heartbeat import Heartbeat
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.outbound.notifications import notification
from tests.support import hostile_peers
from tests.support.build import START, match
from tests.support.hostile_peers import HostilePeer, Talk, after_request, hostile, never_connecting, silent
from tests.support.patience import PATIENCE, quickly

SECONDS = 0.5  # what a call may take here whose other end never comes to one
ENOUGH_SECONDS = 2.0  # where some of the calls have to be answered in time
LATE = 5.0  # no call may take longer, as `quickly` counts it
BUFFERS = 12 << 20  # what may be under way between two sockets beside what is read
SLACK = Endpoint("slack", "C1", "TOKEN", "")
KEY = "R" * 32

Call = Callable[[str, Network], Awaitable[object]]


async def by_slack(url: str, network: Network) -> object:
    notifier = SlackNotifier(f"{url}/api/", SECONDS, network)
    try:
        return await notifier.notify(SLACK, "xoxb-1", notification(), attempt="a", message_ref=None)
    finally:
        await notifier.aclose()


async def by_slacks_history(url: str, network: Network) -> object:
    notifier = SlackNotifier(f"{url}/api/", SECONDS, network)
    try:
        return await notifier.look(SLACK, "xoxb-1", attempts=("a",), since=START, message_ref=None)
    finally:
        await notifier.aclose()


async def by_pagerduty(url: str, network: Network) -> object:
    notifier = PagerDutyNotifier(url, SECONDS, network)
    try:
        return await page(notifier)
    finally:
        await notifier.aclose()


async def page(notifier: PagerDutyNotifier) -> object:
    place = Endpoint("pagerduty", "", "KEY", "")
    return await notifier.notify(place, KEY, notification(), attempt="a", message_ref=None)


async def by_webhook(url: str, network: Network) -> object:
    notifier = WebhookNotifier(network, SECONDS)
    place = Endpoint("webhook", "audit", "URL", "")
    try:
        return await notifier.notify(place, f"{url}/hook", notification(), attempt="a", message_ref=None)
    finally:
        await notifier.aclose()


async def by_a_poll(url: str, network: Network) -> object:
    peers = AlertmanagerPeers(network, SECONDS)
    reader = Normaliser(LabelRules(), Source("eu", BUILT_IN, match('cluster="eu"')))
    try:
        return await peers.ask(url, "gateway", reader)
    finally:
        await peers.aclose()


async def by_a_heartbeat(url: str, network: Network) -> object:
    beat = Heartbeat(f"{url}/ping", Shards([MemoryStore(lambda: START)]), lambda outcome: None, network)
    try:
        await beat.beat()
    finally:
        await beat.aclose()
    return beat.trouble


async def by_mail(url: str, network: Network) -> object:
    server = parse_smtp_url(url.replace("https:", "smtps:").replace("http:", "smtp:"))
    client = SmtpClient(SECONDS, network)
    try:
        return await client.send(
            server, Envelope.parse("a@example.org>b@example.org"), b"Subject: x\r\n\r\nx"
        )
    except NotTaken as trouble:
        return trouble.answer


BY_HTTP = {
    "slack": by_slack,
    "slack's history": by_slacks_history,
    "pagerduty": by_pagerduty,
    "webhook": by_webhook,
    "poll": by_a_poll,
    "heartbeat": by_a_heartbeat,
}
EVERYBODY = pytest.mark.parametrize("call", [pytest.param(c, id=n) for n, c in (BY_HTTP | {"mail": by_mail}).items()])  # fmt: skip
EVERY_CLIENT_OF_HTTP = pytest.mark.parametrize("call", [pytest.param(c, id=n) for n, c in BY_HTTP.items()])


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "REQUEST_SECONDS", SECONDS)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other end does come to one, which calls wait for."""
    monkeypatch.setitem(globals(), "SECONDS", PATIENCE)
    monkeypatch.setattr(heartbeats, "REQUEST_SECONDS", PATIENCE)


async def in_time(answer: Awaitable[object]) -> object:
    async with quickly(LATE):
        return await answer


@EVERY_CLIENT_OF_HTTP
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(hostile_peers.dribbled_head, id="a head that dribbles"),
        pytest.param(hostile_peers.dribbled_body, id="a body that dribbles"),
        pytest.param(hostile_peers.dribbled_body_without_a_length, id="a body that dribbles until it is closed"),
        pytest.param(hostile_peers.endless_continue, id="one more 100 Continue now and then"),
    ],
)  # fmt: skip
async def test_a_peer_that_dribbles_holds_nothing_beyond_the_deadline(
    call: Call, answer: Callable[[HostilePeer, asyncio.StreamWriter], Awaitable[None]]
) -> None:
    async with hostile(after_request(answer)) as (peer, port):
        given = await in_time(call(f"http://127.0.0.1:{port}", Network()))
        assert not isinstance(given, Refused)
        async with quickly(LATE):
            await peer.nobody_is_left()
    assert len(peer.heard) <= 1, "nothing is sent again behind our back"


@EVERY_CLIENT_OF_HTTP
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(hostile_peers.endless_heads, id="headers without end"),
        pytest.param(hostile_peers.endless_body, id="a body of 100 GB"),
        pytest.param(hostile_peers.endless_chunks, id="chunks without end"),
    ],
)
async def test_of_an_answer_without_end_the_start_is_read(
    call: Call, answer: Callable[[HostilePeer, asyncio.StreamWriter], Awaitable[None]]
) -> None:
    async with hostile(after_request(answer)) as (peer, port):
        await in_time(call(f"http://127.0.0.1:{port}", Network()))
        async with quickly(LATE):
            await peer.nobody_is_left()
    # A heartbeat and a receiver's answer count by their status: of them next to nothing is read.
    assert peer.sent < LIST_BYTES + BUFFERS


async def test_of_what_fires_at_an_alertmanager_more_may_be_read() -> None:
    async def answer(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
        status = b'{"uptime":"2026-11-23T10:00:00Z"}'
        if b"/status" in peer.heard[-1]:
            length = f"Content-Length: {len(status)}\r\n\r\n".encode()
            await peer.write(writer, hostile_peers.HEAD + length + status)
        else:
            await hostile_peers.endless_body(peer, writer)

    async with hostile(after_request(answer)) as (peer, port):
        peers = AlertmanagerPeers(Network(), 30.0)
        reader = Normaliser(LabelRules(), Source("eu", BUILT_IN, match('cluster="eu"')))
        said = await peers.ask(f"http://127.0.0.1:{port}", "gateway", reader)
        await peers.aclose()
    assert said == "/api/v2/alerts/groups answered more than 64 MiB"
    assert ALERTS_BYTES < peer.sent < ALERTS_BYTES + BUFFERS


@pytest.mark.usefixtures("patient")
@EVERY_CLIENT_OF_HTTP
async def test_an_answer_that_is_packed_is_not_unpacked(call: Call) -> None:
    async with hostile(after_request(hostile_peers.gzip_bomb)) as (peer, port):
        tracemalloc.start()
        given = await in_time(call(f"http://127.0.0.1:{port}", Network()))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < BUFFERS
    assert b"accept-encoding: identity" in peer.heard[0].lower()
    if call in (by_slack, by_slacks_history, by_pagerduty):
        assert isinstance(given, Unanswered)


@pytest.mark.usefixtures("patient")
@EVERY_CLIENT_OF_HTTP
async def test_lists_in_lists_in_lists_are_no_fault_of_ours(call: Call) -> None:
    async with hostile(after_request(hostile_peers.nested_lists)) as (_, port):
        given = await in_time(call(f"http://127.0.0.1:{port}", Network()))
    if call in (by_slack, by_slacks_history, by_pagerduty):
        assert isinstance(given, Unanswered)


@EVERYBODY
async def test_a_connection_that_is_never_made_is_given_up(call: Call) -> None:
    with never_connecting() as port:
        given = await in_time(call(f"http://127.0.0.1:{port}", Network()))
    assert not isinstance(given, Delivered)


@EVERYBODY
async def test_a_handshake_of_tls_that_is_never_answered_is_given_up(call: Call) -> None:
    async with hostile(silent) as (peer, port):
        given = await in_time(call(f"https://127.0.0.1:{port}", Network()))
        assert not isinstance(given, Delivered)
        async with quickly(LATE):
            await peer.nobody_is_left()


class HangingNames:
    """A name service that does not answer; `asked` counts by host."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.over = threading.Event()

    def __call__(self, host: str) -> list[Address]:
        self.asked.append(host)
        self.over.wait(30)
        raise OSError


@pytest.mark.usefixtures("patient")
@EVERYBODY
async def test_a_name_service_that_hangs_is_given_up_and_nothing_was_sent(call: Call) -> None:
    service = HangingNames()
    try:
        network = Network(names=Names(service, longest=0.1))
        given = await in_time(call("http://vendor.example:9", network))
        assert isinstance(given, Refused) or call in (by_a_poll, by_a_heartbeat)
        assert service.asked == ["vendor.example"]
    finally:
        service.over.set()


@pytest.mark.usefixtures("patient")
@EVERY_CLIENT_OF_HTTP
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed_by_nobody(call: Call, status: int) -> None:
    """The token, the routing key and the text would go to whoever it names."""
    async with hostile(after_request(hostile_peers.dribbled_body)) as (elsewhere, other):

        async def answer(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
            head = f"HTTP/1.1 {status} Look There\r\nLocation: http://127.0.0.1:{other}/x\r\nContent-Length: 2\r\n\r\n{{}}"
            await peer.write(writer, head.encode())

        async with hostile(after_request(answer)) as (_, port):
            given = await in_time(call(f"http://127.0.0.1:{port}", Network()))
    assert not elsewhere.heard
    assert isinstance(given, Refused) or str(status) in str(given)


async def test_pages_are_sent_at_once_when_pagerduty_is_well_again_after_it_held_every_thread() -> None:
    body = b'{"status": "success"}'
    well = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )
    async with hostile(after_request(hostile_peers.dribbled_body)) as (peer, port):
        notifier = PagerDutyNotifier(f"http://127.0.0.1:{port}", ENOUGH_SECONDS)
        sick = await in_time(asyncio.gather(*(page(notifier) for _ in range(WORKERS + 9))))
        assert isinstance(sick, list)
        assert not any(isinstance(answer, Delivered) for answer in sick)
        async with quickly(LATE):
            await peer.nobody_is_left()
        peer.well = well
        healthy = await in_time(asyncio.gather(*(page(notifier) for _ in range(41))))
        assert isinstance(healthy, list)
        assert all(isinstance(answer, Delivered) for answer in healthy)
        await notifier.aclose()


async def test_a_call_that_is_cancelled_leaves_its_thread_nothing_to_wait_for() -> None:
    async with hostile(after_request(hostile_peers.dribbled_body)) as (peer, port):
        notifier = PagerDutyNotifier(f"http://127.0.0.1:{port}", timeout=60.0)
        paging = asyncio.create_task(page(notifier))
        await peer.is_open(1)
        paging.cancel()
        async with quickly(LATE):
            await peer.nobody_is_left()
        await notifier.aclose()


async def test_pagerdutys_connection_is_kept_from_one_call_to_the_next() -> None:
    body = b'{"status": "success"}'
    async with hostile(after_request(hostile_peers.dribbled_body)) as (peer, port):
        peer.well = b"HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        notifier = PagerDutyNotifier(f"http://127.0.0.1:{port}", ENOUGH_SECONDS)
        for _ in range(3):
            assert isinstance(await page(notifier), Delivered)
        assert peer.open == 1
        # And it is broken like a new one.
        peer.well = None
        assert await in_time(page(notifier)) == Unanswered("timeout")
        async with quickly(LATE):
            await peer.nobody_is_left()
        await notifier.aclose()


@pytest.mark.parametrize("call", [pytest.param(BY_HTTP[name], id=name) for name in BY_HTTP if name != "poll"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(after_request(hostile_peers.dribbled_head), id="its answer to CONNECT dribbles"),
        pytest.param(after_request(hostile_peers.endless_heads), id="its answer to CONNECT has no end"),
        pytest.param(hostile_peers.tunnel_to_nobody, id="behind it nobody answers"),
    ],
)
async def test_a_proxy_that_hangs_or_dribbles_holds_nothing_beyond_the_deadline(
    call: Call, scheme: str, talk: Callable[[HostilePeer], Talk]
) -> None:
    async with hostile(talk) as (peer, port):
        network = Network(proxy=f"http://gw:password@127.0.0.1:{port}")
        given = await in_time(call(f"{scheme}://vendor.example", network))
        # To a receiver that is reached without a tunnel the proxy's 200 is the receiver's.
        assert not isinstance(given, Delivered) or (scheme, call) == ("http", by_webhook)
        async with quickly(LATE):
            await peer.nobody_is_left()
