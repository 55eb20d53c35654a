"""The time between failures of services."""

from __future__ import annotations

import pytest

from gateway.model.durations import DAY, HOUR
from tests.decisions.statistics.build import END, START, Story

MONTH = 28 * 86_400


def failed(story: Story, at: int, length: int, name: str = "", **more: object) -> None:
    incident = name or f"f{at}"
    story.page(at, incident, **more)
    story.end(at + length, incident)


def test_without_a_service_there_is_nothing_to_fail() -> None:
    mtbf = Story().row().mtbf
    assert (mtbf.services, mtbf.failures, mtbf.value_seconds) == (0, 0, None)
    assert set(mtbf.because.values()) == {"no_services"}


def test_without_a_failure_there_is_only_a_least_time() -> None:
    story = Story()
    story.seen(-DAY)
    mtbf = story.row().mtbf
    assert (mtbf.value_seconds, mtbf.lower_seconds, mtbf.up_seconds) == (None, None, MONTH)
    assert mtbf.at_least_seconds == pytest.approx(MONTH / 2.995732)
    assert mtbf.because == dict.fromkeys(("value_seconds", "lower_seconds", "upper_seconds"), "no_failures")


def test_the_value_is_the_time_not_failed_by_the_failures() -> None:
    story = Story()
    story.seen(-DAY)
    failed(story, DAY, HOUR)
    failed(story, 3 * DAY, HOUR)
    mtbf = story.row().mtbf
    up = MONTH - 7200
    assert (mtbf.failures, mtbf.up_seconds, mtbf.value_seconds) == (2, up, up / 2)
    assert (mtbf.lower_seconds, mtbf.upper_seconds) == pytest.approx((up / 7.224688, up / 0.242209), rel=1e-5)


def test_failures_that_overlap_or_touch_are_one() -> None:
    story = Story()
    story.seen(-DAY)
    failed(story, DAY, HOUR)
    failed(story, DAY + 1000, 2 * HOUR - 1000)
    failed(story, DAY + 2 * HOUR, HOUR)
    mtbf = story.row().mtbf
    assert (mtbf.failures, mtbf.up_seconds) == (1, MONTH - 3 * 3600)


def test_a_service_counts_from_the_first_alert_ever_seen_of_it() -> None:
    story = Story()
    story.seen(14 * DAY, "cart")
    story.seen(21 * DAY, "cart", "Other")
    story.seen(50 * DAY, "pay")
    mtbf = story.row(as_of=END + 60 * DAY).mtbf
    assert (mtbf.services, mtbf.up_seconds) == (1, MONTH / 2)


def test_a_page_is_of_an_alert_that_was_seen_even_where_the_word_of_it_came_later() -> None:
    story = Story()
    failed(story, DAY, HOUR)
    story.seen(20 * DAY)
    mtbf = story.row(to=START + 10 * DAY).mtbf
    assert (mtbf.failures, mtbf.services, mtbf.up_seconds) == (1, 1, (9 * DAY - HOUR) / 1000)


def test_a_later_page_shows_that_its_service_was_seen_though_the_failure_is_the_first_ones() -> None:
    story = Story()
    story.seen(-DAY)
    story.page(DAY)
    story.page(2 * DAY, life=2, service="pay")
    story.end(3 * DAY)
    rows = story.rows("service")
    assert (rows["pay"].mtbf.services, rows["pay"].mtbf.failures) == (1, 0)
    assert rows["pay"].mtbf.up_seconds == MONTH - 2 * 86_400


def test_a_failure_over_the_edge_counts_where_it_begins_with_what_lies_inside() -> None:
    story = Story()
    story.seen(-40 * DAY)
    failed(story, -DAY, 2 * DAY)
    before = story.row(from_=START - 28 * DAY, to=START, as_of=END).mtbf
    after = story.row().mtbf
    assert (before.failures, before.up_seconds) == (1, MONTH - 86_400)
    assert (after.failures, after.up_seconds) == (0, MONTH - 86_400)


def test_what_has_not_happened_yet_is_not_counted_as_well() -> None:
    story = Story()
    story.seen(-DAY)
    assert story.row(as_of=START + DAY).mtbf.up_seconds == 86_400


def test_an_open_failure_lasts_until_now_and_an_inferred_one_until_its_last_sign_of_life() -> None:
    story = Story()
    story.seen(-DAY, "cart")
    story.seen(-DAY, "pay")
    story.page(DAY, "open", service="cart")
    story.page(DAY, "quiet", service="pay")
    story.end(5 * DAY, "quiet", how="inferred", last_seen_at=START + 2 * DAY)
    rows = story.rows("service", as_of=START + 10 * DAY)
    assert rows["cart"].mtbf.up_seconds == 86_400
    assert rows["pay"].mtbf.up_seconds == 9 * 86_400
    assert story.report(as_of=START + 10 * DAY).total.mtbf.up_seconds == 10 * 86_400


def test_an_alert_name_is_counted_in_each_service_by_itself() -> None:
    story = Story()
    story.seen(-DAY, "cart", "Slow")
    story.seen(-DAY, "pay", "Slow")
    failed(story, DAY, HOUR, "c", service="cart", alertname="Slow")
    failed(story, DAY, HOUR, "p", service="pay", alertname="Slow")
    (row,) = story.report(by="alertname").rows
    assert (row.mtbf.failures, row.mtbf.services, row.mtbf.up_seconds) == (2, 2, 2 * (MONTH - 3600))


def test_an_incident_is_a_failure_of_its_first_pages_service_alone() -> None:
    story = Story()
    story.seen(-DAY, "cart")
    story.seen(-DAY, "pay")
    story.page(DAY, "i1", service="cart")
    story.page(DAY + 1, "i1", target="lead", service="pay")
    rows = story.rows("service")
    assert (rows["cart"].mtbf.failures, rows["pay"].mtbf.failures) == (1, 0)


@pytest.mark.parametrize("by", ["correlate_rule", "route", "team", "destination", "severity", "hour"])
def test_only_services_and_alert_names_fail(by: str) -> None:
    story = Story()
    story.seen(-DAY)
    story.page(DAY)
    (row,) = story.report(by=by).rows
    assert set(row.mtbf.because.values()) == {"not_by_this"}
    assert story.report(by=by).total.mtbf.failures == 1
