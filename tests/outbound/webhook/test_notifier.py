"""Webhooks to a local receiver: what is sent, what every answer means, and that no secret comes back."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.model.audit_trail import Batch, LoggedEntry
from gateway.model.changes import LogEntry
from gateway.model.ledger import Endpoint, MessageRef, Note, NotifiedState
from gateway.model.notification import Answer, Delivered, Found, LeftOut, Refused, Unanswered
from gateway.outbound.network import Network
from gateway.outbound.webhook.notifier import WebhookNotifier, check_address
from gateway.sandbox import Fault, FaultKind, WebhookSandbox
from tests.outbound.notifications import HOSTILE, NOW, line, notification
from tests.support.certificates import certificates
from tests.support.patience import PATIENCE

TOKEN, KEY = "a-bearer-token-of-ours", "whsec_" + b64encode(b"k" * 32).decode()


SECRETS = {"TOKEN": TOKEN, "KEY": KEY}


HOOK = Endpoint("webhook", "audit", "URL", "", "TOKEN", "KEY")


OPEN = Endpoint("webhook", "audit", "URL", "")


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookSandbox]:
    async with WebhookSandbox.start(token=TOKEN, secret=KEY) as one:
        yield one


@pytest.fixture
async def notifier() -> AsyncIterator[WebhookNotifier]:
    made = WebhookNotifier(Network(secret_of=SECRETS.get), timeout=PATIENCE)
    yield made
    await made.aclose()


@pytest.fixture
async def hurried() -> AsyncIterator[WebhookNotifier]:
    """Asks a receiver that will not answer, or never to the end."""
    made = WebhookNotifier(Network(secret_of=SECRETS.get), timeout=1.0)
    yield made
    await made.aclose()


async def notify(
    notifier: WebhookNotifier, url: str, attempt: str = "a1", endpoint: Endpoint = HOOK, **more: object
) -> Answer:
    return await notifier.notify(endpoint, url, notification(**more), attempt=attempt, message_ref=None)


async def test_a_state_and_notes_arrive_signed_and_with_the_token(
    receiver: WebhookSandbox, notifier: WebhookNotifier
) -> None:
    answer = await notify(notifier, receiver.url)
    assert answer == Delivered(MessageRef("abc123.1"))
    said = (Note("Severity rose", broadcast=True, at=NOW), Note("Acknowledged by ann", at=NOW))
    replied = await notifier.reply(
        HOOK,
        receiver.url,
        said,
        attempt="a2",
        message_ref=answer.message_ref,
        edits=None,
        mentions=("@here",),
    )
    assert replied == answer
    assert [(one.type, one.id, one.signed) for one in receiver.received] == [
        ("incident.firing", "a1", True),
        ("incident.notes", "a2", True),
    ]
    assert [note["text"] for note in receiver.received[1].data["notes"]] == [
        "Severity rose",
        "Acknowledged by ann",
    ]  # type: ignore[attr-defined]


async def test_the_same_sent_again_is_the_same_to_the_receiver(
    receiver: WebhookSandbox, notifier: WebhookNotifier
) -> None:
    receiver.faults.add(Fault(FaultKind.CUT_AFTER, count=1))
    assert isinstance(await notify(notifier, receiver.url), Unanswered)
    assert isinstance(await notify(notifier, receiver.url), Delivered)
    assert [(one.id, one.repeats) for one in receiver.received] == [("a1", 1)]


async def test_a_hostile_telling_arrives_like_any_other(
    receiver: WebhookSandbox, notifier: WebhookNotifier
) -> None:
    lines = (line(HOSTILE, labels={HOSTILE: "\u0000\ud800" * 99}, summary=HOSTILE, runbook=HOSTILE),) * 3
    assert isinstance(
        await notify(notifier, receiver.url, title=HOSTILE, where={HOSTILE: HOSTILE}, lines=lines), Delivered
    )


async def test_a_wrong_token_or_key_is_refused_for_good(receiver: WebhookSandbox) -> None:
    for secrets in (
        {**SECRETS, "TOKEN": "another"},
        {**SECRETS, "KEY": "whsec_" + b64encode(b"o" * 32).decode()},
    ):
        notifier = WebhookNotifier(Network(secret_of=secrets.get))
        assert await notify(notifier, receiver.url) == Refused("auth", "HTTP 401", permanent=True)
        await notifier.aclose()


@pytest.mark.parametrize(("secrets", "missing"), [({"KEY": KEY}, "TOKEN"), ({"TOKEN": TOKEN}, "KEY")])
async def test_a_secret_that_is_missing_is_waited_for(
    receiver: WebhookSandbox, secrets: dict[str, str], missing: str
) -> None:
    answer = await notify(WebhookNotifier(Network(secret_of=secrets.get)), receiver.url)
    assert answer == Refused("no_credential", f"{missing} is not set, or no rule may have it")


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({"TOKEN": "two\r\nlines", "KEY": KEY}, "TOKEN holds characters that no header may"),
        ({"TOKEN": "fünf", "KEY": KEY}, "TOKEN holds characters that no header may"),
        ({"TOKEN": TOKEN, "KEY": "no base64!"}, "KEY: a key is written whsec_<base64>"),
    ],
)
async def test_secrets_that_cannot_be_used_are_said_by_name(
    receiver: WebhookSandbox, secrets: dict[str, str], said: str
) -> None:
    notifier = WebhookNotifier(Network(secret_of=secrets.get))
    assert await notify(notifier, receiver.url) == Refused("auth", said, permanent=True)
    assert not receiver.calls
    await notifier.aclose()


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (Fault(FaultKind.RATE_LIMIT, retry_after=7), Refused("rate_limited", retry_after=7_000)),
        (Fault(FaultKind.RATE_LIMIT, retry_after=0), Refused("rate_limited")),
        (Fault(FaultKind.STATUS, status=503), Unanswered("server_error", "HTTP 503")),
        (Fault(FaultKind.STATUS, status=408), Refused("unavailable", "HTTP 408")),
        (
            Fault(FaultKind.ERROR, error=TOKEN),
            Refused(
                "invalid",
                "HTTP 422",
                permanent=True,
                left_out=(LeftOut("links", "HTTP 422"), LeftOut("details", "HTTP 422")),
            ),
        ),
        (Fault(FaultKind.HANG), Unanswered("timeout")),
        (Fault(FaultKind.CUT_BEFORE), Unanswered("cut", "RemoteProtocolError")),
    ],
)
async def test_what_goes_wrong_is_answered_with_what_is_known(
    receiver: WebhookSandbox,
    notifier: WebhookNotifier,
    hurried: WebhookNotifier,
    fault: Fault,
    answer: Answer,
) -> None:
    receiver.faults.add(fault)
    said = await notify(hurried if fault.kind is FaultKind.HANG else notifier, receiver.url)
    assert (type(said), said.reason) == (type(answer), answer.reason)  # type: ignore[union-attr]
    if fault.kind is not FaultKind.CUT_BEFORE:  # which of httpx's errors it is depends on the moment
        assert said == answer


@asynccontextmanager
async def listening(
    answer: bytes, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A receiver that says this to every request, and what it was sent."""
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        try:
            await writer.drain()
            await reader.read()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


