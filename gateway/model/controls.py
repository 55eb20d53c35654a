"""Orders: what people order for a while: silences, a pause of all paging, a bypass of everything that keeps quiet.

There is one set of them, in one row of the store, and a new version of it with every change.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class SilenceState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    RESTING = "resting"  # a recurring one, outside of its time intervals
    ENDED = "ended"


class Silence(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Alerts that match are told to nobody from `starts_at` until `ends_at` (ms), in the time intervals `during` where it has any.

    `until_resolved`: only what fired when it began, so that a new episode is told. `approved_by` is a second person, without
    whom it may not cover critical alerts where the policy wants four eyes. `version` is that of the orders that changed it last.
    """

    id: str
    matchers: tuple[str, ...]
    starts_at: int
    ends_at: int
    by: str
    reason: str = ""
    ticket: str = ""
    created_at: int = 0
    during: tuple[str, ...] = ()
    until_resolved: bool = False
    approved_by: str = ""
    ended_by: str = ""  # who or what ended it before its time
    last_matched_at: int = 0
    version: int = 0

    @property
    def described(self) -> str:
        return f"silence {self.id} by {self.by}"

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
    version: int = 0
    silences: tuple[Silence, ...] = ()
    pause: Switch | None = None  # nobody is paged
    bypass: Switch | None = None  # nothing suppresses


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why something cannot be ordered: the field, a sentence, and what to do. `missing`: it is about something that is not there."""

    field: str
    error: str
    remedy: str = ""
    missing: bool = False
