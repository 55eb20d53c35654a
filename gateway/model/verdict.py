"""Verdicts: what was decided of an alert, why, by which rule and until when.

`Reason` is the one list of reasons: log field, metric label, Slack footer, API and `explain` all show these
words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

import msgspec


class Outcome(StrEnum):
    """The outcomes that invariant 1 counts: every observation has exactly one."""

    OPENED = "opened"
    REPEATED = "repeated"
    CHANGED = "changed"
    ENDED = "ended"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


class MemberStatus(StrEnum):
    """The statuses that invariant 3 counts: what a member is to a target; the first that applies wins."""

    TOLD = "told"
    UNDELIVERABLE = "undeliverable"
    SUPPRESSED = "suppressed"
    HELD = "held"
    DUE = "due"


class Reason(StrEnum):
    """The reason for a verdict; each comment says what the operator sees."""

    # Of an observation, by decisions/intake/deduplicate.py
    FIRST_FIRING = "first_firing"  # an alert not seen before, or not for a long time
    FIRED_AGAIN = "fired_again"  # a new start after its end: a new episode
    DISPUTED = "disputed"  # it fires, but not since its last end: a late copy, or a false resolve taken back
    STILL_FIRING = "still_firing"  # Alertmanager said again what is known
    COPY_ADDED = "copy_added"  # another replica reports it too
    COPY_ENDED = "copy_ended"  # one replica reports its end, another still fires
    DISPUTE_SETTLED = "dispute_settled"  # a newer start: it really fires again
    LAST_COPY_ENDED = "last_copy_ended"  # nobody reports it any more
    ALREADY_ENDED = "already_ended"  # the end is known
    ORPHAN_RESOLVE = "orphan_resolve"  # an end of something that was never seen firing
    LATE_RESOLVE = "late_resolve"  # an end older than the episode that fires now
    INFERRED = "inferred"  # nobody reported its end: its source is silent of it, or has it no more
    FOUND_AT_SOURCE = "found_at_source"  # it fires at its source, which did not tell us
    SENT_BEFORE = "sent_before"  # not seen before, though Alertmanager says that it was sent and taken

    # Of an observation, by decisions/intake/normalise.py, sent_values.py and actions/quarantine.py
    MALFORMED = "malformed"  # kept in quarantine
    TOO_OLD = "too_old"  # taken out of quarantine so late that it says nothing of now
    OUTSIDE_SOURCE = "outside_source"  # its source may not send it: kept in quarantine

    # Of a member, by decisions/suppression/suppress.py; `DISPUTED` is one of these too
    SEVERITY_NONE = "severity_none"  # it says of itself that it needs nobody
    CLOSED_BY_HAND = "closed_by_hand"  # a person closed the incident while it fires
    MAINTENANCE = "maintenance"  # announced work: nobody needs to be notified of it
    MUTED = "muted"  # the route is quiet in this interval
    INHIBITED = "inhibited"  # another alert fires, of which this one is a consequence
    SILENCED = "silenced"  # a person silenced it (decisions/controls.py)
    PAUSED = "paused"  # a person paused all paging (decisions/controls.py)
    SNOOZED = "snoozed"  # a person wants to hear no more of the incident for a while
    # The alert that would inhibit this one may come late, so it is held until the rule's `wait` is over
    INHIBIT_WAIT = "inhibit_wait"

    # Of a member, by decisions/sources/watchdogs.py
    HEARTBEAT = "heartbeat"  # a watchdog listens to it: it says that its source is well
    HOLD_RESOLVES = "hold_resolves"  # notified; its end does not count before its source's next heartbeat

    # Of a member, by decisions/notification/audience.py and conclude.py
    UNROUTED = "unrouted"  # no route names a destination for it
    TEMPLATE_VALUE = "template_value"  # the channel's template gives a value outside `allow`
    PAGE_WHEN = "page_when"  # the route's condition for interrupting a person does not hold (yet)
    PAGED_BEFORE = "paged_before"  # it continues an incident that is full, and that is paged here already

    # Of a member, by decisions/notification/member_status.py
    DELIVERED = "delivered"  # people were notified of it
    LOG_ONLY = "log_only"  # nobody was notified: its destination has no credential, so the gateway's log was
    ENDED_UNTOLD = "ended_untold"  # it ended before anybody had to be notified
    GROUP_WAIT = "group_wait"  # the first message waits a moment for what belongs to it
    UPDATE_INTERVAL = "update_interval"  # it joins a message that people have; the next edit shows it
    # It joins a large incident that people know of, and is planned together with what
    # joins it within a second
    JOINING = "joining"
    DEAD_LETTER = "dead_letter"  # the destination refused it for good
    WAITING_TO_SEND = "waiting_to_send"  # nothing keeps it back; the vendor has not taken it yet


QUIETING = frozenset(
    {Reason.MAINTENANCE, Reason.MUTED, Reason.INHIBITED, Reason.SILENCED, Reason.PAUSED, Reason.SNOOZED}
)
"""What keeps news away from people without ending anything: an open notification stays, and its end is sent."""


class NotifyReason(StrEnum):
    """Why a target is due a notification, or why it is due none. The comment says what people see.

    The names are those of the log's field `why`, of a metric's label and of `explain`. Alertmanager's
    `NotifyReason` is the model (notify/dedup_stage.go in its repository).
    """

    UP_TO_DATE = "up_to_date"  # the target knows it all: nothing is sent
    FIRST_NOTIFICATION = "first_notification"  # a new message or page, once its waits are over
    # The end, or the closing by hand, was notified, or a silence covered the page: a new generation
    FIRING_AGAIN = "firing_again"
    SEVERITY_ROSE = "severity_rose"  # it got worse: at once
    PAGE_WHEN_MET = "page_when_met"  # from now on it interrupts a person: at once
    ACKNOWLEDGEMENT_CHANGED = (
        "acknowledgement_changed"  # somebody acknowledged it here, or that no longer holds
    )
    # It stands in for a destination that cannot be reached, or no longer: at once
    FALLBACK_CHANGED = "fallback_changed"
    # What was kept quiet after its notification is so no longer: at once
    SUPPRESSION_ENDED = "suppression_ended"
    # The message says that nothing fires, and something does: at once
    FIRING_AFTER_QUIET = "firing_after_quiet"
    MEMBERS_CHANGED = "members_changed"  # alerts joined or ended: an edit after `update_interval`
    TEXTS_CHANGED = "texts_changed"  # an annotation says something else: an edit after `update_interval`
    PAGED_ELSEWHERE = (
        "paged_elsewhere"  # a page was taken: an edit after `update_interval` says whom it paged
    )
    # A mail cannot be edited, and enough were sent: the next one says what was left out
    UPDATE_LEFT_OUT = "update_left_out"
    QUIET = "quiet"  # nothing fires: the end follows after `resolve_after`, and a message says so until then
    ENDED = "ended"  # everything has ended for long enough
    CLOSED_BY_HAND = "closed_by_hand"  # a person closed it while it fires
    MOVED = "moved"  # it fires on, and is notified elsewhere now, or nowhere
    # A silence, or a snooze, covers all that fires in a page: the page is
    # acknowledged, at once. It ends at another time now: the message says so at once
    SILENCED = "silenced"
    # The vendor gave no answer, so that nobody knows whether people got it: the newest state is sent again
    UNANSWERED = "unanswered"
    # A note is due in a thread that may be gone: the message is edited first, so that no reply lands bare
    THREAD_CHECKED = "thread_checked"
    DIGEST = "digest"  # the weekly digest of a team, at its moment
    # An unanswered send may have acted late, over the newest state: that is said once more
    SAID_ONCE_MORE = "said_once_more"


class Taken(NamedTuple):
    """The outcome of one observation.

    `event_at`: when, by the source's clock, the new thing happened; None if nothing is new. `inferred`: the
    gateway concluded it without word from the source.
    """

    source: str
    outcome: Outcome
    reason: Reason
    event_at: int | None = None
    inferred: bool = False


def in_runs(verdicts: Iterable[Taken]) -> Iterator[tuple[Taken, int]]:
    """Yield the verdicts in their order, each with how often it stands there in a row: most repeats are alike."""
    for verdict, alike in groupby(verdicts):
        yield verdict, sum(1 for _ in alike)


def counted_verdicts(verdicts: Iterable[Taken]) -> dict[str, dict[str, int]]:
    """Return how many observations had each outcome, by its reasons: `{"opened": {"first_firing": 2}}`."""
    counts: dict[str, dict[str, int]] = {}
    for verdict, times in in_runs(verdicts):
        reasons = counts.setdefault(verdict.outcome.value, {})
        reasons[verdict.reason.value] = reasons.get(verdict.reason.value, 0) + times
    return counts


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The decision about a member at a target.

    `rule` is `name (file:line)`, or the person who closed the incident. `until` is when it is looked at again
    (ms, None for never). `because` is the fact that decided, such as the alert that inhibits.
    """

    outcome: str
    reason: Reason
    rule: str = ""
    until: int | None = None
    because: str = ""
