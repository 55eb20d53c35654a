"""An incident: the alerts that people should see as one thing. A ledger: what one target was told of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gateway.model.severity import Severity


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One episode of one alert in an incident."""

    alert: str
    episode: int
    joined_at: int

    @property
    def episode_id(self) -> str:
        return f"{self.alert}.{self.episode}"


class Acknowledgement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    by: str
    at: int
    severity: Severity  # a rise above it takes the acknowledgement back


class Closure(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Closed by a person while alerts still fire: a suppression of the members it had, up to `severity`, until `until`."""

    by: str
    at: int
    until: int
    severity: Severity
    note: str = ""


class Standings(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How many members are what to this target (third identity), and of the episodes told, how many still need an end."""

    members: int = 0
    told: int = 0
    undeliverable: int = 0
    suppressed: int = 0
    held: int = 0
    due: int = 0
    telling_firing: int = 0
    ends_due: int = 0
    ends_undeliverable: int = 0
    reasons: dict[str, int] = {}  # why the members are what they are
    failing: str = ""  # the destination, where what is to be said there cannot be
    ends_held: int = 0  # ends that are not to be told yet


class Incident(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Membership, as intake writes it. `revision` grows with everything that people could see."""

    id: str
    opened_at: int
    rule: str  # the correlate rule that opened it: `name (file:line)`
    members: tuple[Member, ...]
    keys: tuple[str, ...]  # what it announced, to be taken back with it
    revision: int
    firing: int
    last_new_at: int
    last_change_at: int
    values: dict[str, tuple[str, ...]] = {}  # distinct values of the labels that `max_values` bounds
    previous: str = ""  # the incident that this one goes on from
    resolved_at: int = 0
    acknowledged: Acknowledgement | None = None
    closed: Closure | None = None
    planned_revision: int = 0
    targets: tuple[str, ...] = ()  # where it has ledgers
    homeless: Standings = Standings()  # the members that no target sees
    trace: str = ""  # the correlation id of the webhook that changed it last
    alone: str = ""  # why it takes no other alerts, where its rule merges no more
    watches: tuple[str, ...] = ()  # the posts at which it watches for alerts that keep its members quiet
    unheard_since: int = 0  # everybody who has to be told of it cannot be reached


class Told(StrEnum):
    """What a target believes."""

    NOTHING = "none"
    FIRING = "firing"
    CLOSED = "closed"
    ENDED = "ended"
    MOVED = "moved"


class Through(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a target was told, so that its end goes the same way whatever the rules say then.

    `address` is a channel id or name, a PagerDuty service, or a webhook's name; `secret` is the name of the credential and
    `secret_hash` a keyed hash of it, never the credential. `token` and `key` name what a webhook is shown and signed with.
    """

    kind: str
    address: str
    secret: str
    secret_hash: str
    token: str = ""
    key: str = ""

    @property
    def keyed(self) -> bool:
        """What is told has a key of ours, which makes repeating it harmless, and goes to the place that the secret names."""
        return self.kind in ("pagerduty", "webhook")


class Remote(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the vendor calls our message: Slack's channel id and ts, or PagerDuty's dedup key in `id`."""

    id: str
    channel: str = ""


class Part(StrEnum):
    """The message itself (or the page), or a reply in its thread."""

    MESSAGE = "message"
    REPLY = "reply"


class Note(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One transition that the thread is told of. `broadcast` shows it in the channel too; `mention` notifies people."""

    text: str
    broadcast: bool = False
    mention: bool = False
    at: int = 0  # when it came to be, ms
