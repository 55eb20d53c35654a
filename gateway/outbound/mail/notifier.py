"""Mail by SMTP: each notification is a mail of its own, in one thread for each incident and target.

A mail can neither be edited nor looked for. One that nobody answered is sent again with the same Message-ID;
most readers then show it once.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from gateway.clock import utc_ms
from gateway.model.ledger import Endpoint, MessageRef, Note
from gateway.model.notification import Answer, Delivered, Notification, Refused
from gateway.outbound.mail.answers import RETRY_AFTER, describe_recipients
from gateway.outbound.mail.client import TRANSACTION_SECONDS, NotTaken, SmtpClient
from gateway.outbound.mail.content import Content, content_of, content_of_notes
from gateway.outbound.mail.message import Envelope, compose_mail, incident_of, message_ids
from gateway.outbound.mail.url import SmtpServer, parse_smtp_url
from gateway.outbound.never_looked import NeverLooked
from gateway.outbound.plainer import Omitted, next_state_omission, send_plainer_in_time, state_without

log = structlog.get_logger("gateway.outbound")


class MailNotifier(NeverLooked):
    """Sends by the server that the secret names."""

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

        return await send_plainer_in_time(
            TRANSACTION_SECONDS,
            send,
            lambda refused, omitted: next_state_omission(refused, omitted, notification),
        )

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
