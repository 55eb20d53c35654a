"""The protocols of what is outside: the destinations that tell people, and the Alertmanagers of the sources."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from gateway.decisions.intake.normalise import Normaliser
from gateway.model.audit_trail import Batch
from gateway.model.ledger import Endpoint, MessageRef, Note
from gateway.model.notification import Answer, Look, Notification
from gateway.model.source_peers import PeerReport


class Notifier(Protocol):
    """One kind of destination. Implementations never raise for what a vendor or a network does: they answer.

    `attempt` is the id of this try, written into the remote message where the vendor allows it, so that
    `look` can find it again. `secret` is the credential itself; it must reach nothing but the vendor.
    """

    # True: an unanswered send is looked for before it is repeated; False: repeating is harmless
    settles_by_looking: bool
    takes_notes: bool  # True: besides the newest state, each change is sent as a note, by `reply`

    async def notify(
        self,
        endpoint: Endpoint,
        secret: str,
        notification: Notification,
        *,
        attempt: str,
        message_ref: MessageRef | None,
    ) -> Answer:
        """Post it anew (`message_ref` None) or bring what was posted up to date."""
        ...

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
        """Say the notes as one reply in the thread of `message_ref`, or in the reply that they edit.

        Return the reference of the reply, where the vendor has one.
        """
        ...

    async def look(
        self,
        endpoint: Endpoint,
        secret: str,
        *,
        attempts: tuple[str, ...],
        since: int,
        message_ref: MessageRef | None,
    ) -> Look:
        """Find which of these attempts the vendor carried out; the oldest was made at `since` (ms, our
        clock).

        `message_ref` is the thread that replies were sent to.
        """
        ...

    async def withdraw(self, endpoint: Endpoint, secret: str, message_ref: MessageRef) -> Answer:
        """Take back an extra message."""
        ...

    async def lead_on(
        self, endpoint: Endpoint, secret: str, left: MessageRef, message_ref: MessageRef, title: str
    ) -> Answer:
        """Say in the thread of `left`, which nobody can edit any more, that what `title` names goes on in
        `message_ref`.
        """
        ...


@runtime_checkable
class Trail(Protocol):
    """A receiver of the audit trail. Like a notifier it never raises for what a vendor or a network does."""

    async def ship(self, endpoint: Endpoint, secret: str, batch: Batch) -> Answer: ...


class Peers(Protocol):
    """The Alertmanagers of our sources. Never raises for what one of them, or the network, does."""

    async def ask(self, url: str, receiver: str, reader: Normaliser) -> PeerReport | str:
        """Report what fires there and is routed to `receiver`, or say in a sentence why there is no answer."""
        ...
