"""Silences are ended when they are over, forgotten a week later, and people are reminded before one ends."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import msgspec
import pytest

from gateway.decisions.calendar import Calendar
from gateway.decisions.suppression.silence_upkeep import update_silences
from gateway.model.controls import Controls, Silence
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.model.time_intervals import TimeInterval
from tests.support.build import START

MADE = Silence("s1", ('service="db"',), START, START + HOUR, "anna")
MORNING = {"morning": (TimeInterval.parse({"times": [{"start_time": "08:00", "end_time": "09:00"}]}),)}


class Upkept(NamedTuple):
    """What upkeep made of a silence: None if it is forgotten. `look_at` is in ms after START."""

    silence: Silence | None
    reminded: bool
    look_at: int | None


def upkept(silence: Silence, at: int, fires: int = 0, **policy: object) -> Upkept:
    """Return the silence after upkeep, whether a reminder is due, and the next look in ms after START."""
    hidden = {silence.id: Counter({"Down": fires})} if fires else {}
    found = update_silences(
        Controls(1, (silence,)), hidden, Calendar({}), SilencePolicy(**policy), START + at
    )  # type: ignore[arg-type]
    return Upkept(
        (found.controls.silences or (None,))[0],
        bool(found.ending),
        None if found.look_at is None else found.look_at - START,
    )


def test_a_reminder_comes_half_an_hour_before_the_end_or_in_the_last_quarter() -> None:
    long = msgspec.structs.replace(MADE, ends_at=START + DAY)
    assert [upkept(long, DAY - minutes * MINUTE, 1).reminded for minutes in (31, 30)] == [False, True]
    assert [upkept(MADE, HOUR - minutes * MINUTE, 1).reminded for minutes in (16, 15)] == [False, True]


@pytest.mark.parametrize(("length", "reminded"), [(19 * MINUTE, False), (20 * MINUTE, True)])
def test_nobody_is_reminded_of_a_silence_that_was_made_for_some_minutes(length: int, reminded: bool) -> None:
    short = msgspec.structs.replace(MADE, ends_at=START + length)
    assert upkept(short, length - MINUTE, 1).reminded is reminded


def test_a_live_silence_is_looked_at_every_minute_and_an_ended_one_when_it_is_forgotten() -> None:
    assert upkept(MADE, 0, 1).look_at == MINUTE
    assert upkept(MADE, HOUR).look_at == HOUR + 7 * DAY + 1
    forgotten = upkept(MADE, 8 * DAY)
    assert (forgotten.silence, forgotten.look_at) == (None, None)


def test_a_silence_until_resolved_ends_when_nothing_fires_under_it() -> None:
    waiting = msgspec.structs.replace(MADE, until_resolved=True)
    assert upkept(waiting, MINUTE, 1).silence.ended_by == ""  # type: ignore[union-attr]
    over = upkept(waiting, MINUTE).silence
    assert over is not None
    assert (over.ends_at, bool(over.ended_by), over.version) == (START + MINUTE, True, 2)


def test_a_silence_that_matches_sometimes_is_kept() -> None:
    policy = {"unmatched": HOUR, "longest": DAY}
    long = msgspec.structs.replace(MADE, ends_at=START + DAY)
    matched = upkept(long, 50 * MINUTE, 1, **policy).silence
    assert matched is not None
    assert matched.last_matched_at == START + 50 * MINUTE
    assert upkept(matched, 80 * MINUTE, **policy).silence.ended_by == ""  # type: ignore[union-attr]
    assert upkept(matched, 111 * MINUTE, **policy).silence.ended_by  # type: ignore[union-attr]


def test_a_recurring_silence_may_match_nothing() -> None:
    recurring = msgspec.structs.replace(MADE, ends_at=START + 30 * DAY, during=("morning",))
    found = update_silences(
        Controls(1, (recurring,)), {}, Calendar(MORNING), SilencePolicy(unmatched=HOUR), START + 10 * DAY
    )
    assert found.controls.silences == (recurring,)