async def test_a_redirect_is_not_followed_and_says_what_to_do(notifier: WebhookNotifier) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with listening(answer) as (port, heard):
        said = await notify(notifier, f"http://127.0.0.1:{port}/", endpoint=OPEN)
    assert said == Refused(
        "redirected", "HTTP 302: redirects are not followed, so name the address itself", permanent=True
    )
    assert len(heard) == 1


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 99999999\r\n\r\n" + b"x" * 400_000,
        b"Content-Length: 50\r\n\r\nslow",
        b"Content-Encoding: gzip\r\n\r\nnone",
    ],
    ids=["endless", "never finished", "undecodable"],
)
async def test_once_the_status_is_there_the_rest_of_the_answer_means_nothing(rest: bytes) -> None:
    async with listening(b"HTTP/1.1 200 OK\r\n" + rest) as (port, _):
        # On a busy machine not even the status is read within the first of these times.
        for seconds in (1.0, 5.0, 25.0):
            notifier = WebhookNotifier(Network(secret_of=SECRETS.get), timeout=seconds)
            answer = await notify(notifier, f"http://127.0.0.1:{port}/", endpoint=OPEN)
            await notifier.aclose()
            if isinstance(answer, Delivered):
                return
        raise AssertionError(answer)


async def test_what_is_no_http_is_unanswered(hurried: WebhookNotifier) -> None:
    async with listening(b"220 mail.example ESMTP\r\n") as (port, _):
        assert isinstance(await notify(hurried, f"http://127.0.0.1:{port}/", endpoint=OPEN), Unanswered)


