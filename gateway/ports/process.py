"""The protocols of what the process around the core has: the intake, the secrets, the telemetry, own alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from gateway.model.agenda import Subject
from gateway.model.alert import Observation
from gateway.model.path import Lap
from gateway.model.quarantined import Quarantined
from gateway.model.verdict import NotifyReason, Taken


class Intake(Protocol):
    """Webhook time.

    On return everything given is durable, and the verdicts of `seen` are returned; `StateUnavailable` means
    none of it counts as taken.
    """

    async def accept(
        self, seen: Sequence[Observation], quarantined: Sequence[Quarantined]
    ) -> Sequence[Taken]: ...


class Secrets(Protocol):
    """The secrets that rules name; their values never enter a record.

    `taker` is whom the rules hand a secret to: the kind of a destination, or `SOURCE`.
    """

    def secret(self, name: str, taker: str) -> str | None:
        """Return None for one that is not there now, and for one that rules may not hand to this taker."""
        ...

    def configured(self, name: str) -> bool:
        """Whether somebody has set it: also as a file that is not there now."""
        ...

    def refused(self, name: str, taker: str) -> str:
        """Say why rules may not hand it to this taker; empty where they may."""
        ...

    def why_missing(self, name: str, taker: str) -> str:
        """Say in a sentence why there is no such secret now."""
        ...

    @property
    def redact_key(self) -> bytes:
        """The key of the hashes in the place of values that no vendor is shown."""
        ...

    @property
    def key_name(self) -> str:
        """The name of the key that makes marks: marks of another key cannot be compared."""
        ...

    def mark(self, secret: str) -> str:
        """A keyed hash, to see later whether the secret is still the same."""
        ...

    def mark_together(self, names: Iterable[str]) -> str:
        """A keyed hash of all these secrets, whoever may have them: none of their values leaves by it."""
        ...


class Watcher(Protocol):
    """The telemetry, which is told and never waited for."""

    def delivered(self, destination: str, outcome: str, seconds: float) -> None: ...

    def tried_again(self, destination: str) -> None:
        """Count a send that followed one that was not taken."""
        ...

    def laps(self) -> Lap:
        """Return what is called at the end of each step of the path, from now on."""
        ...

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

    def worked_off(self, subject: Subject, outcome: str) -> None:
        """Count the work on one subject of the agenda, by what became of it."""
        ...

    def vendor_answered(self, vendor: str, call: str, answer: str) -> None:
        """Count one call of a delivery, by the kind of vendor, what it was for, and the kind of answer."""
        ...

    def batch(self, what: str, outcome: str) -> None:
        """Count what was tried in one commit, by what became of it: several plans ("plans"), or the plan
        of an incident with the webhook that opens it ("opened").
        """
        ...

    def asked(self, source: str, answered: int, silent: int) -> None:
        """How many peers of a source answered, and how many did not."""
        ...


class Report(Protocol):
    """Say that one of our own alerts fires, again and again for as long as it does: its name, further labels,
    what to know.
    """

    def __call__(self, name: str, labels: Mapping[str, str], details: str = "", /) -> None: ...
