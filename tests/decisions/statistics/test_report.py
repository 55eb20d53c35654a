"""The report as a whole: rows, keys, others and the total, and what holds for every history."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.decisions.statistics.report import report
from gateway.model.durations import DAY, HOUR
from gateway.model.statistics.history import History
from gateway.model.statistics.report import Report
from gateway.model.statistics.request import By, Viewer
from gateway.model.statistics.rows import Row, Why
from tests.decisions.statistics.build import END, START, Story, asking_for
from tests.decisions.statistics.histories import random_story

ADMINISTRATOR = Viewer(administers=True)
CUTS = get_args(By)
DAYS = 28


def test_a_report_of_nothing_says_why_each_figure_is_not_there() -> None:
    found = Story().report()
    assert (found.rules_revision, found.basis, found.exact_since, found.complete) == (
        None,
        "exact",
        None,
        True,
    )
    assert (found.rows[0].key, found.rows[0].bucket_start, found.other) == (None, None, None)


def test_the_settings_are_those_of_the_newest_rules_at_that_time() -> None:
    story = Story()
    story.rules(0, revision="old", cutoff=DAY)
    story.rules(HOUR, revision="new", cutoff=2 * DAY, miss_within=HOUR)
    found = story.report(as_of=START + HOUR)
    assert (found.rules_revision, found.cutoff_seconds, found.miss_within_seconds) == ("new", 172_800, 3600)
    assert story.report(as_of=START + HOUR - 1).rules_revision == "old"


def test_what_was_dropped_is_said() -> None:
    found = report(History(missing=("over_cap",)), asking_for())
    assert (found.complete, found.incomplete_because) == (False, ("over_cap",))


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("alertname", ["ErrorRate", "Slow"]),
        ("correlate_rule", ["same-service", None]),
        ("route", ["everything"]),
        ("team", ["shop", None]),
        ("destination", ["pager"]),
        ("service", ["cart", "pay"]),
        ("severity", ["critical"]),
        ("hour", ["00", "23"]),
    ],
)
def test_rows_stand_by_their_keys_and_those_without_last(by: str, keys: list[str | None]) -> None:
    story = Story()
    story.page(23 * HOUR, "i1", service="pay", alertname="Slow")
    story.page(0, "i2", team=None, correlate_rule=None)
    assert [row.key for row in story.report(by=by).rows] == keys


def test_hours_of_calls_are_their_own_and_hours_are_those_of_the_zone() -> None:
    story = Story()
    story.page(HOUR, "i1")
    story.call(2 * HOUR, story.page(0, "i2"))
    story.call(0, "i2|pager|1")
    rows = story.rows("hour", tz="Asia/Tokyo")
    assert {key: (row.counts.pages, row.counts.calls) for key, row in rows.items()} == {
        "09": (1, 1),
        "10": (1, 0),
    }


def test_a_call_has_the_key_of_its_page_and_its_own_time() -> None:
    story = Story()
    story.call(5 * DAY, story.page(-DAY, service="cart"), "rise")
    story.page(5 * DAY, "i2", service="cart")
    (row,) = story.report(by="service").rows
    assert (row.counts.pages, row.counts.calls, row.counts.calls_by_kind.rise) == (1, 1, 1)


def test_a_rise_that_rings_again_is_one_page_and_two_calls() -> None:
    story = Story()
    page = story.page(0)
    story.call(0, page)
    story.call(HOUR, page, "rise")
    counts = story.row().counts
    assert (counts.incidents, counts.pages, counts.calls) == (1, 1, 2)


def test_a_call_that_was_confirmed_later_is_confirmed() -> None:
    story = Story()
    page = story.page(0)
    story.call(0, page, confirmed=False)
    story.confirm(HOUR, story.call(0, page, confirmed=False))
    assert (story.row().counts.confirmed, story.row().counts.unconfirmed) == (1, 1)


def test_a_settlement_that_was_tried_again_is_counted_once() -> None:
    story = Story()
    story.call(0, story.page(0), id="attempt-1")
    doubled = replace(story.history(), events=(*story.events, *story.events))
    assert report(doubled, asking_for()) == story.report()


def test_beyond_200_keys_the_most_frequent_stay_and_the_others_are_one_row() -> None:
    story = Story()
    for number in range(203):
        story.page(number, f"i{number}", alertname=f"A{number:03}")
    for number in (200, 201):
        story.page(5 * DAY, f"x{number}", alertname=f"A{number}")
    found = story.report(by="alertname", bucket="day")
    keys = {row.key for row in found.rows}
    assert (len(keys), found.other_values) == (200, 3)
    assert {"A200", "A201"} <= keys
    assert keys.isdisjoint({"A198", "A199", "A202"})
    assert found.other is not None
    assert (found.other.counts.pages, found.other.counts.incidents, found.other.bucket_start) == (3, 3, None)


def test_the_total_is_computed_and_not_summed() -> None:
    story = Story()
    story.page(0, "i1", target="pager")
    story.page(1, "i1", target="lead")
    found = story.report(by="destination")
    assert [row.counts.incidents for row in found.rows] == [1, 1]
    assert found.total.counts.incidents == 1


def test_instants_are_in_utc_and_not_rounded() -> None:
    found = Story().report(from_=START + 1, to=END, tz="Europe/Berlin")
    assert (found.from_, found.to) == ("2026-12-01T00:00:00.001Z", "2026-12-29T00:00:00Z")


def test_the_json_has_the_contracts_names() -> None:
    said = json.loads(msgspec.json.encode(Story().report()))
    assert list(said) == [
        "schema", "from", "to", "as_of", "tz", "by", "bucket", "cutoff_seconds", "miss_within_seconds", "sample", "seed",
        "rules_revision", "basis", "exact_since", "complete", "incomplete_because", "other_values", "rows", "other", "total",
    ]  # fmt: skip
    assert said["total"]["corrected"]["strata"][3] == {
        "class": "none",
        "pages": 0,
        "checked": 0,
        "actionable": 0,
    }


# What holds for every history

SEEDS = st.integers(0, 10**9)


def story_of(seed: int, days: int = DAYS, incidents: int = 30, **more: object) -> Story:
    return random_story(Random(seed), days, incidents, **{"persons": "all", **more})


def asked_of(story: Story, **more: Any) -> Report:
    return story.report(**{"viewer": ADMINISTRATOR, "as_of": START + 60 * DAY, **more})


@settings(max_examples=25)
@given(
    SEEDS, st.sampled_from(CUTS), st.sampled_from(["day", "week"]), st.sampled_from(["UTC", "America/Havana"])
)
def test_buckets_add_up(seed: int, by: str, bucket: str, tz: str) -> None:
    story = story_of(seed)
    window = {"from_": START + 3 * DAY + HOUR, "to": START + 24 * DAY + 5 * HOUR}
    whole = {row.key: additive(row) for row in asked_of(story, by=by, tz=tz, **window).rows}
    summed: dict[str | None, list[float]] = {key: [0] * len(values) for key, values in whole.items()}
    for row in asked_of(story, by=by, bucket=bucket, tz=tz, **window).rows:
        summed[row.key] = [a + b for a, b in zip(summed[row.key], additive(row), strict=True)]
    for key, values in whole.items():
        # Calls, pairs and spells of a bucket without a page have no row.
        exact = values if by == "none" else values[:OF_PAGES]
        assert summed[key][: len(exact)] == pytest.approx(exact)


OF_PAGES = 10


def additive(row: Row) -> list[float]:
    """Return the figures that add up over buckets; first those that only pages make."""
    labels, by_hour = row.labels, row.load.by_hour or ()
    of_pages = [
        row.counts.pages, row.counts.incidents, labels.actionable, labels.noise, labels.late, labels.withdrawn,
        row.precision_sampled.pages, row.mttr.n, row.mtta.acknowledged, row.mttr.ended,
    ]  # fmt: skip
    rest = [
        row.counts.calls, row.missed.spells, row.missed.misses, row.mtbf.failures or 0, row.mtbf.up_seconds or 0,
        row.load.on_call_seconds or 0, row.load.over_budget, *by_hour,
    ]  # fmt: skip
    return [float(value or 0) for value in (*of_pages, *rest)]


@settings(max_examples=25)
@given(SEEDS, st.integers(0, 45), st.sampled_from(CUTS))
def test_an_old_report_can_be_made_again(seed: int, days: int, by: str) -> None:
    story = story_of(seed)
    as_of = START + days * DAY + 12_345
    then = Story()
    then.events = [event for event in story.events if event.at <= as_of]
    assert asked_of(story, as_of=as_of, by=by) == asked_of(then, as_of=as_of, by=by)


@settings(max_examples=25)
@given(SEEDS, st.randoms(use_true_random=False), st.sampled_from(CUTS))
def test_the_order_in_which_events_are_read_does_not_matter(seed: int, random: Random, by: str) -> None:
    story = story_of(seed)
    shuffled = Story()
    shuffled.events = random.sample(story.events, len(story.events))
    assert asked_of(shuffled, by=by, bucket="week") == asked_of(story, by=by, bucket="week")


@settings(max_examples=25)
@given(SEEDS, st.sampled_from(CUTS))
def test_events_of_several_shards_are_one_history(seed: int, by: str) -> None:
    story, spread = story_of(seed), Story()
    spread.events = [
        msgspec.structs.replace(event, shard=number % 3, seq=number)
        for number, event in enumerate(story.events)
    ]
    assert asked_of(spread, by=by) == asked_of(story, by=by)


WORDS = get_args(Why)
UNNEEDED = {"at_least_seconds"}  # it stands in for a value; where the value is there, nothing is missing


@settings(max_examples=25)
@given(SEEDS, st.integers(0, 40), st.sampled_from(CUTS), st.sampled_from(["all", "team", "self", "off"]))
def test_every_figure_that_is_missing_has_a_reason_and_no_other_has(
    seed: int, incidents: int, by: str, persons: str
) -> None:
    found = asked_of(story_of(seed, incidents=incidents, persons=persons), by=by, bucket="week")
    rows = [*found.rows, found.total]
    for row in json.loads(msgspec.json.encode(rows)):
        for name in (
            "precision",
            "precision_sampled",
            "implied",
            "corrected",
            "missed",
            "mtta",
            "mttr",
            "mtbf",
            "load",
        ):
            block = row[name]
            because = block.pop("because")
            missing = {field for field, value in block.items() if is_missing(value)}
            assert missing - UNNEEDED <= because.keys() <= missing | {"verdict"}, (name, block, because)
            assert set(because.values()) <= set(WORDS)


def is_missing(value: object) -> bool:
    if isinstance(value, dict):
        return None in value.values()
    if isinstance(value, list):
        return any(isinstance(item, dict) and None in item.values() for item in value)
    return value is None


@settings(max_examples=25)
@given(SEEDS, st.sampled_from(CUTS))
def test_shares_lie_between_0_and_1_and_their_intervals_hold_them(seed: int, by: str) -> None:
    found = asked_of(story_of(seed), by=by)
    for row in (*found.rows, found.total):
        for block in (row.precision, row.precision_sampled, row.corrected, row.mttr.within_goal):
            if block.value is not None:
                assert block.lower is not None
                assert block.upper is not None
                assert 0 <= block.lower <= block.value + 1e-12 <= block.upper + 2e-12 <= 1 + 3e-12
        for share in (row.precision.bound_low, row.precision.bound_high, row.missed.told_share):
            assert share is None or 0 <= share <= 1
