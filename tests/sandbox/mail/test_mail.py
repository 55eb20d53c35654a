"""The local mail server: as strict as a real one, with a page that shows what came, and no fault goes unseen."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage

import httpx
import pytest

from gateway.sandbox import Fault, FaultKind, MailSandbox
from gateway.sandbox.mail import Login


@pytest.fixture
async def server() -> AsyncIterator[MailSandbox]:
    async with MailSandbox.start() as sandbox:
        yield sandbox


def a_mail(own_id: str = "<m1@x>", references: str = "", subject: str = "down") -> bytes:
    mail = EmailMessage()
    mail["Message-ID"], mail["Subject"] = own_id, subject
    if references:
        mail["References"] = references
    mail.set_content("it is down <b>")
    return mail.as_bytes()


async def hand_in(
    server: MailSandbox, mail: bytes, *recipients: str, login: Login | None = None
) -> dict[str, tuple[int, bytes]]:
    """By Python's own client in a thread, which knows nothing of the sandbox."""

    def send() -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as client:
            if login is not None:
                client.login(login.user, login.password)
            return client.sendmail("alerts@example.org", recipients or ("ops@example.org",), mail)

    return await asyncio.to_thread(send)


async def test_a_mail_is_kept_as_it_was_sent(server: MailSandbox) -> None:
    assert await hand_in(server, a_mail()) == {}
    (mail,) = server.received
    assert (mail.sender, mail.recipients, mail.subject) == (
        "alerts@example.org",
        ("ops@example.org",),
        "down",
    )
    assert mail.text.strip() == "it is down <b>"


async def test_a_mail_that_comes_again_is_shown_once_and_counted(server: MailSandbox) -> None:
    await hand_in(server, a_mail())
    await hand_in(server, a_mail())
    assert [mail.repeats for mail in server.received] == [1]


async def test_mails_are_put_together_by_what_they_refer_to(server: MailSandbox) -> None:
    await hand_in(server, a_mail("<m1@x>", "<root@x>"))
    await hand_in(server, a_mail("<other@x>"))
    await hand_in(server, a_mail("<m2@x>", "<root@x> <m1@x>"))
    threads = [[mail.message_id for mail in thread] for thread in server.mailbox.threads]
    assert threads == [["<m1@x>", "<m2@x>"], ["<other@x>"]]


async def test_who_is_not_known_hands_in_nothing() -> None:
    async with MailSandbox.start(login=Login("alerts", "open sesame")) as server:
        with pytest.raises(smtplib.SMTPSenderRefused, match="530"):
            await hand_in(server, a_mail())
        with pytest.raises(smtplib.SMTPAuthenticationError):
            await hand_in(server, a_mail(), login=Login("alerts", "wrong"))
        assert await hand_in(server, a_mail(), login=Login("alerts", "open sesame")) == {}


async def test_one_recipient_can_be_refused(server: MailSandbox) -> None:
    server.faults.add(Fault(FaultKind.STATUS, method="rcpt", subject="b@*", status=550))
    refused = await hand_in(server, a_mail(), "a@example.org", "b@example.org")
    assert list(refused) == ["b@example.org"]
    assert [call.fault for call in server.calls] == [None, None, FaultKind.STATUS, None]


async def test_the_connection_can_break_after_the_mail_was_taken(server: MailSandbox) -> None:
    server.faults.add(Fault(FaultKind.CUT_AFTER, method="data"))
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        await hand_in(server, a_mail())
    assert len(server.received) == 1


async def test_the_page_shows_the_mails_and_escapes_what_they_say(server: MailSandbox) -> None:
    await hand_in(server, a_mail(subject="<script>"))
    async with httpx.AsyncClient() as client:
        page = (await client.get(server.page_url)).text
        state = (await client.get(server.page_url + "_sandbox/state")).json()
    assert "&lt;script&gt;" in page
    assert "it is down &lt;b&gt;" in page
    assert state["received"][0]["subject"] == "<script>"


async def test_a_port_that_is_taken_is_said_at_once(server: MailSandbox) -> None:
    with pytest.raises(OSError, match="address already in use"):
        async with MailSandbox.start(smtp_port=server.port):
            pass
