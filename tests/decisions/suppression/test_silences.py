"""People may make these silences, change them, and end them."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from gateway.decisions.calendar import Calendar
from gateway.decisions.suppression.silences import (
    MAX_SILENCES,
    SilenceRequest,
    approve,
    end,
    extend,
    propose,
    update_silences,
    with_silence,
)
from gateway.model.controls import Controls, Rejection, Silence
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.model.time_intervals import TimeInterval
from tests.support.build import START

MADE = Silence("s1", ('service="db"',), START, START + HOUR, "anna")
MORNING = {"morning": (TimeInterval.parse({"times": [{"start_time": "08:00", "end_time": "09:00"}]}),)}


def requested(*matchers: str, **more: object) -> SilenceRequest:
    return SilenceRequest(matchers or ('service="db"',), "anna", **{"ends_at": START + HOUR, **more})  # type: ignore[arg-type]


def proposed(asked: SilenceRequest, **policy: object) -> Silence | Rejection:
    return propose(asked, "s1", SilencePolicy(**policy), ("morning",), START)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "policy", "field"),
    [
        (requested('service="db'), {}, "matchers"),
        (requested('service=~"("'), {}, "matchers"),
        (requested('service=~".*"'), {}, "matchers"),
        (requested('service!="db"'), {}, "matchers"),
        (requested("{}"), {}, "matchers"),
        (requested(), {"reason_required": True}, "reason"),
        (requested(reason="  "), {"reason_required": True}, "reason"),
        (requested(), {"ticket": r"CHG-\d+"}, "ticket"),
        (requested(ticket="see CHG-12"), {"ticket": r"CHG-\d+"}, "ticket"),
        (requested(during=("evening",)), {}, "during"),
        (requested(during=("morning",), until_resolved=True), {}, "until_resolved"),
        (requested(ends_at=None), {}, "ends_at"),
        (requested(ends_at=START), {}, "ends_at"),
        (requested(starts_at=START + 2 * HOUR), {}, "ends_at"),
        (requested(ends_at=START + 8 * DAY), {}, "ends_at"),
        (requested(ends_at=START + 2 * HOUR), {"longest": HOUR}, "ends_at"),
        (requested(ends_at=START + 400 * DAY, during=("morning",)), {}, "ends_at"),
    ],
)
def test_what_the_policy_or_common_sense_says_against_it_names_the_field(
    asked: SilenceRequest, policy: dict[str, object], field: str
) -> None:
    found = proposed(asked, **policy)
    assert isinstance(found, Rejection)
    assert found.field == field
    assert found.error


@pytest.mark.parametrize(
    ("asked", "policy"),
    [
        (requested('service="db"', 'severity=~"info|warning"'), {}),
        (requested('service="db",job!="x"'), {}),
        (requested(reason="noisy", ticket="CHG-12"), {"reason_required": True, "ticket": r"CHG-\d+"}),
        (requested(ends_at=START + 30 * DAY, during=("morning",)), {}),
        (requested(ends_at=None, until_resolved=True), {}),
    ],
)
def test_what_nothing_stands_against_is_proposed(asked: SilenceRequest, policy: dict[str, object]) -> None:
    assert isinstance(proposed(asked, **policy), Silence)


def test_an_open_end_is_as_late_as_the_policy_allows() -> None:
    found = proposed(requested(ends_at=None, until_resolved=True), longest=DAY)
    assert isinstance(found, Silence)
    assert found.ends_at == START + DAY


def test_a_start_in_the_past_is_now() -> None:
    found = proposed(requested(starts_at=START - HOUR))
    assert isinstance(found, Silence)
    assert found.starts_at == START


# Its life


def test_an_ended_silence_cannot_be_changed() -> None:
    late = START + 2 * HOUR
    found = [extend(MADE, "anna", late + HOUR, SilencePolicy(), late), approve(MADE, "bob", late), end(MADE, "bob", late)]
    assert all(isinstance(one, Rejection) for one in found)


def test_an_extension_counts_from_now() -> None:
    policy = SilencePolicy(longest=2 * HOUR)
    assert isinstance(extend(MADE, "anna", START + 2 * HOUR + 30 * MINUTE, policy, START + 50 * MINUTE), Silence)
    assert isinstance(extend(MADE, "anna", START + 3 * HOUR, policy, START + 50 * MINUTE), Rejection)


def test_the_oldest_ended_silences_make_room_and_live_ones_never_do() -> None:
    full = Controls(
        1, tuple(msgspec.structs.replace(MADE, id=f"s{number}", ends_at=START + number) for number in range(MAX_SILENCES))
    )
    made = msgspec.structs.replace(MADE, id="new")
    after = with_silence(full, made, START + HOUR)
    assert isinstance(after, Controls)
    assert len(after.silences) == MAX_SILENCES
    assert after.silences[0].id == "s1"
    assert isinstance(with_silence(full, made, START - HOUR), Rejection)


def upkept(silence: Silence, at: int, fires: int = 0, **policy: object) -> tuple[Silence | None, bool, int]:
    """The silence afterwards, is somebody reminded, and when it is looked at again."""
    hidden = {silence.id: Counter({"Down": fires})} if fires else {}
    found = update_silences(Controls(1, (silence,)), hidden, Calendar({}), SilencePolicy(**policy), START + at)  # type: ignore[arg-type]
    return (found.controls.silences or (None,))[0], bool(found.ending), found.look_at and found.look_at - START


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
    found = update_silences(Controls(1, (recurring,)), {}, Calendar(MORNING), SilencePolicy(unmatched=HOUR), START + 10 * DAY)
    assert found.controls.silences == (recurring,)
