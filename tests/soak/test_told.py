from __future__ import annotations

from tests.soak.alerts import Life
from tests.soak.told import Telling, beyond, uncovered

LIVES = [Life("p1", 10, 60), Life("p1", 110, 160)]


def test_each_life_has_to_be_told() -> None:
    assert uncovered(LIVES, [Telling("p1", 11, 62), Telling("p1", 112, 161)]) == 0
    assert uncovered(LIVES, [Telling("p1", 11, 62)]) == 1
    assert uncovered(LIVES, [Telling("p2", 11, 161)]) == 2


def test_one_telling_is_of_two_lives_where_the_first_end_came_late() -> None:
    assert uncovered(LIVES, [Telling("p1", 11, 161)]) == 0


def test_what_is_told_after_a_life_was_over_is_not_of_it() -> None:
    assert uncovered(LIVES[:1], [Telling("p1", 61, 62)]) == 1


def test_what_is_told_beyond_one_of_each_life_is_doubled() -> None:
    assert beyond(LIVES, [Telling("p1", 11, 62), Telling("p1", 112, 161), Telling("p1", 112, 161)]) == 1
    assert beyond(LIVES, [Telling("own alert", 11)]) == 0
