"""The log, loudly, in place of a destination without a credential; the API shows the same."""

from __future__ import annotations

import structlog

from gateway.model.ledger import Endpoint, MessageRef, Note
from gateway.model.notification import Answer, Delivered, Found, Look, Notification

SUMMARIES = 3

log = structlog.get_logger("gateway.outbound")


class LogNotifier:
    """Takes everything; nobody is notified but those who read the log."""

    settles_by_looking = False
    takes_notes = False

    async def notify(
        self,
        endpoint: Endpoint,
        secret: str,
        notification: Notification,
        *,
        attempt: str,
        message_ref: MessageRef | None,
    ) -> Answer:
        del secret
        log.warning(
            "not_sent_no_credential",
            target=notification.target,
            missing=endpoint.secret,
            incident=notification.incident,
            state=notification.state.value,
            severity=notification.severity.word,
            title=notification.title,
            where=notification.where,
            summaries=list(notification.said[:SUMMARIES]),
            firing=notification.firing,
            page=notification.page,
            remedy=f"set {endpoint.secret}",
        )
        # The log has taken the notification: a repeat would only write the same lines again.
        return Delivered(message_ref or MessageRef(f"log-{attempt}"))

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
        del secret, attempt, edits, mentions
        log.warning("not_sent_no_credential", missing=endpoint.secret, said=[note.text for note in notes])
        return Delivered(message_ref)

    async def look(
        self,
        endpoint: Endpoint,
        secret: str,
        *,
        attempts: tuple[str, ...],
        since: int,
        message_ref: MessageRef | None,
    ) -> Look:
        del endpoint, secret, attempts, since, message_ref
        return Found({})

    async def lead_on(
        self, endpoint: Endpoint, secret: str, left: MessageRef, message_ref: MessageRef, title: str
    ) -> Answer:
        """A log line is never edited, so that nothing is left behind."""
        del endpoint, secret, message_ref, title
        return Delivered(left)

    async def withdraw(self, endpoint: Endpoint, secret: str, message_ref: MessageRef) -> Answer:
        del endpoint, secret
        return Delivered(message_ref)
