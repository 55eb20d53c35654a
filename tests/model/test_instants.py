"""Any number of milliseconds is a moment that can be shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.instants import clock, instant, moment, written


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        pytest.param(None, "", id="never"),
        pytest.param(0, "1970-01-01T00:00:00Z", id="the beginning of all time is a moment too"),
        pytest.param(1_800_000_000_999, "2027-01-15T08:00:00Z", id="a moment, by the second"),
        pytest.param(-1, "1970-01-01T00:00:00Z", id="what is before all time is its beginning"),
        pytest.param(1 << 62, "9999-12-31T23:59:59Z", id="what is after all time is its end"),
    ],
)
def test_a_moment_is_written_for_programs(milliseconds: int | None, text: str) -> None:
    assert written(milliseconds) == text


@given(st.integers())
def test_whatever_an_alert_claims_is_a_moment_in_utc(milliseconds: int) -> None:
    found = instant(milliseconds)
    assert found.tzinfo is UTC
    assert datetime(1970, 1, 1, tzinfo=UTC) <= found <= datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("at", [0, -62_135_596_800_000, 10**18])
def test_any_time_can_be_said_to_people(at: int) -> None:
    assert clock(at).endswith(" UTC")


NOON = 1_800_014_400_000


@pytest.mark.parametrize(
    ("at", "said"),
    [
        pytest.param(NOON + 3_600_000, "13:00 UTC", id="a time of today"),
        pytest.param(NOON + 86_400_000, "2027-01-16 12:00 UTC", id="a time of tomorrow has its date"),
        pytest.param(NOON - 86_400_000, "2027-01-14 12:00 UTC", id="and so has one of yesterday"),
    ],
)
def test_a_time_has_its_date_where_it_is_not_of_today(at: int, said: str) -> None:
    assert moment(at, NOON) == said
