"""Mail against a real SMTP server on this machine: what arrives, in which thread, and what is made of every
failure.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.model.ledger import Endpoint, MessageRef, Note, NotifiedState
from gateway.model.notification import Answer, Delivered, Found, Refused, Unanswered
from gateway.outbound.mail.client import NotTaken, SmtpClient
from gateway.outbound.mail.notifier import MailNotifier
from gateway.outbound.mail.url import Encryption, SmtpServer, parse_smtp_url
from gateway.outbound.network import Network
from gateway.sandbox import Fault, FaultKind, MailSandbox
from gateway.sandbox.mail import Login
from tests.outbound.notifications import HOSTILE, NOW, line, notification
from tests.support.certificates import certificates
from tests.support.servers import free_port

OPS = Endpoint("email", "alerts@example.org>ops@example.org", "GATEWAY_SMTP_URL", "")
TWO = Endpoint("email", "alerts@example.org>ops@example.org,dev@example.org", "GATEWAY_SMTP_URL", "")
LOGIN = Login("alerts", "open sesame")


@pytest.fixture
async def server() -> AsyncIterator[MailSandbox]:
    async with MailSandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def notifier() -> MailNotifier:
    return MailNotifier(SmtpClient(timeout=2.0))


async def sent(
    notifier: MailNotifier,
    server: MailSandbox,
    *,
    attempt: str = "a1",
    to: Endpoint = OPS,
    after: MessageRef | None = None,
    url: str = "",
    **more: object,
) -> Answer:
    shown = notification(**more)
    return await notifier.notify(to, url or server.smtp_url, shown, attempt=attempt, message_ref=after)


async def test_a_notification_arrives_with_both_parts(notifier: MailNotifier, server: MailSandbox) -> None:
    answer = await sent(notifier, server, to=TWO)
    (mail,) = server.received
    assert answer == Delivered(MessageRef(mail.message_id))
    assert (mail.sender, mail.recipients) == ("alerts@example.org", ("ops@example.org", "dev@example.org"))
    assert "9 % fail" in mail.text
    assert "9 % fail" in mail.html


async def test_what_follows_stands_in_the_same_thread_and_answers_the_first(
    notifier: MailNotifier, server: MailSandbox
) -> None:
    first = await sent(notifier, server)
    assert isinstance(first, Delivered)
    ended = await sent(
        notifier,
        server,
        attempt="a2",
        after=first.message_ref,
        state=NotifiedState.ENDED,
        firing=0,
        ended=1,
        ended_at=NOW,
    )
    again = await sent(notifier, server, attempt="a3", generation=2)
    assert ended == first
    assert isinstance(again, Delivered)
    assert len(server.mailbox.threads) == 1
    one, two, three = server.received
    assert two.headers["In-Reply-To"] == one.message_id
    assert three.message_id not in (one.message_id, two.message_id)


async def test_a_reminder_is_a_mail_in_the_thread(notifier: MailNotifier, server: MailSandbox) -> None:
    first = await sent(notifier, server)
    assert isinstance(first, Delivered)
    notes = (Note("Still firing after 4h, not acknowledged here"),)
    said = await notifier.reply(
        OPS, server.smtp_url, notes, attempt="r1", message_ref=first.message_ref, edits=None, mentions=()
    )
    assert said == first
    assert [mail.subject for mail in server.received][1] == "Still firing after 4h, not acknowledged here"
    assert len(server.mailbox.threads) == 1


async def test_it_logs_in_where_the_address_says_so(notifier: MailNotifier) -> None:
    async with MailSandbox.start(login=LOGIN) as server:
        url = server.smtp_url.replace(" ", "%20")
        assert isinstance(await sent(notifier, server, url=url), Delivered)


@pytest.mark.parametrize("user", ["", "alerts:wrong@"])
async def test_a_refused_login_is_the_destinations_trouble(notifier: MailNotifier, user: str) -> None:
    async with MailSandbox.start(login=LOGIN) as server:
        answer = await sent(notifier, server, url=f"smtp://{user}127.0.0.1:{server.port}")
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.permanent) == ("auth", True)


async def test_one_refused_recipient_keeps_the_mail_from_no_other(
    notifier: MailNotifier, server: MailSandbox
) -> None:
    server.faults.add(Fault(FaultKind.STATUS, method="rcpt", subject="ops@example.org", status=550))
    with capture_logs() as logs:
        answer = await sent(notifier, server, to=TWO)
    (mail,) = server.received
    assert mail.recipients == ("dev@example.org",)
    assert isinstance(answer, Delivered)
    assert "ops@example.org was refused: 550" in answer.detail
    assert [entry["recipient"] for entry in logs if entry["event"] == "recipient_refused"] == [
        "ops@example.org"
    ]


async def test_with_every_recipient_refused_for_good_the_mail_is(
    notifier: MailNotifier, server: MailSandbox
) -> None:
    server.faults.add(Fault(FaultKind.STATUS, method="rcpt", status=550))
    answer = await sent(notifier, server, to=TWO)
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.permanent) == ("not_found", True)


@pytest.mark.parametrize(
    ("fault", "reason", "permanent"),
    [
        (Fault(FaultKind.STATUS, method="mail", status=550), "sender", True),
        (Fault(FaultKind.RATE_LIMIT, method="mail"), "unavailable", False),
        (Fault(FaultKind.RATE_LIMIT, method="rcpt"), "unavailable", False),
        (Fault(FaultKind.STATUS, method="data", status=452), "unavailable", False),
        (Fault(FaultKind.ERROR, method="data", error="taken for spam"), "invalid", True),
        (Fault(FaultKind.CUT_BEFORE, method="mail"), "unavailable", False),
        (Fault(FaultKind.CUT_BEFORE, method="rcpt"), "unavailable", False),
        (Fault(FaultKind.HANG, method="rcpt"), "unavailable", False),
    ],
    ids=str,
)
async def test_what_was_certainly_not_taken_says_so(
    notifier: MailNotifier, server: MailSandbox, fault: Fault, reason: str, permanent: bool
) -> None:
    server.faults.add(fault)
    answer = await sent(notifier, server)
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.permanent) == (reason, permanent)
    assert server.received == []


@pytest.mark.parametrize("kind", [FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER, FaultKind.HANG, FaultKind.LATE])
async def test_an_unanswered_mail_may_have_arrived_and_shows_once_when_it_is_repeated(
    notifier: MailNotifier, server: MailSandbox, kind: FaultKind
) -> None:
    server.faults.add(Fault(kind, method="data", count=1))
    assert isinstance(await sent(notifier, server), Unanswered)
    await asyncio.sleep(0.05)
    assert isinstance(await sent(notifier, server), Delivered)
    (mail,) = server.received
    assert mail.repeats == (1 if kind in (FaultKind.CUT_AFTER, FaultKind.LATE) else 0)


async def test_a_server_that_is_not_there_took_nothing(notifier: MailNotifier, server: MailSandbox) -> None:
    answer = await sent(notifier, server, url=f"smtp://127.0.0.1:{free_port()}")
    assert answer == Refused("unavailable", "no connection")


async def test_an_address_that_was_changed_into_none_names_the_variable_and_not_itself(
    notifier: MailNotifier, server: MailSandbox
) -> None:
    answer = await sent(notifier, server, url="smtp://user:secret-word@host/path")
    assert isinstance(answer, Refused)
    assert "GATEWAY_SMTP_URL" in answer.detail
    assert "secret-word" not in answer.detail
    assert (answer.reason, answer.permanent) == ("auth", True)


async def test_hostile_texts_arrive_as_texts(notifier: MailNotifier, server: MailSandbox) -> None:
    evil = HOSTILE + "\r\nBcc: x@example.org\r\n.\r\n<b>"
    answer = await sent(notifier, server, title=evil, lines=(line(evil, summary=evil),))
    assert isinstance(answer, Delivered)
    (mail,) = server.received
    assert "Bcc" not in mail.headers
    assert "<b>" not in mail.html


async def test_nothing_is_looked_for_or_taken_back(notifier: MailNotifier) -> None:
    ref = MessageRef("<a.b@c>")
    assert await notifier.look(OPS, "", attempts=("a1",), since=NOW, message_ref=None) == Found({})
    assert await notifier.withdraw(OPS, "", ref) == Delivered(ref)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("tls"))


def tls_server(keys: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(keys / "server.pem", keys / "server.key")
    return context


def trusting(keys: Path) -> SmtpClient:
    return SmtpClient(timeout=4.0, network=Network(keys / "ca.pem"))


def encrypted(url: str) -> SmtpServer:
    """The server as if it stood on another machine."""
    return replace(parse_smtp_url(url), encryption=Encryption.STARTTLS)


async def test_over_starttls_it_logs_in_and_sends(keys: Path) -> None:
    async with MailSandbox.start(login=Login("u", "p"), tls=tls_server(keys)) as server:
        notifier = MailNotifier(trusting(keys), encrypted)
        assert isinstance(await sent(notifier, server), Delivered)
        assert len(server.received) == 1


async def test_over_tls_from_the_start_it_sends(keys: Path) -> None:
    async with MailSandbox.start(tls=tls_server(keys), tls_from_the_start=True) as server:
        notifier = MailNotifier(trusting(keys))
        assert isinstance(await sent(notifier, server, url=f"smtps://127.0.0.1:{server.port}"), Delivered)


async def test_a_server_without_starttls_is_shown_neither_mail_nor_login() -> None:
    async with MailSandbox.start(login=Login("u", "p")) as server:
        answer = await sent(MailNotifier(SmtpClient(timeout=2.0), encrypted), server)
        assert isinstance(answer, Refused)
        assert (answer.reason, answer.permanent) == ("tls", False)
        assert list(server.calls) == []


@pytest.mark.parametrize("from_the_start", [False, True])
async def test_a_certificate_that_nobody_vouches_for_is_the_destinations_trouble(
    keys: Path, from_the_start: bool
) -> None:
    async with MailSandbox.start(tls=tls_server(keys), tls_from_the_start=from_the_start) as server:
        client = SmtpClient(timeout=4.0)
        url = f"smtps://127.0.0.1:{server.port}" if from_the_start else server.smtp_url
        answer = await sent(
            MailNotifier(client, parse_smtp_url if from_the_start else encrypted), server, url=url
        )
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.detail, answer.permanent) == (
        "tls",
        "its certificate is not trusted: unable to get local issuer certificate",
        False,
    )


async def test_a_check_logs_in_and_sends_nothing() -> None:
    async with MailSandbox.start(login=Login("u", "p")) as server:
        await SmtpClient(timeout=2.0).check(parse_smtp_url(server.smtp_url))
        assert [call.method for call in server.calls] == ["plain"]
        assert server.received == []
        with pytest.raises(NotTaken):
            await SmtpClient(timeout=2.0).check(parse_smtp_url(server.smtp_url.replace(":p@", ":q@")))
