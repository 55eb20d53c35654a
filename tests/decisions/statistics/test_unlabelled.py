"""Which pages of the sample people are asked to judge."""

from __future__ import annotations

from gateway.decisions.statistics.unlabelled import drawn_unlabelled
from tests.decisions.statistics.build import Story


def asked_for(story: Story, sample: float = 1) -> list[str]:
    return [page.id for page in drawn_unlabelled(story.events, sample)]


def test_people_are_asked_for_drawn_pages_that_no_person_has_judged_the_oldest_first() -> None:
    story = Story()
    newer, older = story.page(20, "i2"), story.page(10, "i1")
    judged = story.page(5, "i3")
    story.page(6, "i4", own=True)
    story.page(7, "i5", draw=0.9)
    story.label(30, "noise", judged)
    story.label(31, "noise", older, trust="self_resolved")
    assert asked_for(story, sample=0.6) == [older, newer]


def test_a_page_whose_label_was_taken_back_is_asked_for_again() -> None:
    story = Story()
    page = story.page(5)
    story.withdraw(8, story.label(7, "noise", page))
    assert asked_for(story) == [page]
