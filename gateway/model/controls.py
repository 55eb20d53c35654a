"""Controls that people set for a while: silences, a pause of paging, a bypass of everything that suppresses.

There is one set of controls, in one row of the store. Each change makes a new version of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class SilenceState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    RESTING = "resting"  # a recurring silence outside of its time intervals
    ENDED = "ended"


class Silence(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A silence: nobody is notified of alerts that match, from `starts_at` until `ends_at` (ms).

    A recurring silence holds only in its time intervals `during`. With `until_resolved` the silence covers
    only what fired when it began; people are notified of a new episode. `approved_by` is a second person;
    where the policy wants four eyes, a silence without one does not cover critical alerts. `version` is the
    version of the controls that last changed it.
    """

    id: str
    matchers: tuple[str, ...]
    starts_at: int
    ends_at: int
    by: str
    reason: str = ""
    ticket: str = ""
    created_at: int | None = None
    during: tuple[str, ...] = ()
    until_resolved: bool = False
    approved_by: str = ""
    ended_by: str = ""  # who or what ended it before its time
    last_matched_at: int | None = None
    version: int = 0
    person: bool = False  # `by` is a person who has shown a token of their own, and no name that was typed
    slack: str = (
        ""  # the Slack user of its maker (`Identity`); with `person` the one that their token is bound to
    )
    pseudonym: str = ""  # of its maker in the statistics; empty for one that an earlier version made

    @property
    def described(self) -> str:
        return f"silence {self.id} by {self.by}"

    def has_ended(self, now: int) -> bool:
        return bool(self.ended_by) or now >= self.ends_at

    @staticmethod
    def id_in(described: str) -> str:
        """Return the id of a silence that is `described` so."""
        return described.split(" ", 2)[1]

    @property
    def why(self) -> str:
        return " ".join(part for part in (self.ticket, self.reason) if part)


class Switch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A pause or a bypass, from `at` until `until`, in ms."""

    by: str
    at: int
    until: int
    reason: str = ""
    version: int = 0


class Controls(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All controls, in one version."""

    version: int = 0
    silences: tuple[Silence, ...] = ()
    pause: Switch | None = None  # nobody is paged
    bypass: Switch | None = None  # nothing suppresses


@dataclass(frozen=True, slots=True)
class Rejection:
    """The reason why a control cannot be set: the field at fault, a sentence, and a remedy.

    `missing` says that the request is about a control that does not exist.
    """

    field: str
    error: str
    remedy: str = ""
    missing: bool = False
