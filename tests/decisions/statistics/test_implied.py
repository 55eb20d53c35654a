"""How far implied labels agree with people, and what people's words say of all pages."""

from __future__ import annotations

import pytest

from gateway.model.statistics.rows import PairTable
from tests.decisions.statistics.build import Story


def judged(*pairs: tuple[str, str, int]) -> Story:
    """Tell of pages with an implied and a person's label; so many incidents of each pair."""
    story, number = Story(), 0
    for implied, said, times in pairs:
        for _ in range(times):
            number += 1
            page = story.page(number, f"i{number}")
            trust = "pagerduty_human" if implied == "actionable" else "self_resolved"
            story.label(number, implied, page, trust=trust)
            if said:
                story.label(number + 1, said, page)
    return story


def test_kappa_is_the_agreement_beyond_chance() -> None:
    story = judged(
        ("actionable", "actionable", 20), ("actionable", "noise", 5), ("noise", "actionable", 10), ("noise", "noise", 15)
    )  # fmt: skip
    found = story.row().implied
    assert found.table == PairTable(20, 5, 10, 15)
    assert (found.pairs, found.agreement) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)  # the example of Wikipedia's article on Cohen's kappa


def test_fewer_than_20_pairs_are_too_few() -> None:
    found = judged(("actionable", "noise", 19)).row().implied
    assert (found.agreement, found.kappa, found.because) == (0, None, {"kappa": "too_few"})


def test_kappa_has_no_meaning_where_a_side_has_one_value() -> None:
    found = judged(("actionable", "actionable", 15), ("actionable", "noise", 10)).row().implied
    assert (found.agreement, found.kappa, found.because) == (0.6, None, {"kappa": "degenerate"})


def test_without_a_pair_there_is_no_agreement() -> None:
    found = Story().row().implied
    assert (found.pairs, found.agreement, found.because) == (
        0,
        None,
        {"agreement": "too_few", "kappa": "too_few"},
    )


def test_an_incident_is_one_pair_that_of_its_earliest_page_with_both() -> None:
    story = Story()
    story.label(5, "noise", story.page(0, target="a"))
    for at, said in ((1, "actionable"), (2, "noise")):
        page = story.page(at, target=f"b{at}")
        story.label(5, "noise", page, trust="self_resolved")
        story.label(6, said, page)
    assert story.row().implied.table == PairTable(noise_actionable=1)


def test_the_corrected_estimate_weighs_each_class_by_its_pages() -> None:
    story = judged(
        ("actionable", "actionable", 9), ("actionable", "noise", 1), ("noise", "noise", 5), ("noise", "", 15)
    )
    found = story.row().corrected
    assert found.strata is not None
    assert [
        (stratum.class_, stratum.pages, stratum.checked, stratum.actionable) for stratum in found.strata
    ] == [
        ("pagerduty_human", 10, 10, 9),
        ("slack_ack_note", 0, 0, 0),
        ("self_resolved", 20, 5, 0),
        ("none", 0, 0, 0),
    ]
    assert found.value == pytest.approx(10 / 30 * 0.9)
    # By hand: e of the first class is 10 / max(1, v·n/(p(1−p))) = 9, p̃ = (8.1 + 1) / 11; of the second
    # e = 5, p̃ = 1 / 7.
    first, second = 9.1 / 11, 1 / 7
    half = 1.96 * ((1 / 3) ** 2 * first * (1 - first) / 9 + (2 / 3) ** 2 * second * (1 - second) / 5) ** 0.5
    assert (found.lower, found.upper) == pytest.approx((max(0, 0.3 - half), 0.3 + half))


def test_a_class_that_hardly_anybody_checked_leaves_the_estimate_open() -> None:
    story = judged(("actionable", "actionable", 30), ("noise", "noise", 4))
    assert story.row().corrected.because == dict.fromkeys(("value", "lower", "upper"), "too_few_checked")


def test_a_class_without_pages_does_not_matter() -> None:
    assert judged(("actionable", "actionable", 5)).row().corrected.value == 1


def test_without_pages_there_is_nothing_to_correct() -> None:
    assert set(Story().row().corrected.because.values()) == {"no_pages"}
