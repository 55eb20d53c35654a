"""Silences, the pause and the bypass are in force at some times and not at others."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.calendar import Calendar
from gateway.decisions.controls import state_of
from gateway.model.controls import Silence, SilenceState
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.time_intervals import TimeInterval
from tests.support.build import START

MADE = Silence("s1", ('service="db"',), START, START + HOUR, "anna")
MORNING = {"morning": (TimeInterval.parse({"times": [{"start_time": "08:00", "end_time": "09:00"}]}),)}


# Its life


@pytest.mark.parametrize(
    ("silence", "at", "state"),
    [
        (MADE, -MINUTE, SilenceState.PENDING),
        (MADE, 0, SilenceState.ACTIVE),
        (MADE, HOUR - 1, SilenceState.ACTIVE),
        (MADE, HOUR, SilenceState.ENDED),
        (msgspec.structs.replace(MADE, ended_by="bob"), 0, SilenceState.ENDED),
        (msgspec.structs.replace(MADE, during=("morning",), ends_at=START + DAY), 30 * MINUTE, SilenceState.ACTIVE),
        (msgspec.structs.replace(MADE, during=("morning",), ends_at=START + DAY), 90 * MINUTE, SilenceState.RESTING),
        (msgspec.structs.replace(MADE, during=("gone",)), 0, SilenceState.RESTING),
    ],
)
def test_the_state_follows_from_its_times(silence: Silence, at: int, state: SilenceState) -> None:
    assert state_of(silence, Calendar(MORNING), START + at) is state
