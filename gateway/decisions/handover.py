"""Say what a shift leaves to the next: what is open, what changed since it began, and what people keep quiet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from gateway.decisions.delivery.redaction import redact_alert
from gateway.decisions.delivery.thing import thing_of
from gateway.decisions.delivery.titles import what_and_where
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.keeper import keeper_of
from gateway.decisions.policy import Policy
from gateway.model.controls import Controls, Silence
from gateway.model.counted import counted
from gateway.model.durations import DAY, HOUR, parse_duration
from gateway.model.incident import Incident
from gateway.model.instants import instant
from gateway.model.rules.rulebook import LabelRules
from gateway.model.severity import Severity
from gateway.model.statistics.zones import zone_named

DEFAULT_SHIFT = 12 * HOUR
LONGEST_SHIFT = 7 * DAY
OPENED = "opened"


@dataclass(frozen=True, slots=True)
class ShiftBegin:
    """It says when the shift began, as people call the time (ms), and how that is known."""

    at: int
    because: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to an incident, at a time of people's (ms)."""

    at: int
    what: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """An incident as the next shift takes it over. `who` says who has it, or keeps it quiet, `until` for
    how long a snooze does; times are people's (ms).
    """

    incident: str
    title: str
    severity: Severity
    opened_at: int
    who: str
    changes: tuple[Change, ...]
    until: int | None = None
    fires_since: int | None = None  # as its message says it, which may be long before it was opened here

    @property
    def is_new(self) -> bool:
        return any(change.what == OPENED for change in self.changes)


@dataclass(frozen=True, slots=True)
class Handover:
    """`silences` were made since, those that are over last; `earlier_silences` were made before and are not
    over.

    `unread` are incidents that ended since and of which no more is known here than that.
    """

    begin: ShiftBegin
    now: int
    open: tuple[HandedOver, ...]
    changed: tuple[HandedOver, ...]
    snoozed: tuple[HandedOver, ...]
    silences: tuple[Silence, ...]
    earlier_silences: int
    unread: int = 0


def hand_over(
    snapshots: Iterable[IncidentSnapshot],
    controls: Controls,
    policy: Policy,
    begin: ShiftBegin,
    now: int,
    unread: int = 0,
    redact_key: bytes = b"",
) -> Handover:
    """`snapshots` are of every incident that is not over, and of those that ended since. `now` is people's
    time. `redact_key` is that of the hashes of what the rules hide.
    """
    labels = replace(policy.rules.labels, redact_key=redact_key)
    opened, changed, snoozed = [], [], []
    for snapshot in snapshots:
        found, is_open = _handed(snapshot, policy, labels, begin.at, now), bool(snapshot.firing)
        if snapshot.incident.snoozed is not None and is_open:
            snoozed.append(found)
        if is_open:
            opened.append(found)
        # That it is new stands with what is open already.
        if found.changes and not (is_open and {change.what for change in found.changes} == {OPENED}):
            changed.append(found)
    # One that has ended meanwhile may have hidden what the next shift asks about.
    made = [silence for silence in controls.silences if (silence.created_at or 0) >= begin.at]
    earlier = [silence for silence in controls.silences if (silence.created_at or 0) < begin.at]
    return Handover(
        begin=begin,
        now=now,
        open=tuple(sorted(opened, key=lambda one: (-one.severity, one.opened_at, one.incident))),
        changed=tuple(sorted(changed, key=lambda one: (-one.changes[-1].at, one.incident))),
        snoozed=tuple(sorted(snoozed, key=lambda one: (one.until or 0, one.incident))),
        silences=tuple(
            sorted(made, key=lambda silence: (silence.has_ended(now), silence.ends_at, silence.id))
        ),
        earlier_silences=sum(not silence.has_ended(now) for silence in earlier),
        unread=unread,
    )


def shift_began(policy: Policy, now: int) -> ShiftBegin:
    """Return when the shift of now began: with the interval of the rules' `shifts` that began last, if one
    holds.
    """
    shifts = [shift for route in policy.rules.routes for shift in route.shifts]
    names = {
        name for shift in shifts if policy.calendar.holds(shift.hours, now) for name in shift.hours.during
    }
    begun = [
        (at, name)
        for name in sorted(names)
        if policy.calendar.contains(name, now)
        and (at := policy.calendar.began(name, now, LONGEST_SHIFT)) is not None
    ]
    if not begun:
        return ShiftBegin(now - DEFAULT_SHIFT, "the last 12 hours")
    at, name = max(begun)
    return ShiftBegin(at, f"the interval {name} of the shifts began")


