"""A local mail server: SMTP as a real one speaks it, every mail kept, and a page that shows them in their
threads.
"""

from __future__ import annotations

import asyncio
import hmac
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, cast
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from gateway.clock import utc_now
from gateway.sandbox.faults import Fault, FaultKind
from gateway.sandbox.mail.mailbox import Mailbox, Received
from gateway.sandbox.mail.smtp_commands import SmtpCommands, refusal_line
from gateway.sandbox.vendor import Call, JsonObject, Vendor, fields_of

__all__ = ["MailSandbox", "Received"]

THREADS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Login:
    """The user whom the server knows; without one nobody has to log in."""

    user: str = ""
    password: str = ""


class MailSandbox(Vendor):
    """An SMTP server and the mailbox behind it, both on 127.0.0.1."""

    template = "mail"

    def __init__(self, login: Login, now: Callable[[], datetime], seed: int) -> None:
        super().__init__(now, seed)
        self.mailbox = Mailbox()
        self._login = login
        self._smtp_port = 0
        self._sessions: WeakSet[SMTP] = WeakSet()

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        port: int = 0,
        *,
        smtp_port: int = 0,
        login: Login | None = None,
        tls: ssl.SSLContext | None = None,
        tls_from_the_start: bool = False,
        now: Callable[[], datetime] = utc_now,
        seed: int = 0,
    ) -> AsyncIterator[Self]:
        """Serve the page on ``port`` and SMTP on ``smtp_port``. With ``tls`` STARTTLS is offered, or TLS
        spoken at once.
        """
        async with (
            cls(login or Login(), now, seed).running(port) as sandbox,
            sandbox._listening(smtp_port, tls, from_the_start=tls_from_the_start),
        ):
            yield sandbox

    @property
    def port(self) -> int:
        """The port of SMTP."""
        return self._smtp_port

    @property
    def smtp_url(self) -> str:
        """The address for `GATEWAY_SMTP_URL`."""
        login = f"{self._login.user}:{self._login.password}@" if self._login.user else ""
        return f"smtp://{login}127.0.0.1:{self._smtp_port}"

    @property
    def received(self) -> list[Received]:
        """The mails in the order in which they came; one that came again with the same Message-ID stands
        there once.
        """
        return self.mailbox.received

    def routes(self) -> Sequence[BaseRoute]:
        return []

    def state(self) -> JsonObject:
        return {"received": [fields_of(mail) for mail in self.received]}

    def reset(self) -> None:
        self.mailbox.reset()

    def page(self, request: Request) -> JsonObject:  # noqa: ARG002 - one page for all
        threads = self.mailbox.threads
        return {
            "threads": threads[:THREADS_SHOWN],
            "earlier": max(0, len(threads) - THREADS_SHOWN),
            "mails": len(self.received),
        }

    def refuse(self, fault: Fault) -> Response:
        """The page and the control API never fail on demand: faults strike SMTP."""
        return PlainTextResponse(refusal_line(fault), 503)

    @asynccontextmanager
    async def _listening(
        self, port: int, tls: ssl.SSLContext | None, *, from_the_start: bool
    ) -> AsyncIterator[None]:
        """Raises OSError when the port is taken."""
        offered = None if from_the_start else tls
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: self._session(offered), "127.0.0.1", port, ssl=tls if from_the_start else None
        )
        self._smtp_port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for session in [*self._sessions]:
                _cut(session)
            await server.wait_closed()

    def _session(self, tls: ssl.SSLContext | None) -> SMTP:
        session = SMTP(
            SmtpCommands(self.mailbox, self.now, self.strike, asks_for_login=bool(self._login.user)),
            hostname="sandbox",
            ident="alert gateway sandbox",
            tls_context=tls,
            auth_require_tls=False,
            authenticator=self._authenticate,
        )
        self._sessions.add(session)
        return session

    def _authenticate(
        self, _server: SMTP, _session: Any, _envelope: Any, _mechanism: str, shown: Any
    ) -> AuthResult:
        known = f"{self._login.user}\0{self._login.password}".encode()
        given = shown.login + b"\0" + shown.password if isinstance(shown, LoginPassword) else b""
        return AuthResult(success=bool(self._login.user) and hmac.compare_digest(known, given), handled=False)

    async def strike(self, server: SMTP, call: Call, act: Callable[[Call], Any]) -> Any:
        """Do what a command asks, unless a fault strikes it. Return the answer's line."""
        self.calls.append(call)
        fault = self.faults.take(call.methods, call.subjects)
        if fault is None:
            return act(call)
        call.fault = fault.kind
        answers = fault.kind in {FaultKind.STATUS, FaultKind.RATE_LIMIT, FaultKind.ERROR}
        # The mail is there, yet the client is told otherwise or nothing: it must not be sent twice for that.
        if fault.kind is FaultKind.CUT_AFTER or (answers and fault.acts):
            act(call)
        if answers:
            return refusal_line(fault)
        if fault.kind in {FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER}:
            _cut(server)
        try:
            await self._server.closing.wait()  # cancelled as soon as the client is gone
        except asyncio.CancelledError:
            # The client gave up, and the mail arrives all the same, as with a server that is slow.
            if fault.kind is FaultKind.LATE:
                asyncio.get_running_loop().call_later(fault.seconds, act, call)
            raise
        return "421 closing"


def _cut(session: SMTP) -> None:
    """Break the connection at once, as a dead network would."""
    if session.transport is not None:
        cast("asyncio.Transport", session.transport).abort()
