"""Whom pages called and when, and who may see it."""

from __future__ import annotations

from datetime import datetime

import pytest

from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.statistics.request import Viewer
from tests.decisions.statistics.build import START, Story

ANN = Viewer("ann")
ADMINISTRATOR = Viewer(administers=True)


def called(*calls: tuple[int, str], zone: str = "UTC", persons: str = "all", **page: object) -> Story:
    story = Story()
    story.rules(-DAY, persons=persons)
    for number, (at, person) in enumerate(calls):
        call = story.call(at, story.page(at, f"i{number}", **page))
        story.person(at, call, person, zone=zone)
    return story


def test_hours_are_those_of_the_persons_clock() -> None:
    # 16:30 UTC is 22:15 in Kathmandu, which is 5 h 45 min ahead and has no summer time.
    load = called((16 * HOUR + 30 * MINUTE, "ann"), zone="Asia/Kathmandu").row().load
    assert load.by_hour is not None
    assert (load.by_hour[22], sum(load.by_hour), load.night) == (1, 1, 1)


@pytest.mark.parametrize(
    ("at", "hour"),
    [
        pytest.param("2026-03-29T00:59:59+00:00", 6, id="before the clocks of the report's zone go forward"),
        pytest.param("2026-03-29T01:15:00+00:00", 7, id="after they went forward"),
        pytest.param("2026-10-25T00:59:59+00:00", 6, id="before they go back"),
        pytest.param("2026-10-25T01:15:00+00:00", 7, id="after they went back"),
    ],
)
def test_a_person_in_kathmandu_is_not_moved_by_the_clocks_of_berlin(at: str, hour: int) -> None:
    moment = int(datetime.fromisoformat(at).timestamp() * 1000)
    story = called((moment - START, "ann"), zone="Asia/Kathmandu")
    story.rules(-400 * DAY, persons="all")
    window = {"from_": moment - DAY, "to": moment + DAY, "as_of": START}
    load = story.row(**window, tz="Europe/Berlin").load
    assert load.by_hour is not None
    assert load.by_hour.index(1) == hour


@pytest.mark.parametrize(("hour", "night"), [(22, 1), (23, 1), (0, 1), (6, 1), (7, 0), (21, 0)])
def test_the_night_is_from_22_to_7(hour: int, night: int) -> None:
    assert called((hour * HOUR, "ann")).row().load.night == night


def test_the_weekend_is_saturday_and_sunday() -> None:
    tuesday = [(day * DAY + 12 * HOUR, "ann") for day in range(7)]
    assert called(*tuesday).row().load.weekend == 2


def test_a_pair_that_is_known_twice_is_one_and_notified_is_worth_more() -> None:
    story = called((0, "ann"))
    call = next(event.id for event in story.events if type(event).__name__ == "Call")
    story.person(1, call, "ann", basis="assigned", zone="Asia/Tokyo")
    load = story.row().load
    assert (load.by_hour and sum(load.by_hour), load.basis) == (1, "notified")
    story.person(2, call, "bob", basis="assigned")
    assert story.row().load.basis == "assigned"


def test_a_call_is_over_the_budget_if_more_lie_in_its_stretch_of_time() -> None:
    load = (
        called((0, "ann"), (HOUR, "ann"), (2 * HOUR, "ann"), (12 * HOUR, "ann"), (2 * HOUR, "bob")).row().load
    )
    # The call at 12:00 is the third in (00:00, 12:00].
    assert load.over_budget == 2


def test_calls_before_the_window_use_up_the_budget_too() -> None:
    story = called((-HOUR, "ann"), (-1, "ann"), (HOUR, "ann"))
    assert (story.row().load.over_budget, story.row().counts.calls) == (1, 1)


def test_shifts_that_overlap_count_once_and_only_their_calls() -> None:
    story = called((HOUR, "ann"), (20 * HOUR, "ann"), (HOUR, "bob"))
    story.on_call(0, 6 * HOUR)
    story.on_call(4 * HOUR, 12 * HOUR)
    story.on_call(0, 20 * HOUR, "bob", level=2)
    load = story.row().load
    assert (load.on_call_seconds, load.calls_per_12h) == (12 * 3600, 1)


def test_shifts_are_cut_to_the_window() -> None:
    story = called()
    story.on_call(-DAY, DAY)
    load = story.row(as_of=START + 30 * DAY).load
    assert (load.on_call_seconds, load.calls_per_12h) == (86_400, 0)


