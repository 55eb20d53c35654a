"""Which pages a label is about, and which are taken for noise because they ended by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.decisions.statistics.giving import covered, resolved_by_themselves
from gateway.model.durations import MINUTE
from gateway.model.statistics.events import Act, IncidentEnd, Page
from tests.decisions.statistics.build import START, Story


def pages_of(story: Story) -> list[Page]:
    return [event for event in story.events if isinstance(event, Page)]


def test_a_label_is_about_the_newest_page_at_each_target() -> None:
    story = Story()
    story.page(0, target="pager")
    story.page(5, target="pager", life=2)
    story.page(3, target="lead")
    assert covered(pages_of(story), START + 9) == ("i1|lead|1", "i1|pager|2")
    assert covered(pages_of(story), START + 4) == ("i1|lead|1", "i1|pager|1")


def test_a_label_of_the_same_moment_is_about_the_page() -> None:
    story = Story()
    story.page(5)
    assert covered(pages_of(story), START + 5) == ("i1|pager|1",)
    assert covered(pages_of(story), START + 4) == ()


def noise(story: Story) -> tuple[str, ...]:
    (end,) = [event for event in story.events if isinstance(event, IncidentEnd)]
    acts = [event for event in story.events if isinstance(event, Act)]
    return resolved_by_themselves(pages_of(story), acts, end, 5 * MINUTE)


def test_each_page_is_judged_by_itself() -> None:
    story = Story()
    story.page(0, target="pager")
    story.page(4 * MINUTE, target="lead")
    story.end(6 * MINUTE)
    assert noise(story) == ("i1|lead|1",)


@pytest.mark.parametrize(("length", "found"), [(5 * MINUTE, 1), (5 * MINUTE + 1, 0), (-MINUTE, 1)])
def test_a_page_has_its_time_and_an_end_before_it_counts_as_at_once(length: int, found: int) -> None:
    story = Story()
    story.page(0)
    story.end(10 * MINUTE, ended_at=START + length)
    assert len(noise(story)) == found


@pytest.mark.parametrize(
    ("act", "found"),
    [
        pytest.param({}, 0, id="a person acknowledged it"),
        pytest.param({"human": False}, 1, id="a program acknowledged it"),
        pytest.param({"at": 2 * MINUTE}, 1, id="after its end was known"),
    ],
)
def test_what_a_person_has_touched_did_not_end_by_itself(act: dict[str, Any], found: int) -> None:
    story = Story()
    story.page(0)
    story.end(2 * MINUTE, ended_at=START + MINUTE)
    story.acknowledge(act.pop("at", 90_000), **act)
    assert len(noise(story)) == found


@pytest.mark.parametrize("how", ["inferred", "by_hand", "not_recovered"])
def test_an_end_that_nobody_saw_says_nothing(how: str) -> None:
    story = Story()
    story.page(0)
    story.end(MINUTE, how=how)
    assert noise(story) == ()
