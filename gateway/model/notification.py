"""A notification: everything that a destination needs to render one view of an incident, and nothing else.

Made by `decisions/delivery/compose.py` and rendered by `outbound/`. Texts in it are raw: escaping is the
renderer's business.
"""

from __future__ import annotations

import msgspec

from gateway.model.ledger import MessageRef, NotifiedState
from gateway.model.severity import Severity
from gateway.model.worded import FiringTimes, Quieted, TakenStep


class AlertLine(msgspec.Struct, frozen=True, gc=False):
    """One member alert as people see it.

    `labels` stand in the order in which people look for them. `ended_at` is None while it fires;
    `silenced_after_notify` says why news of it is kept away from people. `moved`: the alert fires on, and
    people are notified of it elsewhere now, or nowhere. `thing` is what is broken, and `sent_severity` the
    label (`severity=fatal`) where it is read as another severity.
    """

    name: str
    severity: Severity
    labels: dict[str, str]
    summary: str
    started_at: int
    ended_at: int | None
    runbook: str = ""
    dashboard: str = ""
    source: str = ""
    annotations: dict[str, str] = {}
    silenced_after_notify: str = ""
    moved: bool = False
    episode: str = ""  # the id of the life that it shows
    often: FiringTimes | None = None
    thing: str = ""
    description: str = ""
    sent_severity: str = ""
    plumbing: int = 0  # how many labels at the end of `labels` are of use to machines alone
    alertname: str = ""  # the label, where `name` says more
    panel: str = ""
    image: str = ""
    silence: str = ""  # where its sender lets people silence it
    ended_because: str = ""  # in words, where it did not recover: "its rule was paused"
    scope: str = ""  # the namespace or cluster that `thing` is in

    @property
    def times(self) -> int:
        """How often it fired in this incident."""
        return self.often.times if self.often is not None else 1


class Notification(msgspec.Struct, frozen=True, gc=False):
    """One view at one moment. `state` is what the ledger has as last notified once it is delivered.

    `lines` holds firing members first, then those of which news is kept away, that moved, that ended; the
    most severe and oldest first. The renderer shortens, and says how much it left out.

    `where` is the labels that all members share, those by which people know the thing first; `place` is the
    part of them that says where (cluster, namespace, service), and `plumbing` how many at their end are of
    use to machines alone. `said` are the sentences of the alerts, each once; `thing` is
    what the first one is about.

    `rule` names the route that sent it, `name (file:line)`. `closed_by` is who closed it by hand, `moved_to`
    where its members are notified now. `quiet_until` is set while nothing fires but nobody was
    notified of the end yet.
    """

    incident: str
    target: str
    generation: int
    revision: int
    state: NotifiedState
    severity: Severity
    title: str
    where: dict[str, str]
    lines: tuple[AlertLine, ...]
    firing: int
    ended: int
    started_at: int
    ended_at: int | None
    at: int
    moved: int = 0
    page: bool = False
    called: bool = False  # people there were called by the notification before, and it goes on
    mentions: tuple[str, ...] = ()
    acknowledged_by: str = ""
    acknowledged_at: int | None = None
    acknowledged_here: bool = False  # by the vendor's own means: it need not be told
    closed_by: str = ""
    moved_to: str = ""
    quiet_until: int | None = None
    owner: str = ""
    rule: str = ""
    link: str = ""  # the incident at the gateway's own public address
    previous: str = ""
    reason: str = ""  # a sentence about this notification: "re-opened without a newer start"
    # How many changes before this one were not sent, where a destination limits its updates
    left_out: int = 0
    often: FiringTimes | None = None
    place: dict[str, str] = {}
    plumbing: int = 0
    said: tuple[str, ...] = ()
    thing: str = ""
    service: str = ""
    sent_severity: str = ""  # `severity=fatal`, where it is read as another word
    # The episodes of lines that are the newest value of a label that churns
    churning: frozenset[str] = frozenset()
    # How many further alerts of its groups Alertmanager did not send. Nobody knows them: they are no members
    not_sent: int = 0
    pages: dict[str, int] = {}  # who was paged at other targets, and when (ms)
    message_link: str = ""  # leads to the message at another target
    ended_because: str = ""  # in words, where nothing of it recovered
    quieted: Quieted | None = None  # keeps news of what was notified from people now
    hidden: Quieted | None = None  # kept from people until now what they are notified of now
    bypassed_by: str = ""  # who ordered the bypass in force: what keeps things quiet does so again after it
    covered_by: str = ""  # the silence for which the page is acknowledged, by us
    elsewhere: int = 0  # how many more fire in incidents that continue this one, which is full
    escalation: TakenStep | None = None  # calls, or tells, those who read it
    trace: str = ""  # the id of the trace of the webhook that it comes from, where that is kept
    report: tuple[str, ...] = ()  # what it says in place of alerts, where it is a weekly digest

    @property
    def all_quiet(self) -> bool:
        """Return whether it fires, and news of all that fires is kept from people."""
        return self.state is NotifiedState.FIRING and self.quieted is not None and not self.quieted.part

    @property
    def alerts(self) -> int:
        """How many it is about, whether a renderer has room for their lines or not."""
        return self.firing + self.ended + self.moved


class LeftOut(msgspec.Struct, frozen=True):
    """A part that was left out because the vendor refused the notification with it, and what the vendor said."""

    part: str
    refused: str


class Delivered(msgspec.Struct, frozen=True):
    """The vendor took it.

    `detail` says what is worth knowing all the same, such as a recipient who was refused. `left_out` lists
    what it was not taken with. `link` is where people read a message that was posted, if that is known.
    """

    message_ref: MessageRef
    detail: str = ""
    left_out: tuple[LeftOut, ...] = ()
    link: str = ""


UNKNOWN_REASON = "refused"  # the vendor gave a reason that nobody knows


class Refused(msgspec.Struct, frozen=True):
    """The vendor did certainly not take it. `permanent`: it never will.

    `retry_after` in milliseconds, 0 unsaid.
    """

    # A short closed word, also a metric label: rate_limited, unavailable, auth, not_found, invalid, …
    reason: str
    detail: str = ""
    permanent: bool = False
    retry_after: int = 0
    gone: bool = False  # the message to edit is not there (any more): post anew
    left_out: tuple[LeftOut, ...] = ()


class Unanswered(msgspec.Struct, frozen=True):
    """Nobody knows whether the vendor took it: read back before repeating, no sooner than `retry_after` ms (0
    unsaid).
    """

    reason: str
    detail: str = ""
    retry_after: int = 0
    left_out: tuple[LeftOut, ...] = ()


Answer = Delivered | Refused | Unanswered


class Found(msgspec.Struct, frozen=True):
    """A read-back's answer: the attempts that the vendor did carry out, with what it calls them."""

    message_refs: dict[str, MessageRef]


Look = Found | Refused | Unanswered
