"""Silences are ended when they are over, forgotten a week later, and people are reminded before one ends."""

from __future__ import annotations

from collections import Counter

import msgspec

from gateway.decisions.calendar import Calendar
from gateway.decisions.suppression.silence_upkeep import update_silences
from gateway.model.controls import Controls, Silence
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.model.time_intervals import TimeInterval
from tests.support.build import START

MADE = Silence("s1", ('service="db"',), START, START + HOUR, "anna")
MORNING = {"morning": (TimeInterval.parse({"times": [{"start_time": "08:00", "end_time": "09:00"}]}),)}


def upkept(silence: Silence, at: int, fires: int = 0, **policy: object) -> tuple[Silence | None, bool, int]:
    """The silence afterwards, is somebody reminded, and when it is looked at again."""
    hidden = {silence.id: Counter({"Down": fires})} if fires else {}
    found = update_silences(
        Controls(1, (silence,)), hidden, Calendar({}), SilencePolicy(**policy), START + at
    )  # type: ignore[arg-type]
    return (
        (found.controls.silences or (None,))[0],
        bool(found.ending),
        found.look_at and found.look_at - START,
    )


def test_a_reminder_comes_half_an_hour_before_the_end_or_in_the_last_quarter() -> None:
    long = msgspec.structs.replace(MADE, ends_at=START + DAY)
    assert [upkept(long, DAY - minutes * MINUTE, 1)[1] for minutes in (31, 30)] == [False, True]
    assert [upkept(MADE, HOUR - minutes * MINUTE, 1)[1] for minutes in (16, 15)] == [False, True]


def test_a_live_silence_is_looked_at_every_minute_and_an_ended_one_when_it_is_forgotten() -> None:
    assert upkept(MADE, 0, 1)[2] == MINUTE
    assert upkept(MADE, HOUR)[2] == HOUR + 7 * DAY + 1
    assert upkept(MADE, 8 * DAY)[::2] == (None, None)


def test_until_resolved_ends_when_nothing_fires_under_it() -> None:
    waiting = msgspec.structs.replace(MADE, until_resolved=True)
    assert upkept(waiting, MINUTE, 1)[0].ended_by == ""  # type: ignore[union-attr]
    over = upkept(waiting, MINUTE)[0]
    assert over is not None
    assert (over.ends_at, bool(over.ended_by), over.version) == (START + MINUTE, True, 2)


def test_what_matches_now_and_then_is_not_unmatched() -> None:
    policy = {"unmatched": HOUR, "longest": DAY}
    long = msgspec.structs.replace(MADE, ends_at=START + DAY)
    matched, *_ = upkept(long, 50 * MINUTE, 1, **policy)
    assert matched is not None
    assert matched.last_matched_at == START + 50 * MINUTE
    assert upkept(matched, 80 * MINUTE, **policy)[0].ended_by == ""  # type: ignore[union-attr]
    assert upkept(matched, 111 * MINUTE, **policy)[0].ended_by  # type: ignore[union-attr]


def test_a_recurring_silence_may_match_nothing() -> None:
    recurring = msgspec.structs.replace(MADE, ends_at=START + 30 * DAY, during=("morning",))
    found = update_silences(
        Controls(1, (recurring,)), {}, Calendar(MORNING), SilencePolicy(unmatched=HOUR), START + 10 * DAY
    )
    assert found.controls.silences == (recurring,)
