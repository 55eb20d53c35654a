"""A compacted day gives the same figures as its events did."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from gateway.decisions.statistics.compact import compact
from gateway.decisions.statistics.due_days import with_day
from gateway.decisions.statistics.report import report
from gateway.model.durations import DAY, HOUR
from gateway.model.statistics.compacted import dump_day, load_day
from gateway.model.statistics.facts import Unnamed
from gateway.model.statistics.history import History
from gateway.model.statistics.report import Report
from gateway.model.statistics.request import Viewer
from gateway.model.statistics.rows import Row
from tests.decisions.statistics.build import START, Story, asking_for
from tests.decisions.statistics.histories import random_story

BEGIN = START // DAY * DAY
AGE = 91 * DAY
ADMINISTRATOR = Viewer(administers=True)


def compacted(history: History, days: int, first: int = -1) -> History:
    """Compact so many days after `first`, each when it is 91 days old; each is read back from its bytes."""
    for number in range(first, days):
        begin = BEGIN + number * DAY
        day, followed = compact(history, begin, begin + AGE)
        history = with_day(history, load_day(dump_day(day)), followed)
    return history


def asked_of(history: History, days: int, **more: Any) -> Report:
    asking = {"from_": START, "as_of": BEGIN + days * DAY + AGE, "viewer": ADMINISTRATOR, **more}
    return report(history, asking_for(**asking))


def without_names(row: Row) -> Row:
    """Leave out what a compacted day does not know any more."""
    because = {field: why for field, why in row.load.because.items() if field != "over_budget"}
    return structs.replace(row, load=structs.replace(row.load, over_budget=None, because=because))


def figures(found: Report) -> list[Row]:
    return [without_names(row) for row in (*found.rows, found.total)]


@pytest.mark.parametrize("by", ["none", "alertname", "service", "destination", "team", "hour"])
@settings(max_examples=5)
@given(seed=st.integers(0, 10**9), days=st.integers(0, 10), bucket=st.sampled_from(["none", "day", "week"]))
def test_every_figure_agrees_with_that_of_the_events(by: str, seed: int, days: int, bucket: str) -> None:
    history = random_story(Random(seed), 12, 25, persons="all").history()
    asking = {"by": by, "bucket": bucket, "tz": "Europe/Berlin"}
    exact = asked_of(history, days, **asking)
    assert figures(asked_of(compacted(history, days), days, **asking)) == figures(exact)


@pytest.mark.long
@settings(max_examples=500)
@given(
    seed=st.integers(0, 10**9), days=st.integers(0, 20), by=st.sampled_from(["none", "service", "correlate_rule", "hour"]),
    tz=st.sampled_from(["UTC", "America/Havana"]), begin=st.integers(-DAY, 10 * DAY), length=st.integers(1, 20 * DAY),
)  # fmt: skip
def test_every_figure_agrees_in_thousands_of_histories(
    seed: int, days: int, by: str, tz: str, begin: int, length: int
) -> None:
    history = random_story(Random(seed), 20, 40, persons="all").history()
    asking = {"by": by, "bucket": "day", "tz": tz, "from_": START + begin, "to": START + begin + length}
    assert figures(asked_of(compacted(history, days), days, **asking)) == figures(
        asked_of(history, days, **asking)
    )


def test_a_report_says_which_part_of_it_is_compacted() -> None:
    history = compacted(History(events=tuple(story_of_a_page().events)), 2)
    found = asked_of(history, 2)
    assert (found.basis, found.exact_since) == ("mixed", "2026-12-03T00:00:00Z")
    assert asked_of(history, 2, to=START + 2 * DAY).basis == "compacted"
    assert asked_of(history, 2, from_=START + 2 * DAY).basis == "exact"


def story_of_a_page() -> Story:
    story = Story()
    story.rules(-DAY, persons="all")
    page = story.page(HOUR)
    call = story.call(HOUR, page)
    story.person(HOUR, call)
    story.label(2 * HOUR, "actionable", page)
    story.acknowledge(2 * HOUR)
    story.end(3 * HOUR)
    return story


def test_the_names_of_those_who_were_called_are_gone() -> None:
    history = compacted(story_of_a_page().history(), 1)
    assert b"ann" not in b"".join(dump_day(day) for day in history.days)
    row = asked_of(history, 1).rows[0]
    assert (row.load.by_hour and sum(row.load.by_hour), row.load.over_budget) == (1, None)
    assert row.load.because["over_budget"] == "expired"


def test_rows_by_person_are_gone_with_the_names() -> None:
    found = asked_of(compacted(story_of_a_page().history(), 1), 1, by="person")
    assert (found.rows, found.complete, found.incomplete_because) == ((), False, ("expired",))
    assert found.total.counts.pages == 1


def test_oneself_is_not_found_in_a_compacted_day() -> None:
    story = story_of_a_page()
    story.rules(0, persons="self")
    load = asked_of(compacted(story.history(), 1), 1, viewer=Viewer("ann")).rows[0].load
    assert (load.night, load.because["night"]) == (None, "expired")


def test_persons_whose_names_are_gone_may_be_the_same_on_every_day() -> None:
    story = Story()
    story.rules(-DAY, persons="team")
    for day in range(3):
        call = story.call(day * DAY, story.page(day * DAY, f"i{day}"))
        for person in range(3):
            story.person(day * DAY, call, f"p{day}{person}")
    exact, kept = asked_of(story.history(), 3), asked_of(compacted(story.history(), 3), 3)
    assert (exact.total.load.night, kept.total.load.night) == (9, None)


def test_labels_of_a_compacted_day_are_known_by_one_cutoff_alone() -> None:
    history = compacted(story_of_a_page().history(), 1)
    row = asked_of(history, 1, cutoff=DAY).rows[0]
    assert row.labels.labelled is None
    for block in (row.precision, row.precision_sampled, row.implied, row.corrected, row.missed):
        assert set(block.because.values()) == {"compacted"}
    assert (row.precision.value, row.precision.verdict, row.mtta.median_seconds) == (None, None, 3600)
    assert asked_of(history, 1, cutoff=14 * DAY).rows[0].precision.value == 1
    assert asked_of(history, 1, cutoff=DAY, from_=START + 2 * DAY).rows[0].labels.labelled == 0


def test_how_things_stood_before_the_compaction_is_gone() -> None:
    row = asked_of(compacted(story_of_a_page().history(), 1), 1, as_of=START + 5 * DAY).rows[0]
    for block in (row.precision, row.missed, row.mtta, row.mttr, row.mtbf, row.load):
        assert set(block.because.values()) == {"compacted"}
    assert row.counts.pages == 1


def test_shifts_and_confirmations_that_were_written_later_are_not_told_of_the_time_before() -> None:
    story = Story()
    story.rules(-DAY, persons="all")
    call = story.call(HOUR, story.page(HOUR), confirmed=False)
    story.person(HOUR, call)
    story.on_call(0, 12 * HOUR)
    story.confirm(3 * DAY, call)
    history = compacted(story.history(), 1)
    before, after = (asked_of(history, 1, as_of=START + days * DAY).rows[0] for days in (2, 100))
    assert (before.counts.confirmed, before.counts.unconfirmed) == (None, None)
    assert (before.load.on_call_seconds, before.load.by_hour, before.load.persons) == (None, None, "shown")
    assert (after.counts.confirmed, after.load.on_call_seconds) == (1, 12 * 3600)


def test_a_withdrawal_after_the_compaction_changes_nothing() -> None:
    story = story_of_a_page()
    label = next(event.id for event in story.events if type(event).__name__ == "Label")
    story.withdraw(95 * DAY, label)
    story.label(95 * DAY, "noise", "i1|pager|1", by="bob")
    history = compacted(story.history(), 1)
    assert asked_of(history, 10).rows[0].precision.value == 1


def test_an_incident_that_was_open_at_its_compaction_is_followed_to_its_end() -> None:
    story = Story()
    story.page(0)
    story.end(100 * DAY)
    history = compacted(story.history(), 2)
    assert list(history.followed) == ["i1"]
    still_open = asked_of(history, 2)
    assert (still_open.rows[0].mttr.open, still_open.rows[0].mttr.at_least_seconds) == (1, (93 * DAY) / 1000)
    mttr = asked_of(history, 20).rows[0].mttr
    assert (mttr.ended, mttr.median_seconds) == (1, 100 * 86_400)
    forgotten = compacted(history, 102, first=2)
    assert asked_of(forgotten, 102).rows[0].mttr.median_seconds == 100 * 86_400


def test_who_acknowledged_before_the_page_of_a_later_day_is_remembered() -> None:
    story = Story()
    story.acknowledge(HOUR)
    story.page(2 * DAY)
    story.end(3 * DAY)
    assert asked_of(compacted(story.history(), 5), 5).rows[0].mtta.median_seconds == 0


def test_a_word_that_made_a_miss_of_a_compacted_day_makes_no_other() -> None:
    story = Story()
    story.spell(0, "e1")
    story.spell(2 * DAY, "e1")
    story.label(5 * DAY, "missed", episode="e1")
    history = compacted(story.history(), 1)
    assert asked_of(history, 1).rows[0].missed.misses == 1


def test_a_call_of_a_later_day_finds_its_page_in_a_compacted_one() -> None:
    story = Story()
    page = story.page(0)
    story.call(3 * DAY, page, "reminder")
    story.page(3 * DAY, "i2")
    rows = {row.key: row for row in asked_of(compacted(story.history(), 1), 1, by="service").rows}
    assert rows["cart"].counts.calls == 1


def test_a_day_that_a_newer_gateway_compacted_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="newer gateway"):
        load_day(b"\x02rest")


def test_a_person_without_a_name_is_a_number_of_one_day() -> None:
    assert Unnamed(BEGIN, 0) != Unnamed(BEGIN + DAY, 0)
