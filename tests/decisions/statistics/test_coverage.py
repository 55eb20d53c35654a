"""The intervals cover the truth as often as they say, over simulated months in which the truth is known.

A month has incidents of several pages. Each incident has a share of actionable pages of its own, so that its
pages are alike to some degree: not at all (0), somewhat, or wholly (1).
"""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from gateway.decisions.statistics.corrected import corrected
from gateway.decisions.statistics.precision import precision, sampled_precision
from gateway.model.statistics.events import Trust, Worth
from gateway.model.statistics.facts import Dimensions, Entity, InForce, LabelSummary, PageFact

MONTHS = 1000
TARGET = 0.95
ONES = (1,)
MIXED = (1, 1, 1, 2, 3, 6)
BIG = 40
ANYWHERE, ANYTHING = Dimensions(), Entity()


def share_of_incident(random: Random, share: float, alike: float) -> float:
    if alike == 0:
        return share
    if alike == 1:
        return float(random.random() < share)
    strength = 1 / alike - 1
    return random.betavariate(share * strength, (1 - share) * strength)


def month(
    random: Random, incidents: int, share: float, alike: float, sizes: tuple[int, ...], *, big: bool
) -> list[PageFact]:
    """Return pages that people labelled, each actionable or noise."""
    pages = []
    for number in range(incidents):
        own = share_of_incident(random, share, alike)
        size = BIG if big and number == 0 else random.choice(sizes)
        pages += [
            page(random, f"i{number}", "actionable" if random.random() < own else "noise")
            for _ in range(size)
        ]
    return pages


def page(
    random: Random, incident: str, worth: Worth, implied: Trust | None = None, *, checked: bool = True
) -> PageFact:
    labels = labelled(worth, implied, checked=checked)
    return PageFact(
        "", 0, incident, "pager", 1, ANYWHERE, ANYTHING, random.random(), own=False, labels=labels
    )


@cache
def labelled(worth: Worth, implied: Trust | None, *, checked: bool) -> LabelSummary:
    person = worth if checked else None
    return LabelSummary(in_force=InForce(worth, "person", None), person=person, implied_class=implied)


@pytest.mark.long
@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("alike", [0, 0.5, 1])
@pytest.mark.parametrize(
    ("incidents", "sizes", "big"),
    [
        pytest.param(40, MIXED, False, id="40 incidents"),
        pytest.param(120, ONES, False, id="120 incidents of a page each"),
        pytest.param(120, MIXED, False, id="120 incidents"),
        pytest.param(120, MIXED, True, id="120 incidents, one of them with 40 pages"),
        pytest.param(300, MIXED, True, id="300 incidents, one of them with 40 pages"),
    ],
)
def test_precision_lies_in_its_interval_in_95_months_of_100(
    share: float, alike: float, incidents: int, sizes: tuple[int, ...], big: bool
) -> None:
    random, covered = Random(f"{share} {alike} {incidents} {sizes} {big}"), 0
    for _ in range(MONTHS):
        found = precision(month(random, incidents, share, alike, sizes, big=big), TARGET)
        covered += found.lower is not None and found.upper is not None and found.lower <= share <= found.upper
    assert 0.92 <= covered / MONTHS <= 0.99


@pytest.mark.long
@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("alike", [0, 0.5, 1])
@pytest.mark.parametrize("big", [False, True])
def test_the_sampled_precision_does_as_well(share: float, alike: float, big: bool) -> None:
    random, covered = Random(f"{share} {alike} {big}"), 0
    for _ in range(MONTHS):
        pages = month(random, 300, share, alike, MIXED, big=big)
        found = sampled_precision(pages, TARGET, 0.2)
        covered += found.lower is not None and found.upper is not None and found.lower <= share <= found.upper
    assert 0.92 <= covered / MONTHS <= 0.99


@pytest.mark.long
@pytest.mark.parametrize("alike", [0, 0.5, 1])
@pytest.mark.parametrize("share", [0.6, 0.8])
def test_the_corrected_estimate_covers_what_all_pages_of_the_month_were_worth(
    share: float, alike: float
) -> None:
    """People check one page of ten, at random. The truth is the month's own: the classes' shares are known."""
    random, covered, given = Random(f"{share} {alike}"), 0, 0
    for _ in range(MONTHS):
        pages, actionable = [], 0
        for number in range(300):
            own = share_of_incident(random, share, alike)
            for _ in range(random.choice(MIXED)):
                worth: Worth = "actionable" if random.random() < own else "noise"
                actionable += worth == "actionable"
                checked = random.random() < 0.1
                pages.append(page(random, f"i{number}", worth, guess(random, worth), checked=checked))
        found = corrected(pages)
        if found.lower is not None and found.upper is not None:
            given += 1
            covered += found.lower <= actionable / len(pages) <= found.upper
    assert given > MONTHS / 2
    assert 0.92 <= covered / given <= 0.99


def guess(random: Random, worth: Worth) -> Trust | None:
    """Return what is implied of a page: usually something that fits, sometimes nothing."""
    if random.random() < 0.4:
        return None
    right = random.random() < 0.85
    return "pagerduty_human" if (worth == "actionable") is right else "self_resolved"
