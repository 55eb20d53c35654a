"""Say in the statistics whom calls reached, and who was on call when, by what a vendor shows.

Persons stand there by pseudonym. A person without an id is `unknown`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gateway.decisions.calendar import Calendar
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.rules.route import Route
from gateway.model.statistics.events import Basis, OnCall, Page, PersonCalled
from gateway.model.statistics.zones import zone_named
from gateway.model.vendor_view import KnownStatus, SeenIncident, SeenPerson, SeenShift

LOG_READ_FOR = (
    DAY  # from the call on: whoever is notified later is called by an escalation of the vendor's own
)
SOONEST_READ = MINUTE
SHIFTS_EVERY = 2 * HOUR
SHIFTS_BACK = 7 * DAY  # after a time in which nobody asked
UTC = "UTC"


class Reached(NamedTuple):
    """A person whom a call reached, as the vendor says."""

    call: str
    person: SeenPerson
    basis: Basis


def called_id(reached: Reached, pseudonym: str) -> str:
    return f"called|{reached.call}|{pseudonym}|{reached.basis}"


def is_zone(name: str) -> bool:
    """Return whether it names a time zone; what is empty names none."""
    return bool(name) and zone_named(name) is not None


def called_event(reached: Reached, pseudonym: str, zones: Iterable[str]) -> PersonCalled:
    """Return the event. The person is called by the first of these time zones that is one, else by UTC."""
    zone = next(filter(is_zone, zones), "")
    return PersonCalled(
        id=called_id(reached, pseudonym),
        at=0,
        shard=0,
        seq=0,
        call=reached.call,
        person=pseudonym,
        basis=reached.basis,
        zone=zone or UTC,
        zone_assumed=not zone,
    )


def zone_of_shift(page: Page, at: int, routes: Iterable[Route], calendar: Calendar) -> str:
    """Return the time zone of the interval whose shift had the destination of this page paged at `at` (ms).

    It is empty where no shift did, or where its interval has no location of its own: whose clock that
    is, nobody says.
    """
    shifts = (shift for route in routes if route.name == page.route for shift in route.shifts)
    paging = (shift.hours for shift in shifts if page.destination in shift.page)
    return next(filter(None, (calendar.location(hours, at) for hours in paging)), "")


def log_is_due(
    called_at: int, read_at: int | None, seen: SeenIncident, before: KnownStatus | None, now: int
) -> bool:
    """Return whether the log of an incident is to be read: when
    its status has changed, and else ever more rarely, for a day.
    """
    if read_at is None or (before is not None and before.status != seen.status):
        return True
    since = max(SOONEST_READ, read_at - called_at)
    return now - read_at >= since and now - called_at < LOG_READ_FOR


def shifts_since(until: int, now: int) -> int | None:
    """Return since when shifts are to be asked for, None while that is not due. `until` is how far they are
    written.
    """
    if until and now - until < SHIFTS_EVERY:
        return None
    return max(until or now, now - SHIFTS_BACK)


def shift_events(
    shifts: Iterable[SeenShift], since: int, now: int, pseudonyms: Mapping[SeenPerson, str]
) -> Iterator[OnCall]:
    """Yield the stretches that lie between the two times: they are over, so that nothing takes them back."""
    stretches: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for shift in shifts:
        begins = max(since, shift.begins if shift.begins is not None else since)
        ends = min(now, shift.ends if shift.ends is not None else now)
        if begins < ends:
            stretches.setdefault((pseudonyms[shift.person], shift.level), []).append((begins, ends))
    for (person, level), listed in sorted(stretches.items()):
        # Whoever is called first by two policies at once is on call once.
        joined: list[tuple[int, int]] = []
        for begins, ends in sorted(listed):
            if joined and begins <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(ends, joined[-1][1]))
            else:
                joined.append((begins, ends))
        for begins, ends in joined:
            yield OnCall(
                id=f"on_call|{person}|{level}|{begins}",
                at=0,
                shard=0,
                seq=0,
                person=person,
                from_=begins,
                until=ends,
                level=level,
            )
