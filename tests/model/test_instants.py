"""Any number of milliseconds is a moment that can be shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.instants import at_vendors, clock, instant, instant_or_none, moment, when, written


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


@pytest.mark.parametrize(
    ("ahead", "left", "again"),
    [
        pytest.param(0, HOUR, HOUR, id="the clocks agree: at that time"),
        pytest.param(20 * MINUTE, HOUR, HOUR, id="ours is behind, which stays so: as much is left for both"),
        pytest.param(
            -MINUTE, HOUR, 54 * MINUTE, id="ours is ahead and runs slower: a look at nine tenths comes first"
        ),
        pytest.param(-MINUTE, SECOND, SECOND, id="the last second is not cut into ever smaller parts"),
    ],
)
def test_a_time_of_people_s_is_looked_at_no_later_than_it_comes(ahead: int, left: int, again: int) -> None:
    now = 1_800_000_000_000
    assert when(now + ahead + left, now, ahead) == now + again
    assert when(None, now, ahead) is None


@pytest.mark.parametrize(
    ("ahead", "wrong"),
    [
        pytest.param(0, 0, id="all clocks are right"),
        pytest.param(-5 * HOUR, 0, id="ours is five hours ahead"),
        pytest.param(5 * HOUR, 0, id="ours is five hours behind"),
        pytest.param(0, -HOUR, id="this machine's clock is behind"),
        pytest.param(0, HOUR, id="this machine's clock is ahead"),
    ],
)
def test_what_was_sent_is_looked_for_from_no_later_than_it_was_sent(ahead: int, wrong: int) -> None:
    real = 1_800_000_000_000
    now = real - ahead
    assert real - HOUR - HOUR * 1.2 <= at_vendors(now - HOUR, now, ahead, real + wrong) <= real - HOUR


def test_a_store_that_is_wrong_and_believed_hides_no_message() -> None:
    real = 1_800_000_000_000
    now = real + 5 * HOUR
    assert at_vendors(now - MINUTE, now, 0, real) <= real - MINUTE


def test_never_is_no_time_and_an_instant_is_in_utc() -> None:
    assert instant_or_none(None) is None
    assert str(instant_or_none(1_800_000_000_000)) == "2027-01-15 08:00:00+00:00"
