"""Days and weeks by the clock of a time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.statistics.buckets import Buckets
from gateway.decisions.statistics.spans import Span
from gateway.model.durations import DAY, HOUR
from tests.decisions.statistics.build import END, START, Story


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def buckets(begin: str, end: str, zone: str, bucket: str = "day") -> Buckets:
    return Buckets(Span(ms(begin), ms(end)), bucket, ZoneInfo(zone))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("zone", "begin", "end", "hours"),
    [
        pytest.param(
            "Europe/Berlin", "2026-03-27T23:00", "2026-03-30T22:00", [24, 23, 24], id="clocks go forward"
        ),
        pytest.param(
            "Europe/Berlin", "2026-10-23T22:00", "2026-10-26T23:00", [24, 25, 24], id="clocks go back"
        ),
        pytest.param("Asia/Kathmandu", "2026-03-28T18:15", "2026-03-30T18:15", [24, 24], id="no summer time"),
        pytest.param(
            "Africa/Cairo", "2026-04-22T22:00", "2026-04-24T21:00", [24, 23], id="a day without midnight"
        ),
        pytest.param(
            "Pacific/Apia", "2011-12-29T10:00", "2011-12-31T10:00", [24, 24], id="a day that never was"
        ),
    ],
)
def test_days_have_the_hours_that_the_clock_gives_them(
    zone: str, begin: str, end: str, hours: list[int]
) -> None:
    found = buckets(begin, end, zone)
    assert [span.length / HOUR for span in found.spans] == hours


def test_a_day_without_midnight_begins_at_its_first_instant() -> None:
    assert buckets("2026-04-23T22:00", "2026-04-24T10:00", "Africa/Cairo").starts == [
        "2026-04-24T01:00:00+03:00"
    ]


def test_a_week_begins_on_monday() -> None:
    found = buckets("2026-12-02T12:00", "2026-12-09T12:00", "Europe/Berlin", "week")
    assert found.starts == ["2026-11-30T00:00:00+01:00", "2026-12-07T00:00:00+01:00"]


def test_the_outer_buckets_are_cut_and_keep_their_beginning() -> None:
    found = buckets("2026-12-02T12:00", "2026-12-03T12:00", "UTC")
    assert found.starts == ["2026-12-02T00:00:00+00:00", "2026-12-03T00:00:00+00:00"]
    assert [span.length / HOUR for span in found.spans] == [12, 12]


@given(
    st.integers(0, 4 * 365 * DAY), st.integers(1, 20 * DAY), st.integers(0, 20 * DAY), st.sampled_from(["day", "week"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Havana", "Asia/Kathmandu", "Australia/Lord_Howe", "Asia/Gaza"]),
)  # fmt: skip
def test_every_moment_of_the_window_lies_in_one_bucket(
    begin: int, length: int, after: int, bucket: str, zone: str
) -> None:
    begin += ms("2024-01-01T00:00")
    found = Buckets(Span(begin, begin + length), bucket, ZoneInfo(zone))  # type: ignore[arg-type]
    assert found.spans[0].begin == begin
    assert found.spans[-1].end == begin + length
    number = found.of(begin + after)
    assert (number is None) is (after >= length)
    if number is not None:
        assert found.spans[number].begin <= begin + after < found.spans[number].end
        day = datetime.fromtimestamp((begin + after) / 1000, ZoneInfo(zone)).date()
        start = datetime.fromisoformat(str(found.starts[number])).date()
        assert 0 <= (day - start).days < (7 if bucket == "week" else 1)


def test_a_report_by_nothing_has_every_bucket_and_one_by_a_key_those_with_a_page() -> None:
    story = Story()
    story.page(3 * DAY)
    assert len(story.report(bucket="day").rows) == 28
    (row,) = story.report(bucket="day", by="service").rows
    assert row.bucket_start == "2026-12-04T00:00:00+00:00"


def test_the_end_of_a_window_is_not_in_it() -> None:
    story = Story()
    story.page(0)
    assert story.row(from_=START - DAY, to=START, as_of=END).counts.pages == 0
    assert story.row(from_=START, to=START + 1, as_of=END).counts.pages == 1
