"""Whom calls reached and who was on call, by what PagerDuty shows."""

from __future__ import annotations

import pytest

from gateway.decisions.whom_calls_reached import (
    Reached,
    called_event,
    log_is_due,
    shift_events,
    shifts_since,
)
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.vendor_view import KnownStatus, SeenIncident, SeenPerson, SeenShift

NOW = 1_800_000_000_000
ANN = SeenPerson("PANN", "ann")
SEEN = SeenIncident("Q1", "abc.1", "triggered", NOW)


@pytest.mark.parametrize(
    ("zones", "zone", "assumed"),
    [
        (["Asia/Kathmandu", "Europe/Berlin"], "Asia/Kathmandu", False),
        (["UTC"], "UTC", False),
        (["Eastern Time (US & Canada)", "Europe/Berlin"], "Europe/Berlin", False),
        (["Eastern Time (US & Canada)"], "UTC", True),
        ([""], "UTC", True),
        ([], "UTC", True),
    ],
)
def test_a_person_is_called_by_a_zone_that_is_known_and_else_by_utc(
    zones: list[str], zone: str, assumed: bool
) -> None:
    event = called_event(Reached("a|b|1|1|5", ANN, "assigned"), "x1", zones)
    assert (event.id, event.zone, event.zone_assumed) == ("called|a|b|1|1|5|x1|assigned", zone, assumed)


def test_a_log_is_read_ever_more_rarely_and_at_once_when_the_status_has_changed() -> None:
    read_at, due_at = None, []
    for minute in range(2 * 24 * 60):
        now = NOW + minute * MINUTE
        if log_is_due(NOW, read_at, SEEN, None, now):
            due_at.append(minute)
            read_at = now
    assert due_at == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    resolved = SeenIncident("Q1", "abc.1", "resolved", NOW)
    assert log_is_due(NOW, NOW + 3 * DAY, resolved, KnownStatus("triggered", NOW, NOW), NOW + 3 * DAY)


def test_shifts_are_asked_for_every_two_hours_and_not_for_what_was_before_the_first_time() -> None:
    assert shifts_since(0, NOW) == NOW
    assert shifts_since(NOW - HOUR, NOW) is None
    assert shifts_since(NOW - 2 * HOUR, NOW) == NOW - 2 * HOUR
    assert shifts_since(NOW - 30 * DAY, NOW) == NOW - 7 * DAY


def test_stretches_are_cut_to_the_time_and_joined_where_two_policies_name_one_person() -> None:
    shifts = [
        SeenShift(ANN, 1, None, None),
        SeenShift(ANN, 1, NOW - HOUR, NOW + HOUR),
        SeenShift(ANN, 2, NOW - HOUR, NOW - MINUTE),
        SeenShift(SeenPerson("PBOB", "bob"), 1, NOW - 90 * MINUTE, NOW - HOUR),
        SeenShift(SeenPerson("PBOB", "bob"), 1, NOW - MINUTE, None),
        SeenShift(SeenPerson("PEVE", "eve"), 1, NOW, None),
    ]
    pseudonyms = {shift.person: shift.person.name.upper() for shift in shifts}
    events = list(shift_events(shifts, NOW - 2 * HOUR, NOW, pseudonyms))
    assert [(event.person, event.level, event.from_ - NOW, event.until - NOW) for event in events] == [
        ("ANN", 1, -2 * HOUR, 0),
        ("ANN", 2, -HOUR, -MINUTE),
        ("BOB", 1, -90 * MINUTE, -HOUR),
        ("BOB", 1, -MINUTE, 0),
    ]
    assert len({event.id for event in events}) == 4
