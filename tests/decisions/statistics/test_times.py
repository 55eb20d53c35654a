"""How long until somebody took an incident, and until it ended."""

from __future__ import annotations

import pytest

from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from tests.decisions.statistics.build import END, START, Story


def ended_after(*lengths: int) -> Story:
    story = Story()
    for number, length in enumerate(lengths):
        story.page(number, f"i{number}")
        story.end(number + length, f"i{number}")
    return story


# MTTR


def test_without_an_incident_there_is_no_time() -> None:
    row = Story().row()
    assert set(row.mttr.because.values()) == set(row.mtta.because.values()) == {"no_incidents"}
    assert (row.mttr.n, row.mttr.median_seconds, row.mtta.median_seconds) == (0, None, None)


def test_the_median_is_the_time_by_which_half_have_ended() -> None:
    mttr = ended_after(MINUTE, 2 * MINUTE, 3 * MINUTE, 40 * MINUTE).row().mttr
    assert (mttr.median_seconds, mttr.p90_seconds, mttr.mean_seconds) == (120, 2400, 690)
    assert (mttr.within_goal.value, mttr.at_least_seconds, mttr.because) == (0.75, None, {})


def test_a_median_that_does_not_exist_is_at_least_the_longest_time_observed() -> None:
    story = ended_after(MINUTE)
    for number in (1, 2):
        story.page(0, f"open{number}")
    mttr = story.row(as_of=START + HOUR).mttr
    assert (mttr.median_seconds, mttr.at_least_seconds, mttr.open) == (None, 3600, 2)
    assert mttr.because == {
        "median_seconds": "not_reached", "p90_seconds": "not_reached", "mean_seconds": "not_followed",
    }  # fmt: skip


def test_nobody_was_followed_to_15_minutes() -> None:
    story = ended_after(MINUTE)
    story.page(0, "open")
    mttr = story.row(as_of=START + 10 * MINUTE).mttr
    assert (mttr.within_goal.value, mttr.because["within_goal"]) == (None, "not_followed")


def test_all_ended_within_the_goal() -> None:
    goal = ended_after(MINUTE, 15 * MINUTE).row().mttr.within_goal
    assert (goal.value, goal.upper) == (1, 1)
    assert goal.lower == pytest.approx(0.342372, abs=1e-5)  # Wilson, 2 of 2


def test_a_mean_is_restricted_to_a_day() -> None:
    assert ended_after(HOUR, 3 * DAY).row().mttr.mean_seconds == (3600 + 86_400) / 2


def test_an_end_before_the_first_firing_counts_as_at_once() -> None:
    story = Story()
    story.page(MINUTE, started_at=START + MINUTE)
    story.end(2 * MINUTE, ended_at=START)
    assert story.row().mttr.median_seconds == 0


def test_an_end_that_was_inferred_is_no_end() -> None:
    story = Story()
    story.page(0)
    story.end(2 * HOUR, how="inferred", last_seen_at=START + HOUR)
    mttr = story.row().mttr
    assert (mttr.n, mttr.inferred, mttr.ended, mttr.at_least_seconds) == (1, 1, 0, 3600)


def test_a_rule_that_was_deleted_leaves_its_incident_open() -> None:
    story = Story()
    story.page(0)
    story.end(2 * HOUR, how="not_recovered", last_seen_at=START + HOUR)
    mttr = story.row().mttr
    assert (mttr.open, mttr.at_least_seconds) == (1, 3600)


def test_the_last_end_counts() -> None:
    story = Story()
    story.page(0)
    story.end(HOUR, how="inferred")
    story.end(2 * HOUR)
    assert story.row().mttr.median_seconds == 7200


def test_a_close_by_hand_is_observed_until_then_and_no_longer() -> None:
    story = Story()
    story.page(0)
    story.close(HOUR)
    mttr = story.row().mttr
    assert (mttr.by_hand, mttr.ended, mttr.at_least_seconds) == (1, 0, 3600)


def test_a_close_whose_alerts_were_seen_to_end_has_their_end() -> None:
    story = Story()
    story.page(0)
    story.close(HOUR)
    story.end(2 * HOUR)
    mttr = story.row().mttr
    assert (mttr.ended, mttr.by_hand, mttr.median_seconds) == (1, 0, 7200)


def test_a_close_that_ran_out_leaves_it_open() -> None:
    story = Story()
    story.page(0)
    story.close(HOUR)
    story.reopen(2 * HOUR, by=None, human=False)
    mttr = story.row(as_of=START + 3 * HOUR).mttr
    assert (mttr.open, mttr.by_hand, mttr.at_least_seconds) == (1, 0, 10_800)