async def test_nobody_there_is_certainly_not_taken(notifier: WebhookNotifier) -> None:
    assert await notify(notifier, "http://127.0.0.1:1/", endpoint=OPEN) == Refused(
        "unavailable", "no connection"
    )


async def test_a_user_and_a_password_in_the_address_are_shown_and_give_way_to_a_token(
    notifier: WebhookNotifier,
) -> None:
    taken = b"HTTP/1.1 204 No Content\r\n\r\n"
    for endpoint, shown in ((OPEN, f"Basic {b64encode(b'ann:pw').decode()}"), (HOOK, f"Bearer {TOKEN}")):
        async with listening(taken) as (port, heard):
            await notify(notifier, f"http://ann:pw@127.0.0.1:{port}/x?y=1", endpoint=endpoint)
        assert f"authorization: {shown}".lower() in heard[0].decode().lower()
        assert heard[0].startswith(b"POST /x?y=1 HTTP/1.1")


@pytest.mark.parametrize(
    "url",
    ["ftp://x/", "receiver/alerts", "http://", "http://[::1", "", "file:///etc/passwd", "http://x:99999999/"],
)
async def test_what_is_no_address_is_refused_for_good_without_being_shown(
    notifier: WebhookNotifier, url: str
) -> None:
    answer = await notify(notifier, url, endpoint=OPEN)
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.permanent) == ("auth", True)
    assert not url or url not in answer.detail
    assert check_address(url) == answer.detail


