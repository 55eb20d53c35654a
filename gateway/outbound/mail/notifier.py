"""Mail by SMTP: each notification is a mail of its own, in one thread for each incident and target.

A mail can neither be edited nor looked for. One that nobody answered is sent again with the same Message-ID;
most readers then show it once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from gateway.clock import utc_ms
from gateway.model.ledger import Endpoint, MessageRef, Note
from gateway.model.notification import Answer, Delivered, Found, Look, Notification, Refused, Unanswered
from gateway.outbound.mail.answers import RETRY_AFTER, describe_recipients
from gateway.outbound.mail.client import TRANSACTION_SECONDS, NotTaken, SmtpClient
from gateway.outbound.mail.content import Content, content_of, content_of_notes
from gateway.outbound.mail.message import Envelope, compose_mail, incident_of, message_ids
from gateway.outbound.mail.url import SmtpServer, parse_smtp_url
from gateway.outbound.plainer import FORMS_GRACE, Omitted, next_state_omission, send_plainer, state_without

log = structlog.get_logger("gateway.outbound")


class MailNotifier:
    """Sends by the server that the secret names."""

    settles_by_looking = False
    takes_notes = False

    def __init__(
        self,
        client: SmtpClient | None = None,
        parse_url: Callable[[str], SmtpServer] = parse_smtp_url,
    ) -> None:
        """`parse_url` reads the secret."""
        self._client = client or SmtpClient()
        self._parse_url = parse_url

    async def aclose(self) -> None:
        """There is nothing to give back: each mail has a connection of its own."""

    async def notify(
        self,
        endpoint: Endpoint,
        secret: str,
        notification: Notification,
        *,
        attempt: str,
        message_ref: MessageRef | None,
    ) -> Answer:
        incidents = tuple(incident for incident in (notification.previous, notification.incident) if incident)

        async def send(omitted: Omitted) -> Answer:
            content = content_of(state_without(notification, omitted))
            return await self._send(endpoint, secret, content, incidents, attempt, message_ref)

        try:
            async with asyncio.timeout(TRANSACTION_SECONDS + FORMS_GRACE):
                return await send_plainer(
                    send, lambda refused, omitted: next_state_omission(refused, omitted, notification)
                )
        except TimeoutError:
            return Unanswered("timeout")

    async def reply(
        self,
        endpoint: Endpoint,
        secret: str,
        notes: tuple[Note, ...],
        *,
        attempt: str,
        message_ref: MessageRef,
        edits: MessageRef | None,
        mentions: tuple[str, ...],
    ) -> Answer:
        """Send a reminder. Nothing else comes as a note: what has changed is in the mails themselves."""
        del edits, mentions
        incident = incident_of(message_ref)
        content = content_of_notes(notes, incident)
        return await self._send(endpoint, secret, content, (incident,), attempt, message_ref)

    async def look(
        self,
        endpoint: Endpoint,
        secret: str,
        *,
        attempts: tuple[str, ...],
        since: int,
        message_ref: MessageRef | None,
    ) -> Look:
        """A mailbox cannot be looked into."""
        del endpoint, secret, attempts, since, message_ref
        return Found({})

    async def lead_on(
        self, endpoint: Endpoint, secret: str, left: MessageRef, message_ref: MessageRef, title: str
    ) -> Answer:
        """Every mail is a new one of its thread, so that nothing is left behind."""
        del endpoint, secret, message_ref, title
        return Delivered(left)

    async def withdraw(self, endpoint: Endpoint, secret: str, message_ref: MessageRef) -> Answer:
        """A mail cannot be taken back; as none is looked for, none is ever found to be extra."""
        del endpoint, secret
        return Delivered(message_ref)

    async def _send(
        self,
        endpoint: Endpoint,
        secret: str,
        content: Content,
        incidents: tuple[str, ...],
        attempt: str,
        message_ref: MessageRef | None,
    ) -> Answer:
        envelope = Envelope.parse(endpoint.address)
        ids = message_ids(attempt, incidents, envelope, message_ref)
        mail = compose_mail(content, envelope, ids, utc_ms())
        try:
            server = self._parse_url(secret)
        except ValueError as error:
            # This refusal is not permanent: all mails wait until the operator has mended the variable.
            return Refused("auth", f"{endpoint.secret}: {error}", permanent=True, retry_after=RETRY_AFTER)
        try:
            refused = await self._client.send(server, envelope, mail.as_bytes())
        except NotTaken as trouble:
            return trouble.answer
        bound = log.bind(incident=incidents[-1])
        for recipient, (code, text) in refused.items():
            bound.warning("recipient_refused", recipient=recipient, code=code, said=text)
        return Delivered(message_ref or MessageRef(ids.own), describe_recipients(refused))
