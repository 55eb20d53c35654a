"""The doors between the steps and the world: small protocols that ask domain questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.model.alert import Observation
from gateway.model.incident import Note, Remote, Through
from gateway.model.stray import Stray
from gateway.model.telling import Answer, Look, Telling


class Notifier(Protocol):
    """One kind of destination. Implementations never raise for what a vendor or a network does: they answer.

    `attempt` is an unguessable-enough id of this try, written into the remote message where the vendor allows it, so that
    `look` can find it again. `secret` is the credential itself; it must reach nothing but the vendor.
    """

    settles_by_looking: (
        bool  # True: an unanswered send is looked for before it is repeated; False: repeating is harmless
    )

    async def tell(
        self, through: Through, secret: str, telling: Telling, *, attempt: str, remote: Remote | None
    ) -> Answer:
        """Post it anew (`remote` None) or bring what was posted up to date."""
        ...

    async def reply(
        self,
        through: Through,
        secret: str,
        notes: tuple[Note, ...],
        *,
        attempt: str,
        remote: Remote,
        mentions: tuple[str, ...],
    ) -> Answer:
        """Say the notes as one reply in the thread of `remote`."""
        ...

    async def look(
        self, through: Through, secret: str, *, attempts: tuple[str, ...], since: int, remote: Remote | None
    ) -> Look:
        """Which of these attempts, the oldest made at `since` (ms, our clock), did the vendor carry out? `remote` is the
        thread that replies were sent to."""
        ...

    async def withdraw(self, through: Through, secret: str, remote: Remote) -> Answer:
        """Take back an extra message."""
        ...


class Intake(Protocol):
    """Webhook time. On return everything given is durable; `StateUnavailable` means none of it counts as taken."""

    async def accept(self, seen: Sequence[Observation], strays: Sequence[Stray]) -> None: ...
