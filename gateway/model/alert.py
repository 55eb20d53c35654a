"""An alert is one identity. It fires while any of its copies fires; each stretch of firing is an episode."""

from __future__ import annotations

import msgspec

from gateway.model.fingerprint import fingerprint, identity
from gateway.model.rules.source import DEFAULT_SOURCE
from gateway.model.severity import Severity

# `fingerprint` and `identity` are imported from here by tests that rule authors write; the gateway itself
# imports them from `fingerprint.py`.
__all__ = ["MAX_COPIES", "Alert", "Copy", "Observation", "fingerprint", "identity"]

MAX_COPIES = 64


class Observation(msgspec.Struct, frozen=True, gc=False):
    """One alert of one webhook, normalised, or a conclusion that the gateway drew without a webhook.

    `alert` is the identity, `copy` is `source/fingerprint`, and `labels` are those that count. A conclusion
    has the time of the state that it was drawn from in `inferred_at` (ms, None for a webhook), and a sentence
    for people in `because`. `ends_at` is None while it fires, and where the source said nothing of an end.
    """

    copy: str
    alert: str
    labels: dict[str, str]
    annotations: dict[str, str]
    severity: Severity
    firing: bool
    starts_at: int
    ends_at: int | None
    source_url: str = ""
    trace: str = ""  # the webhook's correlation id
    lateness: int = DEFAULT_SOURCE.lateness  # ms for which its source may still deliver an older state
    inferred_at: int | None = None
    because: str = ""

    @property
    def source(self) -> str:
        return self.copy.partition("/")[0]


class Copy(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The state of an alert as one source reports it under one fingerprint.

    `ends_at` is the last end that the source knows of, None for none. `said_at` is when the source last
    reported it, to the minute (ms of the store's clock; None in a record that an older gateway wrote).
    """

    firing: bool
    starts_at: int
    ends_at: int | None = None
    said_at: int | None = None


class Alert(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The record of one alert.

    `episode` numbers its episodes; it is 0 for an alert of which only an end was ever seen,
    and `started_at` is None then. The first number
    is the time of the first episode in seconds, so that an alert that was forgotten and fires again never
    gets an old episode's id.
    """

    id: str
    labels: dict[str, str]
    annotations: dict[str, str]
    severity: Severity
    copies: dict[str, Copy]
    episode: int
    firing: bool
    started_at: int | None
    ended_at: int | None
    held_until: int | None  # nobody is notified of a disputed episode before this time
    incident: str
    last_seen: int
    spoken_by: str  # the copy that `annotations` come from
    source_url: str
    topics: tuple[str, ...] = ()  # the topics at which it inhibits others while it fires
    inferred: bool = False  # nobody reported its end, so the episode's length says nothing

    @property
    def episode_id(self) -> str:
        return f"{self.id}.{self.episode}"

    def is_disputed(self, now: int) -> bool:
        """Return whether its firing may be a late copy of a webhook, so that nobody is notified of it yet."""
        return self.held_until is not None and self.held_until > now

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "(no alertname)")
