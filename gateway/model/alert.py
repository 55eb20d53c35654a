"""An alert is one identity; it fires while any of its copies fires, and each life of it is an episode."""

from __future__ import annotations

import msgspec

from gateway.model.fingerprint import fingerprint, identity
from gateway.model.rules.source import DEFAULT_SOURCE
from gateway.model.severity import Severity

__all__ = ["MAX_COPIES", "Alert", "Copy", "Observation", "fingerprint", "identity"]

MAX_COPIES = 64


class Observation(msgspec.Struct, frozen=True, gc=False):
    """One alert of one webhook, normalised. `copy` is `source/fingerprint`; `labels` are those that count.

    Or what we conclude without a webhook, from the state as it was at `inferred_at` (ms); `because` says to people from what.
    """

    copy: str
    alert: str
    labels: dict[str, str]
    annotations: dict[str, str]
    severity: Severity
    firing: bool
    starts_at: int
    ends_at: int
    source_url: str = ""
    trace: str = ""  # the webhook's correlation id
    lateness: int = DEFAULT_SOURCE.lateness  # ms: for so long its source may still deliver what was so before
    inferred_at: int = 0
    because: str = ""

    @property
    def source(self) -> str:
        return self.copy.partition("/")[0]


class Copy(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one source says of an alert under one fingerprint; `ends_at` is the last end that it knows of, 0 for none.

    `said_at` is when it was last said, to the minute (ms of the store's clock; 0 where an older gateway wrote it).
    """

    firing: bool
    starts_at: int
    ends_at: int = 0
    said_at: int = 0


class Alert(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The record of one alert. `episode` counts its lives, 0 for an alert of which only an end was ever seen.

    It begins at the time of the first in seconds, so that what is forgotten and comes again is never taken for what it was.
    """

    id: str
    labels: dict[str, str]
    annotations: dict[str, str]
    severity: Severity
    copies: dict[str, Copy]
    episode: int
    firing: bool
    started_at: int
    ended_at: int
    held_until: int  # a disputed episode is not told before
    incident: str
    last_seen: int
    spoken_by: str  # the copy whose annotations these are
    source_url: str
    topics: tuple[str, ...] = ()  # where it stands while it fires, to keep others quiet
    inferred: bool = False  # nobody reported its end: it says nothing of how long it took

    @property
    def episode_id(self) -> str:
        return f"{self.id}.{self.episode}"

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "(no alertname)")
