"""An alert is one identity. It fires while any of its copies fires; each stretch of firing is an episode."""

from __future__ import annotations

import msgspec

from gateway.model.fingerprint import fingerprint, identity
from gateway.model.rules.source import DEFAULT_SOURCE
from gateway.model.severity import Severity

# `fingerprint` and `identity` are imported from here by tests that rule authors write; the gateway itself
# imports them from `fingerprint.py`.
__all__ = ["MAX_COPIES", "Alert", "Copy", "Dispute", "Observation", "fingerprint", "identity"]

MAX_COPIES = 64
NAMED_BY_RULE = ("DatasourceNoData", "DatasourceError")


class Observation(msgspec.Struct, frozen=True, gc=False):
    """One alert of one webhook, normalised, or a conclusion that the gateway drew without a webhook.

    `copy` is the key (`copy_key.py`), and `labels` are those that count. `alert` is the identity, which
    `decisions/intake/alert_lookup.py` replaces by another alert's id where the copy belongs to that alert.
    Both times are as they were sent, and None where none was: `ends_at` is None while it fires, too. A
    conclusion has the time of the state that it was drawn from in `inferred_at` (ms, None for a webhook), and
    a sentence for people in `because`.
    """

    copy: str
    alert: str
    labels: dict[str, str]
    annotations: dict[str, str]
    severity: Severity
    firing: bool
    starts_at: int | None
    ends_at: int | None
    source_url: str = ""
    trace: str = ""  # the webhook that it came with (`cause.py`)
    lateness: int = DEFAULT_SOURCE.lateness  # ms for which its source may still deliver an older state
    inferred_at: int | None = None
    because: str = ""
    group: str = ""  # `source/` and a hash of the group that its webhook was about; empty where it names none
    end_reason: str = (
        ""  # why its source ended it, where that is no recovery: its rule was paused, deleted, …
    )
    cut: int = 0  # how many values of its labels were cut, since they were too large together
    sent_before: bool = False  # its Alertmanager says that this firing was sent, and taken, before
    known_by: bytes = b""  # the key of its bytes (`intake/repeats.py`); empty where they are not remembered

    @property
    def source(self) -> str:
        return self.copy.partition("/")[0]


class Copy(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The state of an alert as one source reports it under one label set.

    `starts_at` is as it was sent, which tells one occurrence from another; a sender's clock may be ahead.
    Where none was sent (`assumed`) it is the time of the first report. `ends_at` is the last end that the
    source knows of, None for none, and never later than its report. `said_at` is when the source last
    reported it, to the minute (None in a record that an older gateway wrote). `believed_at` is when the
    occurrence began as far as we believe it, None where that is `starts_at`. All in ms;
    reports by the store's clock.
    """

    firing: bool
    starts_at: int
    ends_at: int | None = None
    said_at: int | None = None
    believed_at: int | None = None
    assumed: bool = False
    keyed: bool = False  # written under its whole key, by a version that knows of it

    @property
    def began_at(self) -> int:
        """Return when it began (ms): as it was sent, or its first report where that is earlier."""
        return self.starts_at if self.believed_at is None else self.believed_at


class Dispute(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A firing that came after its own end: the occurrence that began at `start` (as sent, ms) is in dispute
    since `since` (ms), through any further ends of it.
    """

    start: int
    since: int


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
    dispute: Dispute | None = None  # the last one, until a newer occurrence fires
    # In the store alone: what stands behind a copy's key, where the key stands without it for older versions
    hashes: dict[str, str] = {}
    end_reason: str = ""  # why its source ended it, where that is no recovery: its length says nothing then

    @property
    def episode_id(self) -> str:
        return f"{self.id}.{self.episode}"

    def is_disputed(self, now: int) -> bool:
        """Return whether its firing may be a late copy of a webhook, so that nobody is notified of it yet."""
        return self.held_until is not None and self.held_until > now

    def waits_since(self, joined_at: int) -> int:
        """Return since when the episode that joined its incident at `joined_at` has
        waited to be notified (ms).

        An alert that is falsely resolved again and again opens an episode each time. Its waits are counted
        from the first dispute, so that they do not begin anew for ever.
        """
        if self.held_until is None or self.dispute is None:
            return joined_at
        return min(joined_at, self.dispute.since)

    @property
    def name(self) -> str:
        """Return the name by which people know it.

        Grafana names every alert about missing data alike, and puts the rule's own name into another label.
        """
        name = self.labels.get("alertname", "(no alertname)")
        rule = self.labels.get("rulename", "") if name in NAMED_BY_RULE else ""
        return f"{rule} ({name})" if rule else name