def test_a_close_whose_end_was_never_seen_says_so_in_its_end_too() -> None:
    story = Story()
    story.page(0)
    story.close(HOUR)
    story.end(2 * DAY, how="by_hand", ended_at=None, last_seen_at=START + DAY)
    assert (story.row().mttr.by_hand, story.row().mttr.at_least_seconds) == (1, 3600)


def test_an_incident_that_is_closed_again_is_closed() -> None:
    story = Story()
    story.page(0)
    story.close(HOUR)
    story.reopen(2 * HOUR)
    story.close(3 * HOUR)
    assert story.row().mttr.at_least_seconds == 10_800


# MTTA


def test_an_end_before_anybody_acknowledged_competes() -> None:
    story = ended_after(10 * MINUTE)
    for number, minutes in enumerate((2, 4, 6)):
        story.page(0, f"a{number}")
        story.acknowledge(minutes * MINUTE, f"a{number}")
    mtta = story.row().mtta
    assert (mtta.n, mtta.acknowledged, mtta.ended_before, mtta.open) == (4, 3, 1, 0)
    assert mtta.median_seconds == 240
    assert [(one.seconds, one.acknowledged, one.ended_before) for one in mtta.incidence] == [
        (60, 0, 0), (300, 0.5, 0), (900, 0.75, 0.25), (3600, 0.75, 0.25),
    ]  # fmt: skip


def test_an_acknowledgement_goes_before_an_end_of_the_same_moment() -> None:
    story = ended_after(MINUTE)
    story.acknowledge(MINUTE, "i0")
    assert (story.row().mtta.acknowledged, story.row().mtta.ended_before) == (1, 0)


def test_an_acknowledgement_after_the_end_is_none() -> None:
    story = ended_after(MINUTE)
    story.acknowledge(2 * MINUTE, "i0")
    assert (story.row().mtta.acknowledged, story.row().mtta.ended_before) == (0, 1)


def test_an_acknowledgement_is_timed_by_the_vendors_clock_and_counts_when_it_is_known() -> None:
    story = Story()
    story.page(0)
    story.acknowledge(HOUR, said=MINUTE)
    assert story.row(as_of=START + HOUR - 1).mtta.acknowledged == 0
    assert story.row().mtta.median_seconds == 60


def test_who_took_it_before_it_paged_took_no_time() -> None:
    story = Story()
    story.acknowledge(0)
    story.page(MINUTE)
    assert story.row().mtta.median_seconds == 0


def test_a_close_by_a_person_is_an_acknowledgement_and_one_by_a_program_is_not() -> None:
    story = Story()
    story.page(0, "i1")
    story.close(MINUTE, "i1")
    story.page(0, "i2")
    story.close(MINUTE, "i2", human=False)
    mtta = story.row().mtta
    assert (mtta.acknowledged, mtta.open) == (1, 1)


def test_nobody_knows_more_than_was_observed() -> None:
    story = Story()
    story.page(0)
    mtta = story.row(as_of=START + 10 * MINUTE).mtta
    assert [one.acknowledged for one in mtta.incidence] == [0, 0, None, None]
    assert mtta.because == {"median_seconds": "not_reached", "incidence": "not_followed"}
    assert mtta.at_least_seconds == 600


def test_where_half_ended_before_anybody_came_there_is_no_least_time_either() -> None:
    mtta = ended_after(MINUTE, MINUTE).row().mtta
    assert (mtta.median_seconds, mtta.at_least_seconds) == (None, None)
    assert mtta.because == {"median_seconds": "not_reached", "at_least_seconds": "half_ended_before"}


# Which incidents


def test_an_incident_counts_once_at_its_first_page_with_the_key() -> None:
    story = Story()
    story.page(0, target="pager")
    story.page(10 * MINUTE, target="lead")
    story.page(DAY, target="pager", life=2)
    story.acknowledge(11 * MINUTE)
    rows = story.rows("destination")
    assert rows["pager"].mtta.median_seconds == 660
    assert rows["lead"].mtta.median_seconds == 60
    by_day = story.report(bucket="day", to=START + 2 * DAY).rows
    assert [row.counts.incidents for row in by_day] == [1, 0]
    assert [row.counts.pages for row in by_day] == [2, 1]


def test_a_window_inside_an_incident_has_its_later_pages_and_not_the_incident() -> None:
    story = Story()
    story.page(0)
    story.page(DAY, target="lead")
    story.end(2 * DAY)
    row = story.row(from_=START + HOUR, to=START + DAY + HOUR)
    assert (row.counts.pages, row.counts.incidents, row.mttr.n) == (1, 0, 0)


def test_nothing_is_rounded() -> None:
    story = Story()
    story.page(0, started_at=START)
    story.end(1234 * SECOND + 567)
    assert story.row(to=END).mttr.median_seconds == 1234.567
