"""A time is read by the clock of this machine, and sent with its offset."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from gateway.cli.moments import moment


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


NOW = datetime.fromisoformat("2026-11-29T17:30:00+01:00")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("18:00", "2026-11-29T18:00:00+01:00"),
        ("07:30", "2026-11-30T07:30:00+01:00"),
        ("17:30", "2026-11-30T17:30:00+01:00"),
        ("2026-12-01T22:00", "2026-12-01T22:00:00+01:00"),
        ("2026-07-01 22:00", "2026-07-01T22:00:00+02:00"),
        ("2026-12-01T22:00:00Z", "2026-12-01T23:00:00+01:00"),
        ("2026-12-01T22:00:00-05:00", "2026-12-02T04:00:00+01:00"),
    ],
)
def test_a_time_is_the_next_one_here_and_a_date_has_this_machines_offset(text: str, meant: str) -> None:
    assert moment(text, NOW).isoformat() == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("18:00", "2026-11-28T18:00:00+01:00"),
        ("17:30", "2026-11-29T17:30:00+01:00"),
        ("2026-11-29T06:00:00Z", "2026-11-29T07:00:00+01:00"),
    ],
)
def test_where_the_past_is_asked_for_a_time_is_the_last_one(text: str, meant: str) -> None:
    assert moment(text, NOW, past=True).isoformat() == meant


def test_a_time_on_the_morning_after_the_clocks_change_has_the_new_offset() -> None:
    night = datetime.fromisoformat("2027-03-27T23:00:00+01:00")
    assert moment("08:00", night).isoformat() == "2027-03-28T08:00:00+02:00"


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2h", "2026-13-01T00:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        moment(text, NOW)