def read_begin(text: str, now: int) -> ShiftBegin | str:
    """Return the begin that people write, such as `18:00`, `18:00 Europe/Berlin` or `8h`; else what is
    wrong with it.

    A time of the day is the last one, in UTC unless a zone is named.
    """
    written, _, named = text.strip().partition(" ")
    usage = "write it like `since 18:00`, `since 18:00 Europe/Berlin` or `since 8h`"
    zone = zone_named(named.strip() or "UTC")
    if zone is None:
        return f"`{named.strip()[:40]}` is no time zone: {usage}"
    try:
        at = now - parse_duration(written)
    except ValueError:
        try:
            clock = time.fromisoformat(written)
        except ValueError:
            return f"`{written[:40]}` is no time: {usage}"
        today = datetime.combine(instant(now).astimezone(zone), clock.replace(tzinfo=None), zone)
        meant = today if today.timestamp() * 1000 <= now else today - timedelta(days=1)
        at = int(meant.timestamp() * 1000)
    found = begin_at(at)(now)
    return f"{found}: {usage}" if isinstance(found, str) else found


def begin_at(at: int) -> Callable[[int], ShiftBegin | str]:
    """Return what says of a time whether the shift of then began at this one (ms)."""

    def begin(now: int) -> ShiftBegin | str:
        if now - LONGEST_SHIFT <= at <= now:
            return ShiftBegin(at, "as asked")
        return f"a shift began within the last {LONGEST_SHIFT // DAY} days"

    return begin


def _handed(
    snapshot: IncidentSnapshot, policy: Policy, labels: LabelRules, begin: int, now: int
) -> HandedOver:
    incident = snapshot.incident
    # It is read in a chat: what the rules hide from vendors is hidden.
    shown = [redact_alert(alert, labels) for alert in snapshot.firing or snapshot.alerts.values()]
    shown.sort(key=lambda alert: (-alert.severity, alert.started_at or 0))
    title = what_and_where([(alert, thing_of(alert.labels, labels), alert.firing) for alert in shown], labels)
    since = begin - snapshot.ahead
    changes = [Change(at + snapshot.ahead, what) for at, what in _changes(incident, since) if at >= since]
    return HandedOver(
        incident=incident.id,
        title=title["title"],
        severity=max((alert.severity for alert in shown), default=Severity.NONE),
        opened_at=incident.opened_at + snapshot.ahead,
        who=keeper_of(snapshot, policy, now - snapshot.ahead),
        changes=tuple(sorted(changes, key=lambda change: change.at)),
        until=incident.snoozed.until if incident.snoozed is not None else None,
        fires_since=min((alert.started_at for alert in snapshot.firing if alert.started_at), default=None),
    )


def _changes(incident: Incident, since: int) -> Iterator[tuple[int, str]]:
    """Yield what happened to it, as far as its record says; alerts are counted that joined since then."""
    yield incident.opened_at, OPENED
    # Those that came with it are part of its opening.
    after = max(since, incident.opened_at + 1)
    joined = [member.joined_at for member in incident.members if member.joined_at >= after]
    if joined:
        yield max(joined), counted(len(joined), "more alert")
    for route, escalation in incident.escalations.items():
        for position, at in escalation.taken.items():
            if position not in escalation.skipped:
                yield at, f"escalated by {route}, step {position + 1}"
    if incident.acknowledged is not None:
        note = f": {incident.acknowledged.note}" if incident.acknowledged.note else ""
        yield incident.acknowledged.at, f"taken by {incident.acknowledged.by}{note}"
    if incident.snoozed is not None:
        yield incident.snoozed.at, f"snoozed by {incident.snoozed.by}"
    if incident.closed is not None:
        note = f": {incident.closed.note}" if incident.closed.note else ""
        yield incident.closed.at, f"closed by {incident.closed.by}{note}"
    if incident.unheard_since is not None:
        yield incident.unheard_since, "nobody could be told"
    if incident.resolved_at is not None:
        yield incident.resolved_at, "ended"
