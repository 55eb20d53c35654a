"""The subjects of the agenda: what is to be looked at again, written and read in this file alone.

The texts stand in the stores of running gateways, so they never change: `plan:<incident>`,
`deliver:<target>|<incident>`, `expire:<incident>`, `expire:alert:<alert>`, `audit:<destination>`,
`poll:<source>`, `watchdog:<watchdog>`, `sweep:<what>`, `tend:silences`, `log:incidents`, `probe:<what>`,
`compact:<day>` and `digest:<team>`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from typing import NamedTuple

from gateway.model.severity import Severity


class SubjectKind(StrEnum):
    """The kinds of subjects: each has its handler in `reconcile/handlers.py`."""

    PLAN = "plan"
    DELIVER = "deliver"
    EXPIRE = "expire"
    EXPIRE_ALERT = "expire:alert"
    AUDIT = "audit"
    POLL = "poll"
    SWEEP = "sweep"
    SILENCE_UPKEEP = "tend"
    WATCHDOG = "watchdog"
    TOLD_IN_LOG = "log"
    PROBE = "probe"
    COMPACT = "compact"
    DIGEST = "digest"


MOST_WAITING_LANES = 5  # that a look at the agenda names
BEHIND_NEWS = (
    6  # from this priority on nobody waits who has not heard yet: no delivery of these interrupts anybody
)
EXPIRY_PRIORITY = 9  # of what is to be forgotten: it is looked at last


class Share(IntEnum):
    """A part of the work at one time that some subjects have for themselves. The numbers stand in the
    stores of running gateways.
    """

    OTHERS = 0
    PLANS = 1  # every plan, whatever it was put on the agenda as
    ENDS = 2  # deliveries that tell people that it is over
    OWN_ALERTS = 3  # deliveries of the gateway's own alerts, their ends too


class WaitingLane(NamedTuple):
    """A lane with deliveries that are due: how many, and for how long (ms) the oldest has been."""

    lane: str
    due: int
    oldest: int


class AgendaLook(NamedTuple):
    """How the agenda stands. `depth` counts its subjects, `overdue` says for how long (ms) the oldest of
    the gateway's own work has been due: all but deliveries. Those wait for vendors: `waiting` has the
    lanes that are longest late.

    What is worked on now is not late.
    """

    depth: int
    overdue: int
    waiting: tuple[WaitingLane, ...] = ()

    @property
    def oldest(self) -> int:
        """Return for how long (ms) anything has been due."""
        return max([self.overdue, *(lane.oldest for lane in self.waiting)])


NOTHING_ON_AGENDA = AgendaLook(0, 0)


class Subject(NamedTuple):
    """One subject of the agenda.

    `id` names an incident, an alert, a destination, a source, a watchdog or a sweep.

    `target` is set for deliveries alone: it is the lane that they are sent in. `kind` is one of
    `SubjectKind`, or the word that a newer gateway has written.
    """

    kind: str
    id: str
    target: str = ""

    @classmethod
    def plan(cls, incident: str) -> Subject:
        return cls(SubjectKind.PLAN, incident)

    @classmethod
    def deliver(cls, target: str, incident: str) -> Subject:
        return cls(SubjectKind.DELIVER, incident, target)

    @classmethod
    def expire(cls, incident: str) -> Subject:
        return cls(SubjectKind.EXPIRE, incident)

    @classmethod
    def expire_alert(cls, alert: str) -> Subject:
        return cls(SubjectKind.EXPIRE_ALERT, alert)

    @classmethod
    def audit(cls, destination: str) -> Subject:
        return cls(SubjectKind.AUDIT, destination)

    @classmethod
    def poll(cls, source: str) -> Subject:
        return cls(SubjectKind.POLL, source)

    @classmethod
    def watchdog(cls, watchdog: str) -> Subject:
        return cls(SubjectKind.WATCHDOG, watchdog)

    @classmethod
    def compact(cls, day: str) -> Subject:
        return cls(SubjectKind.COMPACT, day)

    @classmethod
    def digest(cls, team: str) -> Subject:
        return cls(SubjectKind.DIGEST, team)

    @classmethod
    def parse(cls, text: str) -> Subject:
        """Read what `str` has written. A kind that only a newer gateway knows is kept as its word."""
        kind, _, rest = text.partition(":")
        if kind == SubjectKind.DELIVER:
            target, _, incident = rest.partition("|")
            return cls.deliver(target, incident)
        if kind == SubjectKind.EXPIRE and rest.startswith("alert:"):
            return cls.expire_alert(rest.removeprefix("alert:"))
        return cls(_KINDS.get(kind, kind), rest)

    def __str__(self) -> str:
        return (
            f"{self.kind}:{self.target}|{self.id}"
            if self.kind == SubjectKind.DELIVER
            else f"{self.kind}:{self.id}"
        )

    @property
    def group(self) -> str:
        """The subjects that fail together: `deliver:chat` for everything that is sent to `chat`, `plan` for
        every plan.
        """
        return f"{self.kind}:{self.target}" if self.target else self.kind.partition(":")[0]


_KINDS = {kind.value: kind for kind in SubjectKind}

NEW_RULES = Subject(SubjectKind.SWEEP, "rules")
NEW_CONTROLS = Subject(SubjectKind.SWEEP, "orders")
LATE_TOPICS = Subject(SubjectKind.SWEEP, "posts")
SILENCE_UPKEEP = Subject(SubjectKind.SILENCE_UPKEEP, "silences")
TOLD_IN_LOG = Subject(SubjectKind.TOLD_IN_LOG, "incidents")
REFUSED = Subject(SubjectKind.PROBE, "refused")  # the destinations that refuse everything
UNASKED = Subject(SubjectKind.PROBE, "unasked")  # dead letters whose destination nobody asks again


def urgency(severity: Severity) -> int:
    """Return the agenda's priority: 0 is looked at first."""
    return Severity.CRITICAL - severity


def urgency_behind_news(severity: Severity) -> int:
    """Return the agenda's priority of what interrupts nobody: it is looked at behind everything that must be heard."""
    return min(BEHIND_NEWS + urgency(severity), EXPIRY_PRIORITY)


def longest_late(lanes: Iterable[WaitingLane]) -> tuple[WaitingLane, ...]:
    """Return the lanes whose deliveries are longest late, the latest first."""
    ordered = sorted(lanes, key=lambda waiting: (-waiting.oldest, waiting.lane))
    return tuple(ordered[:MOST_WAITING_LANES])
