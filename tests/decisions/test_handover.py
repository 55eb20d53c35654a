"""What a shift leaves to the next: what is open, what changed since it began, and what was made quiet."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from gateway.decisions.handover import Handover, ShiftBegin, hand_over, read_begin, shift_began
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.policy import Policy
from gateway.model.alert import Alert
from gateway.model.controls import Controls, Silence
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.incident import Acknowledgement, Escalation, Snooze
from gateway.model.instants import written
from gateway.model.rules.route import Hours, Shift
from gateway.model.severity import Severity
from gateway.model.time_intervals import TimeInterval
from tests.decisions.cases import acknowledged, alert, closed, incident, route
from tests.support.build import START, rulebook

BEGIN = ShiftBegin(START + HOUR, "as asked")
NOW = START + 3 * HOUR
POLICY = Policy(rulebook())


def snapshot(*alerts: Alert, name: str = "inc", ahead: int = 0, **more: object) -> IncidentSnapshot:
    found = msgspec.structs.replace(incident(*alerts, **more), id=name)
    return IncidentSnapshot(found, {one.episode_id: one for one in alerts}, {}, ahead=ahead)


def handover(*snapshots: IncidentSnapshot, silences: tuple[Silence, ...] = ()) -> Handover:
    return hand_over(snapshots, Controls(1, silences), POLICY, BEGIN, NOW)


def silence(name: str, *, made: int, ends: int) -> Silence:
    return Silence(name, ('alertname="X"',), START + made, START + ends, "ann", created_at=START + made)


def changes(*snapshots: IncidentSnapshot) -> list[list[tuple[int, str]]]:
    found = handover(*snapshots).changed
    return [[(change.at - START, change.what) for change in one.changes] for one in found]


def test_what_is_open_is_listed_the_worst_and_oldest_first() -> None:
    found = handover(
        snapshot(alert("Warns", severity=Severity.WARNING), name="a"),
        snapshot(alert("Late", at=2 * HOUR), name="b", opened_at=START + 2 * HOUR),
        snapshot(alert("Early"), name="c", acknowledged=acknowledged(at=0)),
        snapshot(alert("Over", ended=MINUTE), name="d", resolved_at=START + MINUTE),
    )
    assert [(one.incident, one.title, one.who, one.is_new) for one in found.open] == [
        ("c", "Early", "ann has it", False),
        ("b", "Late", "nobody has it", True),
        ("a", "Warns", "nobody has it", False),
    ]
    assert found.changed == ()


def test_what_happened_before_the_shift_is_no_change() -> None:
    assert changes(snapshot(alert(), acknowledged=acknowledged(at=MINUTE))) == []


def test_what_changed_is_said_in_its_order_the_newest_first() -> None:
    taken = Escalation(
        1, START, Severity.CRITICAL, {0: START + 30 * MINUTE, 1: START + 70 * MINUTE, 2: NOW}, (2,)
    )
    assert changes(
        snapshot(alert(), alert("More", at=90 * MINUTE), acknowledged=acknowledged(at=80 * MINUTE), escalations={"pay": taken}),
        snapshot(alert(ended=2 * HOUR), name="over", opened_at=START + HOUR, resolved_at=START + 2 * HOUR),
        snapshot(alert(), name="hand", closed=closed(at=100 * MINUTE)),
        snapshot(alert(), name="said", acknowledged=Acknowledgement("bob", START + 2 * HOUR, Severity.CRITICAL, note="it is full")),
    ) == [
        [(HOUR, "opened"), (2 * HOUR, "ended")],
        [(2 * HOUR, "taken by bob: it is full")],
        [(100 * MINUTE, "closed by ann")],
        [(70 * MINUTE, "escalated by pay, step 2"), (80 * MINUTE, "taken by ann"), (90 * MINUTE, "1 more alert")],
    ]  # fmt: skip


def test_times_are_those_that_people_read_where_a_clock_was_stepped() -> None:
    (one,) = handover(snapshot(alert(), ahead=HOUR, opened_at=START)).open
    assert (one.opened_at, one.is_new) == (START + HOUR, True)


def test_what_is_snoozed_says_by_whom_and_for_how_long() -> None:
    snooze = Snooze("bob", START + MINUTE, NOW + HOUR, Severity.CRITICAL)
    (one,) = handover(snapshot(alert(), snoozed=snooze)).snoozed
    assert (one.who, one.until) == ("snoozed by bob", NOW + HOUR)


def test_silences_made_since_are_listed_ended_or_not_and_older_ones_that_hold_are_counted() -> None:
    found = handover(
        silences=(
            silence("late", made=2 * HOUR, ends=9 * HOUR),
            silence("soon", made=90 * MINUTE, ends=4 * HOUR),
            silence("over", made=2 * HOUR, ends=2 * HOUR + MINUTE),
            silence("before", made=0, ends=9 * HOUR),
            silence("long over", made=0, ends=2 * HOUR),
        )
    )
    assert ([one.id for one in found.silences], found.earlier_silences) == (["soon", "late", "over"], 1)


def test_what_the_rules_hide_from_vendors_is_hidden() -> None:
    rules = replace(rulebook(), labels=replace(rulebook().labels, redact=frozenset({"service"})))
    found = hand_over([snapshot(alert(service="secret"))], Controls(), Policy(rules), BEGIN, NOW)
    assert "secret" not in found.open[0].title


def interval(begin: str, end: str) -> tuple[TimeInterval, ...]:
    return (TimeInterval.parse({"times": [{"start_time": begin, "end_time": end}]}),)


@pytest.mark.parametrize(
    ("shifts", "at", "because"),
    [
        pytest.param((), START - 9 * HOUR, "the last 12 hours", id="without shifts"),
        pytest.param(("morning",), START - 2 * HOUR, "the interval morning of the shifts began", id="one that holds"),
        pytest.param(("night",), START - 9 * HOUR, "the last 12 hours", id="one that is over"),
        pytest.param(("morning", "early"), START, "the interval early of the shifts began", id="of two the last to begin"),
        pytest.param(("always",), START - 9 * HOUR, "the last 12 hours", id="one that never began"),
    ],
)  # fmt: skip
def test_a_shift_begins_with_the_interval_that_the_rules_name(
    shifts: tuple[str, ...], at: int, because: str
) -> None:
    """START is at 08:00 UTC, and it is 11:00."""
    intervals = {
        "morning": interval("06:00", "14:00"),
        "early": interval("08:00", "12:00"),
        "night": interval("22:00", "24:00"),
        "always": (TimeInterval.parse({}),),
    }
    rules = rulebook(route(shifts=tuple(Shift(Hours((name,)), page=("pager",)) for name in shifts)))
    assert shift_began(Policy(replace(rules, intervals=intervals)), NOW) == ShiftBegin(at, because)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param("09:30", START + 90 * MINUTE, id="a time of the day, in UTC"),
        pytest.param("12:00", START + 4 * HOUR - DAY, id="one that is not yet, of yesterday"),
        pytest.param("09:30 Europe/Berlin", START + 30 * MINUTE, id="by the clock of a zone"),
        pytest.param("8h", NOW - 8 * HOUR, id="how long ago"),
    ],
)
def test_a_begin_is_read_as_people_write_it(text: str, at: int) -> None:
    assert written(START) == "2027-01-15T08:00:00Z"
    assert read_begin(text, NOW) == ShiftBegin(at, "as asked")


@pytest.mark.parametrize("text", ["", "soon", "25:00", "09:30 Nowhere", "8d", "09:30 ../../etc/passwd"])
def test_what_is_no_begin_is_said(text: str) -> None:
    found = read_begin(text, NOW)
    assert isinstance(found, str)
    assert "write it like `since 18:00`" in found