def test_without_a_shift_there_is_no_rate() -> None:
    load = called((0, "ann")).row().load
    assert load.because == {"on_call_seconds": "no_shifts", "calls_per_12h": "no_shifts"}


def test_own_and_doubled_calls_are_load_all_the_same() -> None:
    story = called((0, "ann"), own=True)
    story.person(2, story.call(1, "i0|pager|1", duplicate=True))
    row = story.row()
    assert (row.load.by_hour and sum(row.load.by_hour), row.counts.duplicates) == (2, 1)


# Who may see it


def test_persons_that_are_off_are_off() -> None:
    load = called((0, "ann"), persons="off").row(viewer=ADMINISTRATOR).load
    assert (load.persons, load.night, load.because["night"]) == ("off", None, "persons_off")


def test_where_nobody_says_who_was_called_persons_are_unavailable() -> None:
    load = called().row(viewer=ADMINISTRATOR).load
    assert (load.persons, load.because["by_hour"]) == ("unavailable", "persons_unavailable")


def test_with_self_each_sees_only_oneself() -> None:
    story = called((0, "ann"), (HOUR, "bob"), (2 * HOUR, "ann"), persons="self")
    story.on_call(0, HOUR)
    story.on_call(0, 5 * HOUR, "bob")
    load = story.row(viewer=ANN).load
    assert (load.by_hour and sum(load.by_hour), load.on_call_seconds) == (2, 3600)
    assert story.row(viewer=ADMINISTRATOR).load.persons == "off"
    assert list(story.rows("person", viewer=ANN)) == ["ann"]
    assert list(story.rows("person", viewer=ADMINISTRATOR)) == []


def test_names_are_for_administrators_of_a_team_that_shows_all() -> None:
    story = called((0, "ann"), (HOUR, "bob"))
    assert list(story.rows("person", viewer=ADMINISTRATOR)) == ["ann", "bob"]
    assert list(story.rows("person", viewer=ANN)) == ["ann"]
    assert list(story.rows("person")) == []


def test_a_row_of_a_person_has_the_pages_that_called_them_and_their_shifts() -> None:
    story = called((0, "ann"), (HOUR, "bob"))
    story.on_call(0, HOUR)
    story.on_call(0, 5 * HOUR, "bob")
    story.page(3 * HOUR, "nobody")
    rows = story.rows("person", viewer=ADMINISTRATOR)
    assert {key: (row.counts.pages, row.counts.calls, row.load.on_call_seconds) for key, row in rows.items()} == {
        "ann": (1, 1, 3600), "bob": (1, 1, 18_000), None: (1, 0, None),
    }  # fmt: skip


def team(*sizes: int) -> Story:
    """Tell of services, each of which called so many persons."""
    story = Story()
    story.rules(-DAY, persons="team")
    for number, size in enumerate(sizes):
        page = story.page(number, f"i{number}", service=f"s{number}")
        call = story.call(number, page)
        for person in range(size):
            story.person(number, call, f"p{person}")
    return story


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        pytest.param((4, 5), [True, True], id="four are enough"),
        pytest.param((3, 5, 6), [False, False, True], id="one hidden row hides the next smallest"),
        pytest.param((3, 5, 2), [False, True, False], id="two hidden rows hide each other"),
        pytest.param((3,), [False], id="alone it hides itself"),
    ],
)
def test_with_team_sums_of_fewer_than_four_are_hidden(sizes: tuple[int, ...], shown: list[bool]) -> None:
    rows = team(*sizes).rows("service")
    assert [row.load.by_hour is not None for row in rows.values()] == shown
    assert {row.load.because.get("night") for row in rows.values() if row.load.by_hour is None} <= {
        "under_four"
    }


@pytest.mark.parametrize(("size", "shown"), [(3, False), (4, True)])
def test_with_team_the_total_needs_four_as_well(size: int, shown: bool) -> None:
    assert (team(size).report().total.load.night is not None) is shown


def test_with_team_shifts_of_fewer_than_four_are_hidden_too() -> None:
    story = team(5)
    for person in range(3):
        story.on_call(0, HOUR, f"p{person}")
    load = story.report().total.load
    assert (load.night, load.on_call_seconds, load.because) == (
        5, None, {"on_call_seconds": "under_four", "calls_per_12h": "under_four"},
    )  # fmt: skip
    story.on_call(0, HOUR, "p4")
    assert story.report().total.load.on_call_seconds == 4 * 3600