async def test_a_proxy_that_is_given_is_taken_and_one_of_the_environment_is_not(
    receiver: WebhookSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    direct = WebhookNotifier(Network(secret_of=SECRETS.get))
    assert isinstance(await notify(direct, receiver.url), Delivered)
    await direct.aclose()
    async with listening(b"HTTP/1.1 204 No Content\r\n\r\n") as (port, heard):
        proxied = WebhookNotifier(Network(proxy=f"http://127.0.0.1:{port}", secret_of=SECRETS.get))
        assert isinstance(await notify(proxied, "http://receiver.example/hook"), Delivered)
        await proxied.aclose()
    assert heard[0].startswith(b"POST http://receiver.example/hook HTTP/1.1")


async def test_one_that_hangs_does_not_delay_another(
    receiver: WebhookSandbox, notifier: WebhookNotifier
) -> None:
    receiver.faults.add(Fault(FaultKind.HANG, subject="slow*"))
    slow = [asyncio.create_task(notify(notifier, receiver.url, f"slow{number}")) for number in range(20)]
    assert isinstance(await notify(notifier, receiver.url, "quick"), Delivered)
    assert not any(task.done() for task in slow)
    for task in slow:
        task.cancel()
    await asyncio.wait(slow)


async def test_a_state_that_comes_late_does_not_win_over_the_newer_one(
    receiver: WebhookSandbox, notifier: WebhookNotifier
) -> None:
    """What the documents tell receivers to do: of two of a key, the one with the later timestamp counts."""
    await notify(notifier, receiver.url, "a2", state=NotifiedState.ENDED, at=NOW + 1_000)
    await notify(notifier, receiver.url, "a1", at=NOW)
    assert receiver.incidents["abc123.1"]["state"] == "ended"


async def test_nothing_is_looked_for_and_nothing_withdrawn(notifier: WebhookNotifier) -> None:
    message_ref = MessageRef("abc123.1")
    assert await notifier.look(HOOK, "", attempts=("a",), since=0, message_ref=None) == Found({})
    assert await notifier.withdraw(HOOK, "", message_ref) == Delivered(message_ref)


async def test_no_secret_is_in_any_answer(receiver: WebhookSandbox) -> None:
    # Some faults are waited out: whether an answer is one in time is nothing to this test.
    notifier = WebhookNotifier(Network(secret_of=SECRETS.get), timeout=0.5)
    answers = [await notify(notifier, f"{receiver.url}?key=hidden-in-the-address")]
    for fault in FaultKind:
        receiver.faults.clear()
        receiver.faults.add(Fault(fault, count=1, error=f"{TOKEN} {KEY}"))
        answers.append(await notify(notifier, f"{receiver.url}?key=hidden-in-the-address"))
    answers.append(await notify(notifier, "http://127.0.0.1:1/hidden-in-the-address"))
    answers.append(await notify(notifier, "gopher://hidden-in-the-address"))
    await notifier.aclose()
    assert not [
        one
        for one in answers
        for secret in (TOKEN, KEY, KEY[6:], "hidden-in-the-address")
        if secret in str(one)
    ]


async def test_a_certificate_of_a_strange_authority_is_not_trusted(
    notifier: WebhookNotifier, tmp_path: Path
) -> None:
    made = certificates(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made / "server.pem", made / "server.key")
    async with listening(b"HTTP/1.1 204 No Content\r\n\r\n", server) as (port, heard):
        said = await notify(notifier, f"https://127.0.0.1:{port}/", endpoint=OPEN)
    assert isinstance(said, Refused)
    assert (said.reason, said.permanent, heard) == ("tls", False, [])
    assert said.detail.startswith("its certificate is not trusted: ")


async def test_an_authority_of_the_systems_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificates(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made / "server.pem", made / "server.key")
    monkeypatch.setenv("SSL_CERT_FILE", str(made / "ca.pem"))  # where OpenSSL looks for the system's
    trusting = WebhookNotifier(Network(secret_of=SECRETS.get))
    async with listening(b"HTTP/1.1 204 No Content\r\n\r\n", server) as (port, _):
        assert isinstance(await notify(trusting, f"https://127.0.0.1:{port}/", endpoint=OPEN), Delivered)
    await trusting.aclose()


async def test_a_batch_of_the_audit_trail_is_signed_and_known_again(
    receiver: WebhookSandbox, notifier: WebhookNotifier
) -> None:
    entries = (
        LoggedEntry("17-0", NOW, LogEntry("abc", "told_firing", {"target": "chat", "n": 1})),
        LoggedEntry("18-0", NOW, LogEntry("", "x", {})),
    )
    batch = Batch("log-0-17-0-18-0", "audit", 0, entries, 3)
    for _ in range(2):
        assert isinstance(await notifier.ship(HOOK, receiver.url, batch), Delivered)
    (one,) = receiver.received
    assert (one.id, one.type, one.repeats, one.data["lost"]) == ("log-0-17-0-18-0", "log.entries", 1, 3)
    assert one.data["entries"] == [
        {
            "id": "0-17-0",
            "at": "2027-01-15T08:00:00Z",
            "what": "told_firing",
            "incident": "abc",
            "detail": {"target": "chat", "n": 1},
        },
        {"id": "0-18-0", "at": "2027-01-15T08:00:00Z", "what": "x", "incident": "", "detail": {}},
    ]
