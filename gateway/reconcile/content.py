"""A mark of what a vendor took last, by which an update that says the very same is known."""

from __future__ import annotations

from gateway.model.ledger import Endpoint, Ledger
from gateway.model.notification import Delivered, Notification
from gateway.outbound.registry import DESTINATION_KINDS
from gateway.reconcile.observe_send import Sent


def mark_of(endpoint: Endpoint | None, notification: Notification) -> str:
    """Return the mark of what would be sent there, empty where each update is sent."""
    kind = DESTINATION_KINDS.get(endpoint.kind) if endpoint is not None else None
    return kind.content_mark(notification) if kind is not None else ""


def content_of(ledger: Ledger, sent: Sent) -> str:
    """Return the mark after a send; what may have arrived in part leaves none, so that the next one is sent."""
    if sent.notification is None:
        return ledger.content
    return mark_of(ledger.endpoint, sent.notification) if isinstance(sent.answer, Delivered) else ""
