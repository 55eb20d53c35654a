"""Precision, over all labelled pages and over the sample."""

from __future__ import annotations

import pytest

from tests.decisions.statistics.build import Story, labelled


def test_without_a_page_nothing_can_be_said() -> None:
    found = Story().row().precision
    assert (found.value, found.coverage, found.bound_low, found.verdict) == (None, None, None, "no_labels")
    assert set(found.because.values()) == {"no_pages"}


def test_without_a_label_only_the_outer_bounds_are_known() -> None:
    found = labelled("-", "-").row().precision
    assert (found.value, found.lower, found.upper, found.n_effective) == (None, None, None, None)
    assert (found.coverage, found.bound_low, found.bound_high, found.verdict) == (0, 0, 1, "no_labels")
    assert found.because == dict.fromkeys(("value", "lower", "upper", "n_effective"), "no_labels")


@pytest.mark.parametrize(
    ("value", "exact", "verdict"), [("a", "upper", "undecided"), ("n", "lower", "missed")]
)
def test_where_all_are_alike_one_bound_is_exact(value: str, exact: str, verdict: str) -> None:
    found = labelled(*[value] * 10).row().precision
    assert getattr(found, exact) == found.value
    assert found.verdict == verdict


def test_95_percent_is_met_from_73_incidents_on() -> None:
    assert labelled(*["a"] * 72).row().precision.verdict == "undecided"
    assert labelled(*["a"] * 73).row().precision.verdict == "met"


def test_one_incident_with_40_pages_is_one_piece_of_evidence() -> None:
    alone = labelled("a" * 40).row().precision
    assert (alone.n, alone.clusters, alone.n_effective, alone.verdict) == (40, 1, 1, "undecided")
    among_others = labelled("a" * 40, *["a", "n"] * 10).row().precision
    assert among_others.n == 60
    assert among_others.n_effective is not None
    assert among_others.n_effective < 3


def test_what_is_not_labelled_may_be_either() -> None:
    found = labelled("a-", "n", "-").row().precision
    assert (found.value, found.coverage, found.bound_low, found.bound_high) == (0.5, 0.5, 0.25, 0.75)


def test_own_alerts_are_no_pages() -> None:
    story = Story()
    story.label(2, "noise", story.page(0, own=True))
    story.call(1, "i1|pager|1")
    row = story.row()
    assert (row.counts.pages, row.precision.n, row.counts.calls, row.counts.own) == (0, 0, 1, 1)


def test_the_target_is_that_of_the_rules() -> None:
    story = labelled(*["a"] * 30)
    story.rules(0, target=0.5)
    assert (story.row().precision.target, story.row().precision.verdict) == (0.5, "met")


def sampled(answers: int, drawn: int, trust: str = "person") -> Story:
    story = Story()
    for number in range(drawn):
        page = story.page(number, f"i{number}", draw=0.01)
        if number < answers:
            story.label(number, "actionable", page, trust=trust)
    story.label(5, "noise", story.page(0, "other", draw=0.9))
    return story


def test_the_sample_is_of_drawn_pages_alone() -> None:
    found = sampled(10, 10).row().precision_sampled
    assert (found.pages, found.n, found.value, found.coverage) == (10, 10, 1, 1)


@pytest.mark.parametrize(("answers", "because"), [(80, {}), (79, {"verdict": "few_answered"})])
def test_a_sample_that_few_answered_proves_nothing(answers: int, because: dict[str, str]) -> None:
    story = sampled(answers, 100)
    story.rules(0, target=0.5)
    found = story.row().precision_sampled
    assert (found.verdict, found.because) == ("undecided" if because else "met", because)


def test_the_sample_counts_the_words_of_people_alone() -> None:
    found = sampled(10, 10, trust="pagerduty_human").row().precision_sampled
    assert (found.pages, found.n, found.verdict) == (10, 0, "no_labels")
