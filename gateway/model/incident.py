"""An incident: the alerts that people should see as one problem."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gateway.model.members import Member
from gateway.model.severity import Severity


def alert_of(episode_id: str) -> str:
    return episode_id.rpartition(".")[0]


class Acknowledgement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person has taken the incident. It lapses when the severity rises above what it was then.

    `heard_from` is the target whose vendor said so, and need not be told; empty where it was said here.
    `note` is what the person says of it.
    """

    by: str
    at: int
    severity: Severity
    heard_from: str = ""
    note: str = ""


class Closure(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person has closed the incident while alerts still fire.

    The members of that time are suppressed until `until` (ms), or until one of them rises above `severity`.
    """

    by: str
    at: int
    until: int
    severity: Severity
    note: str = ""


class Escalation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far an incident was escalated along one route, in its newest round.

    A round begins when the route first calls somebody, and anew when an alert is worse than `severity`.
    `taken` has the steps that were taken, by their position in the rules, and when (ms). `skipped` are those
    of them that told nobody, since their targets had been paged in this round. `earlier` has the steps of the
    rounds before, and the newest round in which each was taken: their targets go on being told.
    """

    round: int
    since: int
    severity: Severity
    taken: dict[int, int] = {}
    skipped: tuple[int, ...] = ()
    earlier: dict[int, int] = {}

    @property
    def reached(self) -> dict[int, int]:
        """The newest round in which each step called its targets, by its position."""
        return self.earlier | {
            position: self.round for position in self.taken if position not in self.skipped
        }


class Snooze(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person wants to hear no more of the incident for a while, and has not taken it.

    Its members of that time are kept quiet until people's clocks say `until` (ms); a member that rises above
    `severity`, and a new one that pages, end the snooze.
    """

    by: str
    at: int
    until: int
    severity: Severity


class StatusCounts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The number of members in each status at one target, and of notified episodes whose end is still open.

    Each member is exactly one of `told`, `undeliverable`, `suppressed`, `held` and `due`. Each episode of
    which the target was notified and whose end it does not know yet is one of `telling_firing` and `ends_…`.
    """

    members: int = 0
    told: int = 0
    undeliverable: int = 0
    suppressed: int = 0
    held: int = 0
    due: int = 0
    telling_firing: int = 0
    ends_due: int = 0
    ends_undeliverable: int = 0
    reasons: dict[str, int] = {}  # the number of members by the reason of their status
    failing: str = ""  # the destination's name while it cannot be notified, else empty
    ends_held: int = 0  # ends that wait for a heartbeat


class UnheardAlert(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Firing alerts of one name that nobody could be told of, for one `Reason`.

    `because` says what each destination answered, and `destinations` are those that were tried. `urgent`: a
    person had to be woken, or it is critical. `last_resort`: it is the gateway's own alert about such alerts.
    """

    name: str
    reason: str
    because: str
    count: int
    destinations: tuple[str, ...] = ()
    urgent: bool = False
    last_resort: bool = False


class EarlierLives(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The lives of an alert in an incident that are counted and not kept: how many, when the first of them
    began and for how long they fired, in ms.
    """

    count: int
    first_at: int
    fired_for: int


class Heard(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The news of the incident that a target has heard: a further alert is only an update there, or nothing.

    That holds for an alert no worse than `severity`. `told`: the target was told that it fires; else its
    route would page there and does not. `paged`: it has paged there. No update is sent within
    `update_interval` (ms) after `notified_at` (ms), which is the last notification that a plan knows of:
    0 where a version wrote it that noted neither. `members` are those that the plan counted there: 0
    where a version wrote it that did not note them.
    """

    severity: Severity
    told: bool
    paged: bool
    notified_at: int = 0
    update_interval: int = 0
    members: int = 0


class Joining(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Alerts have joined since `since` (ms), and are planned together at `until`: they change nothing before.

    `members` counts them, and `commits` in how many commits they came, each of which is a revision. Both
    are 0 where a version wrote it that counted neither.
    """

    since: int
    until: int
    members: int = 0
    commits: int = 0


class Counted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the counts of the ledgers rest on, since a plan looked at every member at `at` (ms).

    They hold until time alone changes something at `look_at` (ms, 0 for never), with the version of the
    `controls` that there was then, and for as long as people's time is as far `ahead` (ms).
    """

    at: int
    look_at: int
    controls: bytes
    ahead: int = 0


class Incident(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The record of one incident.

    `revision` grows with each change that people could see; `planned_revision` is the newest one that was
    planned.
    """

    id: str
    opened_at: int
    rule: str  # the correlate rule that opened it: `name (file:line)`
    members: Sequence[Member]  # `Members` where it was read
    keys: tuple[str, ...]  # the join keys under which new alerts find it; they are removed with it
    revision: int
    firing: int
    last_new_at: int
    last_change_at: int
    values: dict[str, tuple[str, ...]] = {}  # distinct values of the labels that `max_values` bounds
    previous: str = ""  # the earlier incident that this one continues
    resolved_at: int | None = None
    acknowledged: Acknowledgement | None = None
    closed: Closure | None = None
    planned_revision: int = 0
    targets: tuple[str, ...] = ()  # the targets at which it has ledgers
    untargeted: StatusCounts = StatusCounts()  # the members that no target sees
    trace: str = ""  # the webhook that changed it last (`cause.py`)
    alone: str = ""  # the reason why it takes no other alerts, where its rule merges no more
    subscriptions: tuple[str, ...] = ()  # the topics of sources that may inhibit its members
    # Ms since when something fires that nobody could be told of
    unheard_since: int | None = None
    unheard: tuple[UnheardAlert, ...] = ()  # the worst of them
    # How many alerts Alertmanager left out of the groups that its members came in, by group
    truncated: dict[str, int] = {}
    continues: tuple[str, ...] = ()  # full incidents whose further alerts it takes, the first one first
    continued_by: str = ""  # the incident that takes its further alerts, since it is full
    recurs: int = 0  # how many incidents the same alert has opened before, each soon after the one before
    recurs_since: int | None = None  # when the first of them was opened, ms
    earlier_lives: dict[
        str, EarlierLives
    ] = {}  # of alerts that flap, by alert: lives that are not members any more
    heard: dict[str, Heard] = {}  # by target, as the last plan found it
    heard_by: int = 0  # the generation of the rules of that plan
    joining: Joining | None = None
    snoozed: Snooze | None = None
    escalations: dict[str, Escalation] = {}  # by route
    # When (ms, by its clock) a vendor said the newest thing about each of its messages, by the message's name
    heard_at: dict[str, int] = {}
    touched: bool = False  # a person has done something about it: nothing of it ended by itself
    presses: tuple[str, ...] = ()  # marks of the newest buttons that were pressed: each may arrive again
    # Where a plan may look only at what has joined since
    counted: Counted | None = None

    @property
    def left_out(self) -> int:
        """Return how many alerts there may be that nobody knows here: its Alertmanager did not send them."""
        return sum(self.truncated.values())
