"""What notifiers have alike whose vendor is never asked what it has taken."""

from __future__ import annotations

from gateway.model.ledger import Endpoint, MessageRef
from gateway.model.notification import Answer, Delivered, Found, Look


class NeverLooked:
    """Half of a notifier at a vendor where a repeat is harmless, or where nothing can be found.

    Each send there says the newest state by itself, so that no message is left behind.
    """

    settles_by_looking = False

    async def look(
        self,
        endpoint: Endpoint,
        secret: str,
        *,
        attempts: tuple[str, ...],
        since: int,
        message_ref: MessageRef | None,
    ) -> Look:
        """Find nothing."""
        del endpoint, secret, attempts, since, message_ref
        return Found({})

    async def lead_on(
        self, endpoint: Endpoint, secret: str, left: MessageRef, message_ref: MessageRef, title: str
    ) -> Answer:
        """Lead nowhere: nothing is left behind."""
        del endpoint, secret, message_ref, title
        return Delivered(left)

    async def withdraw(self, endpoint: Endpoint, secret: str, message_ref: MessageRef) -> Answer:
        """Take nothing back: as nothing is looked for, nothing is ever found to be extra."""
        del endpoint, secret
        return Delivered(message_ref)
