"""The protocols through which the core uses the store, vendors, secrets and telemetry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from gateway.decisions.intake.normalise import Normaliser
from gateway.model.agenda import Subject
from gateway.model.alert import Observation
from gateway.model.audit_trail import Batch, Stretch
from gateway.model.changes import (
    Changes,
    Claimed,
    Committed,
    LogEntry,
    QuarantineEntry,
    Query,
    Result,
    Row,
    Table,
)
from gateway.model.lanes import LaneRule, Pace
from gateway.model.ledger import Endpoint, MessageRef, Note
from gateway.model.notification import Answer, Look, Notification
from gateway.model.quarantined import Quarantined
from gateway.model.source_peers import PeerReport
from gateway.model.verdict import NotifyReason


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


class Intake(Protocol):
    """Webhook time.

    On return everything given is durable; `StateUnavailable` means none of it counts as taken.
    """

    async def accept(self, seen: Sequence[Observation], quarantined: Sequence[Quarantined]) -> None: ...


class Peers(Protocol):
    """The Alertmanagers of our sources. Never raises for what one of them, or the network, does."""

    async def ask(self, url: str, receiver: str, reader: Normaliser) -> PeerReport | str:
        """Report what fires there and is routed to `receiver`, or say in a sentence why there is no answer."""
        ...


class Store(Protocol):
    """One shard's state. Every method raises `StateUnavailable` when the store cannot answer in time.

    `now` in every answer is the store's own time in ms; it never goes back. `lost_races` counts, by the name
    of the transaction or the kind of the subject, how often this process had to decide again because another
    writer was quicker.
    """

    lost_races: Counter[str]

    async def gather(self, ask: Query) -> Result: ...

    async def commit(self, changes: Changes) -> Committed: ...

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        """Lease up to `limit` due subjects for `lease` ms, the most urgent first, then the oldest."""
        ...

    async def close_lane(self, lane: str, pace: Pace, until: int) -> None:
        """No subject of this lane is claimed before `until` (a vendor's Retry-After), and none that shares
        its pace.
        """
        ...

    async def fence(self, holder: str, length: int) -> bool:
        """Take the shard's fence for `length` ms (0 gives it back): every commit of others is refused
        meanwhile.
        """
        ...

    async def now(self) -> int: ...


class Archive(Protocol):
    """The questions of the API, the metrics and people, which are never asked on the path of an alert."""

    async def counters(self) -> dict[str, int]: ...

    async def size(self, table: Table) -> int: ...

    async def page(self, table: Table, cursor: int, count: int) -> tuple[int, dict[str, Row]]:
        """Some rows and the cursor of the next page, 0 after the last; a row may come twice."""
        ...

    async def timeline(self, subject: str | None, limit: int, since: int = 0) -> list[tuple[int, LogEntry]]:
        """Newest first, with the time of each; nothing of interest was written before `since` (ms)."""
        ...

    async def quarantine(self, limit: int) -> list[tuple[QuarantineEntry, int, int]]:
        """Newest first: what was kept, when it was last seen, how often."""
        ...

    async def agenda(self) -> tuple[int, int]:
        """How many subjects there are, and for how many ms the oldest has been due (0: none is)."""
        ...


class Log(Protocol):
    """The shard's log as it was written, for the audit trail."""

    async def log_after(self, position: str, limit: int) -> Stretch:
        """The oldest entries behind a position (empty: from the start)."""
        ...


class State(Store, Archive, Log, Protocol):
    """Everything a store can do: Store, Archive and Log."""


class Secrets(Protocol):
    """Secrets by name; their values never enter a record."""

    def secret(self, name: str) -> str | None: ...

    def configured(self, name: str) -> bool:
        """Whether somebody has set it: also as a file that is not there now."""
        ...

    def why_missing(self, name: str) -> str:
        """Say in a sentence why there is no such secret now."""
        ...

    def mark(self, secret: str) -> str:
        """A keyed hash, to see later whether the secret is still the same."""
        ...


class Watcher(Protocol):
    """The telemetry, which is told and never waited for."""

    def delivered(self, destination: str, outcome: str, seconds: float) -> None: ...

    def shipped(self, destination: str, entries: int, lost: int) -> None:
        """Count entries of the audit trail that were sent; `lost` were cut off the log before they could be."""
        ...

    def plainer(self, destination: str, without: str) -> None:
        """Count a part that was left out because a vendor refused a notification with it."""
        ...

    def notified(self, reason: NotifyReason) -> None:
        """Count a notification that a vendor took, by why it was due."""
        ...

    def told(self, milliseconds: int) -> None:
        """Count how long it took from an alert's arrival to its first notification."""
        ...

    def failed(self, subject: Subject, error: BaseException) -> None: ...

    def planned_together(self, outcome: str) -> None:
        """Count several plans that were tried in one commit, by what became of it."""
        ...

    def asked(self, source: str, answered: int, silent: int) -> None:
        """How many peers of a source answered, and how many did not."""
        ...


class Report(Protocol):
    """Say that one of our own alerts fires, again and again for as long as it does: its name, further labels,
    what to know.
    """

    def __call__(self, name: str, labels: Mapping[str, str], details: str = "", /) -> None: ...
