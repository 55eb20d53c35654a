"""Deduplicate: what one observation means for the alert that it belongs to. The keys of both were made in
`normalise.py`.

Alertmanager re-sends whole groups, delivers late and in any order, and an HA pair sends everything twice; two
Prometheus replicas report one thing as two copies. Order is by event time: a copy's state changes only by
something newer than it (`occurrence.py`).
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from gateway.decisions.intake.occurrence import (
    begun,
    believed_end,
    ended,
    is_its_end,
    is_newer,
    knows_end,
    repeated,
)
from gateway.model.alert import MAX_COPIES, Alert, Copy, Dispute, Observation
from gateway.model.durations import MINUTE, SECOND
from gateway.model.verdict import Outcome, Reason

SEEN_STEP = MINUTE  # `last_seen` is written at most this often, so that a repeat costs no write

Observed = tuple[Alert | None, Outcome, Reason]


def observe(alert: Alert | None, seen: Observation, now: int, ahead: int = 0) -> Observed:
    """The alert after this observation (None: as it was, nothing to write), the observation's class and why.

    What people call the time is `ahead` of `now` (ms), where a clock was stepped.
    """
    wall = now + ahead
    if alert is None:
        alert = new_alert(seen, now)
    copy = alert.copies.get(seen.copy)
    if seen.firing:
        return _fires(alert, copy, seen, now, wall)
    if seen.inferred_at:
        return _must_have_ended(alert, copy, seen, now)
    return _ends(alert, copy, seen, now, wall)


def overflows(alert: Alert | None, seen: Observation, coming: Collection[str] = ()) -> bool:
    """Return whether the observation brings a copy too many, and so has to be an alert of its own.

    `coming` are new copies before it.
    """
    copies = alert.copies if alert is not None else {}
    if not seen.firing or seen.copy in copies or seen.copy in coming:
        return False
    return sum(copy.firing for copy in copies.values()) + len(coming) >= MAX_COPIES


def new_alert(seen: Observation, now: int) -> Alert:
    """Return the alert of which nothing is known yet."""
    return Alert(
        id=seen.alert,
        labels=seen.labels,
        annotations=seen.annotations,
        severity=seen.severity,
        copies={},
        episode=0,
        firing=False,
        started_at=None,
        ended_at=None,
        held_until=None,
        incident="",
        last_seen=now,
        spoken_by="",
        source_url=seen.source_url,
    )


def _fires(alert: Alert, copy: Copy | None, seen: Observation, now: int, wall: int) -> Observed:
    if copy is not None and copy.firing:
        return _still_fires(alert, copy, seen, now, wall)
    found = (
        seen.inferred_at is not None
    )  # the source itself was asked and says that it fires: no late webhook
    ends_at = copy.ends_at if copy is not None else None
    # It began before its last end, so it may be an old webhook that comes late: nobody is woken by it yet.
    disputed = copy is not None and not found and not is_newer(copy, seen.starts_at, wall)
    new = begun(seen, ends_at, now, wall)
    copies = with_copy(alert.copies, seen.copy, new)
    if alert.firing:
        settled = alert.is_disputed(now) and not disputed
        changed = _heard(alert, seen, copies, now, held_until=None if settled else alert.held_until)
        return changed, Outcome.CHANGED, Reason.DISPUTE_SETTLED if settled else Reason.COPY_ADDED
    dispute = _dispute(alert, new.starts_at, seen.lateness, now) if disputed else None
    opened = msgspec.structs.replace(
        alert,
        labels=seen.labels,
        annotations=seen.annotations,
        severity=seen.severity,
        copies=copies,
        episode=alert.episode + 1 if alert.episode else max(1, now // SECOND),
        firing=True,
        started_at=new.began_at,
        ended_at=None,
        held_until=dispute.since + seen.lateness if dispute is not None else None,
        last_seen=now,
        spoken_by=seen.copy,
        source_url=seen.source_url,
        inferred=False,
        dispute=dispute,
        end_reason="",
    )
    if disputed or found:
        return opened, Outcome.OPENED, Reason.FOUND_AT_SOURCE if found else Reason.DISPUTED
    if alert.episode:
        return opened, Outcome.OPENED, Reason.FIRED_AGAIN
    # Who is on call hears of it late: the webhook that told it first was answered, and has not come here.
    return opened, Outcome.OPENED, Reason.SENT_BEFORE if seen.sent_before else Reason.FIRST_FIRING


def _dispute(alert: Alert, start: int, lateness: int, now: int) -> Dispute:
    """Return the dispute that this firing begins, or goes on with.

    A source that falsely resolves an alert again and again says the same start each time: people are told
    within one grace from the first dispute. Once the alert has stayed ended for a whole grace, a single late
    webhook gets a grace of its own again.
    """
    before = alert.dispute
    if before is None or alert.ended_at is None:
        return Dispute(start, now)
    # Two replicas report one occurrence with a start each, and either may be the first to fire again.
    starts = {copy.starts_at for copy in alert.copies.values()}
    if before.start != start and not {before.start, start} <= starts:
        return Dispute(start, now)
    return before if now - alert.ended_at < lateness else Dispute(start, now)


def _still_fires(alert: Alert, copy: Copy, seen: Observation, now: int, wall: int) -> Observed:
    later = repeated(copy, seen, now, wall)
    if alert.is_disputed(now) and (is_newer(copy, seen.starts_at, wall) or seen.inferred_at):
        copies = with_copy(alert.copies, seen.copy, later)
        return _heard(alert, seen, copies, now, held_until=None), Outcome.CHANGED, Reason.DISPUTE_SETTLED
    news = later.starts_at != copy.starts_at or (
        seen.copy == alert.spoken_by and seen.annotations != alert.annotations
    )
    if not news and copy.said_at is not None and now - copy.said_at < SEEN_STEP:
        return None, Outcome.REPEATED, Reason.STILL_FIRING
    copies = with_copy(alert.copies, seen.copy, later)
    return (
        _heard(alert, seen, copies, now, held_until=alert.held_until),
        Outcome.REPEATED,
        Reason.STILL_FIRING,
    )


def _heard(
    alert: Alert, seen: Observation, copies: dict[str, Copy], now: int, *, held_until: int | None
) -> Alert:
    """Annotations are those of the firing copy with the smallest key, so that two replicas do not edit for
    ever.
    """
    heard = speaks(alert, seen.copy)
    return msgspec.structs.replace(
        alert,
        copies=copies,
        annotations=seen.annotations if heard else alert.annotations,
        source_url=seen.source_url if heard else alert.source_url,
        spoken_by=seen.copy if heard else alert.spoken_by,
        held_until=held_until,
        last_seen=now,
    )


def speaks(alert: Alert, copy: str) -> bool:
    """Return whether people read the annotations of this copy, which fires."""
    speaker = alert.copies.get(alert.spoken_by)
    return copy <= alert.spoken_by or speaker is None or not speaker.firing


def _ends(alert: Alert, copy: Copy | None, seen: Observation, now: int, wall: int) -> Observed:
    ends_at = believed_end(seen, wall)
    # This copy is not known to fire, so its end is counted and nobody is told of it.
    if copy is None or not copy.firing:
        if copy is not None and knows_end(copy, seen, ends_at):
            return None, Outcome.IGNORED, Reason.ALREADY_ENDED
        orphan = msgspec.structs.replace(begun(seen, ends_at, now, wall), firing=False)
        after = msgspec.structs.replace(
            alert, copies=with_copy(alert.copies, seen.copy, orphan), last_seen=now
        )
        return after, Outcome.IGNORED, Reason.ORPHAN_RESOLVE if copy is None else Reason.ALREADY_ENDED
    # This end belongs to an earlier firing, since webhooks overtake each other: the alert fires on.
    if not is_its_end(copy, seen, ends_at, wall):
        return None, Outcome.IGNORED, Reason.LATE_RESOLVE
    copies = with_copy(alert.copies, seen.copy, ended(copy, ends_at, now))
    # Another copy still fires, so people are told no end yet.
    if any(other.firing for other in copies.values()):
        return (
            msgspec.structs.replace(alert, copies=copies, last_seen=now),
            Outcome.CHANGED,
            Reason.COPY_ENDED,
        )
    over = msgspec.structs.replace(
        alert, copies=copies, firing=False, ended_at=now, last_seen=now, end_reason=seen.end_reason
    )
    return over, Outcome.ENDED, Reason.LAST_COPY_ENDED


def _must_have_ended(alert: Alert, copy: Copy | None, seen: Observation, now: int) -> Observed:
    """Take an end that is inferred, unless its source has spoken since.

    `ends_at` None: the source said nothing at all of an end, so that the next firing is no late copy and
    needs no grace.
    """
    if copy is None or not copy.firing:
        return None, Outcome.IGNORED, Reason.ALREADY_ENDED
    # The source has spoken since, so it knows better: a wrong end costs more than one that comes late.
    if _said_since(copy, seen) or (seen.starts_at is not None and copy.starts_at > seen.starts_at):
        return None, Outcome.REPEATED, Reason.STILL_FIRING
    copies = with_copy(alert.copies, seen.copy, ended(copy, seen.ends_at, copy.said_at))
    if any(other.firing for other in copies.values()):
        return msgspec.structs.replace(alert, copies=copies), Outcome.CHANGED, Reason.INFERRED
    return (
        msgspec.structs.replace(alert, copies=copies, firing=False, ended_at=now, inferred=True),
        Outcome.ENDED,
        Reason.INFERRED,
    )


def _said_since(copy: Copy, seen: Observation) -> bool:
    """Return whether the source has reported the copy after the state that this observation was drawn from."""
    return copy.said_at is not None and seen.inferred_at is not None and copy.said_at > seen.inferred_at


def with_copy(copies: dict[str, Copy], key: str, copy: Copy) -> dict[str, Copy]:
    """Add a copy. Over the bound, the copy that ended longest ago makes room."""
    if len(copies) >= MAX_COPIES and key not in copies:
        ended = [(other.ends_at or 0, name) for name, other in copies.items() if not other.firing]
        copies = {name: other for name, other in copies.items() if not ended or name != min(ended)[1]}
    return {**copies, key: copy}
