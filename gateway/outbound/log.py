"""The log, loudly, in place of a destination without a credential; the API shows the same."""

from __future__ import annotations

import structlog

from gateway.model.ledger import Endpoint, MessageRef, Note
from gateway.model.notification import Answer, Delivered, Notification
from gateway.outbound.never_looked import NeverLooked

SUMMARIES = 3

log = structlog.get_logger("gateway.outbound")


class LogNotifier(NeverLooked):
    """Takes everything; nobody is notified but those who read the log."""

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
