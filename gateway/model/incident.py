"""An incident: the alerts that people should see as one thing. A ledger: what one target was told of it."""

from __future__ import annotations

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


class StatusCounts(msgspec.Struct, frozen=True, array_like=True, gc=False):
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
    untargeted: StatusCounts = StatusCounts()  # the members that no target sees
    trace: str = ""  # the correlation id of the webhook that changed it last
    alone: str = ""  # why it takes no other alerts, where its rule merges no more
    subscriptions: tuple[str, ...] = ()  # the posts at which it watches for alerts that keep its members quiet
    unheard_since: int = 0  # everybody who has to be told of it cannot be reached
