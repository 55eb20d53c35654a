"""One SMTP transaction at a time. The only file that knows aiosmtplib.

Each mail has a connection of its own: mails are few, and a kept connection would go stale between two of
them.
"""

from __future__ import annotations

import asyncio
import platform
import ssl
from contextlib import suppress
from dataclasses import dataclass, field

import aiosmtplib

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.connection_trouble import not_connected, tls_failed
from gateway.outbound.mail.answers import RETRY_AFTER, Stage, cut, judge, judge_recipients
from gateway.outbound.mail.message import Envelope
from gateway.outbound.mail.url import Encryption, SmtpServer
from gateway.outbound.network import Network

QUIT_SECONDS = 1.0
TRANSACTION_SECONDS = 8.0

Trouble = Refused | Unanswered


class NotTaken(Exception):
    """A transaction that did not come to its end, and what that means."""

    def __init__(self, answer: Trouble) -> None:
        super().__init__(answer.reason)
        self.answer = answer


@dataclass(slots=True)
class Transaction:
    """How far one transaction has come, and the recipients that were refused in it: code and text by
    address.
    """

    stage: Stage = Stage.CONNECT
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)


class SmtpClient:
    """Sends to any server; `timeout` in seconds bounds a whole transaction. Everything but success is raised
    as `NotTaken`.
    """

    def __init__(self, timeout: float = TRANSACTION_SECONDS, network: Network | None = None) -> None:
        self._timeout = timeout
        network = network or Network()
        self._names = network.names
        # The system's authorities vouch for servers, a company's own among them.
        self._tls = network.tls_when_needed("aiosmtplib")

    async def send(self, server: SmtpServer, envelope: Envelope, mail: bytes) -> dict[str, tuple[int, str]]:
        """Hand in one mail. Return the recipients that were refused, while others were taken."""
        transaction = Transaction()
        await self._run(server, transaction, envelope, mail)
        return transaction.refused

    async def check(self, server: SmtpServer) -> None:
        """Connect, encrypt and log in as for a mail, and send none."""
        await self._run(server, Transaction(), None, b"")

    async def _run(
        self,
        server: SmtpServer,
        transaction: Transaction,
        envelope: Envelope | None,
        mail: bytes,
    ) -> None:
        client = aiosmtplib.SMTP(
            hostname=server.host,
            use_tls=server.encryption is Encryption.TLS,
            start_tls=False,
            tls_context=self._tls(),
            timeout=self._timeout,
            # The library's default asks the name service, which may hang.
            local_hostname=platform.node() or "localhost",
        )
        try:
            async with asyncio.timeout(self._timeout):
                await self._connect(client, server)
                await _log_in(client, server, transaction)
                if envelope is not None:
                    await _hand_in(client, envelope, mail, transaction)
            await _part(client)
        except aiosmtplib.SMTPResponseException as error:
            raise NotTaken(judge(transaction.stage, error.code, error.message)) from None
        except ssl.SSLError as error:
            raise NotTaken(_untrusted(error)) from None
        except TimeoutError:  # aiosmtplib's own timeouts among them
            raise NotTaken(cut(transaction.stage, "timeout")) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotTaken(_broken(error, transaction.stage)) from None
        finally:
            _drop(client)

    async def _connect(self, client: aiosmtplib.SMTP, server: SmtpServer) -> None:
        try:
            line = await self._names.dial(server.host, server.port)
        except TimeoutError:
            raise
        except OSError as error:
            raise NotTaken(not_connected(error)) from None
        await client.connect(sock=line)


async def _log_in(client: aiosmtplib.SMTP, server: SmtpServer, transaction: Transaction) -> None:
    if server.encryption is Encryption.STARTTLS:
        transaction.stage = Stage.TLS
        await client.ehlo()
        if not client.supports_extension("starttls"):
            # Without TLS everybody on the way could read the mail and the password, or change them.
            raise NotTaken(Refused("tls", "the server offers no STARTTLS", retry_after=RETRY_AFTER))
        await client.starttls()
    if server.user:
        transaction.stage = Stage.LOGIN
        # What a server offered before TLS does not count: https://www.rfc-editor.org/rfc/rfc3207#section-4.2
        await client.ehlo()
        if not client.supports_extension("auth"):
            raise NotTaken(
                Refused("auth", "the server takes no logins", permanent=True, retry_after=RETRY_AFTER)
            )
        await client.login(server.user, server.password)


async def _hand_in(
    client: aiosmtplib.SMTP, envelope: Envelope, mail: bytes, transaction: Transaction
) -> None:
    """Name sender and recipients, then send the content. A refused recipient keeps it from no other."""
    transaction.stage = Stage.SENDER
    await client.mail(envelope.sender)
    for recipient in envelope.recipients:
        try:
            await client.rcpt(recipient)
        except aiosmtplib.SMTPRecipientRefused as refusal:
            transaction.refused[recipient] = (refusal.code, refusal.message)
    # A mail without recipients would be refused at DATA; the refusals of the recipients say why.
    if len(transaction.refused) == len(envelope.recipients):
        raise NotTaken(judge_recipients(transaction.refused))
    # From here on a broken connection leaves it open whether the server has taken the mail.
    transaction.stage = Stage.DATA
    await client.data(mail)


async def _part(client: aiosmtplib.SMTP) -> None:
    """Say good-bye, as servers count clients that do not; a mail that was taken stays taken whatever comes
    of it.
    """
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=QUIT_SECONDS)


def _drop(client: aiosmtplib.SMTP) -> None:
    """Break the connection. To close it in order would wait for the server to take what was written."""
    if isinstance(client.transport, asyncio.WriteTransport):
        client.transport.abort()
    client.close()


def _untrusted(error: ssl.SSLError) -> Refused:
    return Refused("tls", tls_failed(error).detail, retry_after=RETRY_AFTER)


def _broken(error: Exception, stage: Stage) -> Trouble:
    """Judge a connection that could not be made, or that broke.

    aiosmtplib wraps TLS failures in connection errors, so the cause chain is searched for one.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return _untrusted(cause)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, aiosmtplib.SMTPConnectError):
        return Refused("unavailable", "no connection")
    if stage is Stage.LOGIN and not isinstance(error, ConnectionError):
        said = "the server takes none of our ways to log in"
        return Refused("auth", said, permanent=True, retry_after=RETRY_AFTER)
    return cut(stage, "cut")
