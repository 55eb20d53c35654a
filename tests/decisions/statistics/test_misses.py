"""What was kept quiet, and turned out to matter."""

from __future__ import annotations

import pytest

from gateway.model.durations import DAY, HOUR, MINUTE
from tests.decisions.statistics.build import START, Story

LATER = 3 * HOUR


def paged(story: Story, at: int, incident: str = "later", **more: object) -> None:
    story.label(at + 1, "actionable", story.page(at, incident, **more))


def test_a_page_of_the_same_soon_after_is_a_miss() -> None:
    story = Story()
    story.spell(0, would_tell_at=START + 5 * MINUTE)
    paged(story, HOUR)
    missed = story.row().missed
    assert (missed.spells, missed.misses, missed.by_reason) == (1, 1, {"silenced": 1})
    assert (missed.late_seconds.median, missed.late_seconds.max) == (3300, 3300)
    assert missed.told_share == 0.5


@pytest.mark.parametrize(("at", "misses"), [(0, 0), (1, 1), (2 * HOUR, 1), (2 * HOUR + 1, 0)])
def test_soon_after_means_later_and_within_miss_within(at: int, misses: int) -> None:
    story = Story()
    story.spell(0)
    paged(story, at)
    assert story.row().missed.misses == misses


@pytest.mark.parametrize(
    ("spell", "page", "misses"),
    [
        pytest.param({}, {"thing": "pod-1"}, 1, id="the spell names no thing"),
        pytest.param({"thing": "pod-1"}, {}, 1, id="the page names no thing"),
        pytest.param({"thing": "pod-1"}, {"thing": "pod-1"}, 1, id="both name the same thing"),
        pytest.param({"thing": "pod-1"}, {"thing": "pod-2"}, 0, id="they name two things"),
        pytest.param({"service": "pay"}, {}, 0, id="another service"),
        pytest.param({"scope": "us-1"}, {}, 0, id="another scope"),
        pytest.param({}, {"partition": "tenant-2"}, 0, id="another partition"),
        pytest.param({}, {"target": "lead"}, 1, id="any target will do"),
        pytest.param({}, {"own": True}, 0, id="own alerts show nothing"),
    ],
)
def test_only_the_same_entity_shows_a_miss(spell: dict[str, str], page: dict[str, str], misses: int) -> None:
    story = Story()
    story.spell(0, **spell)
    paged(story, HOUR, **page)
    assert story.row().missed.misses == misses


def test_a_page_that_was_noise_shows_nothing() -> None:
    story = Story()
    story.spell(0)
    story.label(HOUR + 1, "noise", story.page(HOUR))
    assert (story.row().missed.misses, story.row().missed.followed) == (0, 0)


def test_one_page_is_at_most_one_miss_that_of_the_earliest_spell() -> None:
    story = Story()
    story.spell(MINUTE, "e2", reason="muted")
    story.spell(0, "e1", reason="silenced")
    paged(story, HOUR)
    assert story.row().missed.by_reason == {"silenced": 1}


def test_several_pages_make_a_spell_no_more_than_one_miss() -> None:
    story = Story()
    story.spell(0)
    paged(story, HOUR, "a")
    paged(story, HOUR + 1, "b")
    missed = story.row().missed
    assert (missed.misses, missed.followed) == (1, 2)


@pytest.mark.parametrize(("value", "misses"), [("missed", 1), ("actionable", 1), ("noise", 0)])
def test_the_word_of_a_person_makes_a_miss_whenever_it_comes(value: str, misses: int) -> None:
    story = Story()
    story.spell(0, "e1")
    story.label(3 * DAY, value, episode="e1")
    missed = story.row().missed
    assert missed.misses == misses
    assert missed.late_seconds.median is None


def test_a_word_is_about_what_was_quiet_when_it_was_given() -> None:
    story = Story()
    story.label(0, "missed", episode="e1")
    story.spell(1, "e1")
    assert story.row().missed.misses == 0


def test_a_word_after_the_cutoff_makes_no_miss() -> None:
    story = Story()
    story.spell(0, "e1")
    story.label(14 * DAY + 1, "missed", episode="e1")
    assert story.row().missed.misses == 0


def test_a_word_that_was_taken_back_makes_no_miss() -> None:
    story = Story()
    story.spell(0, "e1")
    story.withdraw(3, story.label(2, "missed", episode="e1"))
    assert story.row().missed.misses == 0


def test_an_acknowledgement_of_the_quiet_alert_is_a_miss() -> None:
    story = Story()
    story.spell(0, "e1")
    story.acknowledge(HOUR, episodes=("e0", "e1"))
    story.spell(10 * HOUR, "e2")
    story.acknowledge(11 * HOUR, episodes=("e2",), human=False)
    assert story.row().missed.misses == 1


def test_what_was_paged_already_is_no_spell_that_counts() -> None:
    story = Story()
    story.spell(0, "e1", exempt="known_before")
    story.label(5, "missed", episode="e1")
    paged(story, HOUR)
    missed = story.row().missed
    assert (missed.spells, missed.misses, missed.followed) == (0, 0, 1)


def test_a_spell_whose_time_is_not_over_is_pending_and_not_compared() -> None:
    story = Story()
    story.spell(0)
    paged(story, HOUR)
    missed = story.row(as_of=START + HOUR + 5).missed
    assert (missed.pending, missed.misses, missed.followed) == (1, 1, 0)


def test_as_much_before_as_after_says_that_it_was_chance() -> None:
    story = Story()
    story.spell(LATER, thing="pod-1")
    for number, at in enumerate(
        (LATER - 2 * HOUR, LATER - 1, LATER, LATER + 1, LATER + 2 * HOUR, LATER + 3 * HOUR)
    ):
        paged(story, at, f"i{number}")
    missed = story.row().missed
    assert (missed.followed, missed.mirror, missed.excess) == (2, 2, 0)


def test_a_page_that_follows_two_spells_is_counted_once() -> None:
    story = Story()
    story.spell(0, "e1", thing="pod-1")
    story.spell(1, "e2")
    story.spell(2, "e3", thing="pod-2")
    paged(story, HOUR)
    paged(story, HOUR + 1, "other", thing="pod-2")
    assert story.row().missed.followed == 2


def test_another_rule_that_would_have_hushed_it_too_leaves_the_miss_and_takes_its_delay() -> None:
    story = Story()
    story.spell(0, would_tell_at=None)
    paged(story, HOUR)
    missed = story.row().missed
    assert (missed.misses, missed.late_seconds.median, missed.because) == (
        1,
        None,
        {"late_seconds": "no_spells"},
    )


def test_a_page_before_it_would_have_been_told_is_not_late() -> None:
    story = Story()
    story.spell(0, would_tell_at=START + LATER)
    paged(story, HOUR)
    assert story.row().missed.late_seconds.max == 0
