"""The commands of SMTP that a client sends, and the line that answers each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiosmtpd.smtp import MISSING, SMTP

from gateway.sandbox.faults import Fault, FaultKind
from gateway.sandbox.mail.mailbox import Mailbox, Received
from gateway.sandbox.vendor import Call

# Does what a command asks unless a fault strikes it, and returns the answer's line.
Strike = Callable[[SMTP, Call, Callable[[Call], Any]], Awaitable[Any]]


class SmtpCommands:
    """aiosmtpd's hooks: each is called with a command and answers with the line that the client reads."""

    def __init__(
        self, mailbox: Mailbox, now: Callable[[], datetime], strike: Strike, *, asks_for_login: bool
    ) -> None:
        self._mailbox = mailbox
        self._now = now
        self._strike = strike
        self._asks_for_login = asks_for_login

    async def handle_AUTH(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Any, _envelope: Any, arguments: list[str]
    ) -> Any:
        call = Call(self._now(), ("auth", arguments[0].lower()), (), {})
        return await self._strike(server, call, lambda _: MISSING)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> Any:
        def act(call: Call) -> str:
            # A server that knows users takes no mail of a stranger: a wrong password must
            # not look like success.
            if self._asks_for_login and not session.authenticated:
                call.outcome = "no login"
                return "530 5.7.0 Authentication required"
            envelope.mail_from = address
            envelope.mail_options.extend(options)
            call.outcome = "ok"
            return "250 OK"

        return await self._strike(server, Call(self._now(), ("mail",), (address,), {}), act)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> Any:
        def act(call: Call) -> str:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
            call.outcome = "ok"
            return "250 OK"

        return await self._strike(server, Call(self._now(), ("rcpt",), (address,), {}), act)

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> Any:  # noqa: N802 - aiosmtpd's name
        mail = Received.read(self._now(), envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content)

        def act(call: Call) -> str:
            # The same Message-ID came twice: the sender could not know that the first had arrived.
            call.outcome = "repeated" if self._mailbox.take(mail) else "taken"
            return "250 2.0.0 queued"

        call = Call(self._now(), ("data",), (mail.message_id, *mail.recipients), {"subject": mail.subject})
        return await self._strike(server, call, act)


def refusal_line(fault: Fault) -> str:
    """Return the line of a refusal: the fault's code, or what servers say when mails
    are too many or unwanted.
    """
    # 4xx means "try again later", 5xx means "never" (https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1)
    if fault.kind is FaultKind.RATE_LIMIT:
        return "450 4.7.1 too many mails, come again later"
    if fault.kind is FaultKind.ERROR:
        return f"554 5.7.1 {fault.error}"
    return f"{fault.status} {'4.3.0' if fault.status < 500 else '5.0.0'} refused"
