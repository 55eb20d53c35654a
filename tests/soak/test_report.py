from __future__ import annotations

from itertools import islice
from pathlib import Path

from tests.soak.alerts import Endless, in_turn, own, paged
from tests.soak.memory import KIB, MIB, Point, Series, slope
from tests.soak.report import BEGIN, END, missed, row, write
from tests.soak.run import Soak
from tests.soak.told import Told


def grows(name: str, by: float) -> Series:
    """A series that grows by so many KiB a minute once it is settled, and by far more before."""
    points = [
        Point(minute, 100 * MIB - max(0, 10 - minute) * MIB + minute * by * KIB) for minute in range(31)
    ]
    return Series(name, points)


def test_a_slope_is_that_of_the_line_through_all_points() -> None:
    assert slope([Point(0, 10), Point(1, 12), Point(2, 14)]) == 2
    assert slope([Point(0, 10), Point(1, 20), Point(2, 10)]) == 0
    assert slope([Point(3, 10)]) == 0


def test_growth_before_everything_is_there_is_no_leak() -> None:
    assert round(grows("gateway", 40).slope(10)) == 40
    assert missed(Soak(30, kept=grows("gateway", 40))) == []


def test_growth_over_the_goal_and_what_was_not_told_is_missed() -> None:
    found = Soak(30, store=grows("store", 60), told=Told(lost=1, doubled=0, owing=("p1", "p2")))
    assert missed(found) == ["1 lost", "2 ends owed", "the store grows by 60 KiB a minute, goal 50"]


def test_own_alerts_are_shown_and_missed_where_they_go_on() -> None:
    behind = "GatewayBehind (webhook)"
    over = Soak(30, told=Told(0, 0, own=(behind, behind)))
    assert missed(over) == []
    assert f"| {behind} 2 |" in row(over, 1.0)
    going_on = Soak(30, told=Told(0, 0, own=(behind,), standing=(behind,)))
    assert missed(going_on) == ["1 own alerts that go on"]


def test_the_row_of_a_run_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    document.write_text(f"before\n{BEGIN}{END}after\n", "utf-8")
    write(Soak(3), 1.0, document)
    write(Soak(30), 1.0, document)
    text = document.read_text("utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")][1:] == ["30"]


def test_as_many_fire_at_any_time_and_each_ends_before_it_fires_again() -> None:
    firing: set[str] = set()
    for endless, fires in islice(in_turn(paged()), 7_001):
        assert (endless.name in firing) is not fires
        (firing.add if fires else firing.discard)(endless.name)
    assert len(firing) in (500, 501)


def test_the_set_of_alerts_is_fixed() -> None:
    alerts: list[Endless] = [*paged(), *own()]
    assert len({one.name for one in alerts}) == 2_000
    assert len({one.service for one in alerts if one.begins}) == 1_050
