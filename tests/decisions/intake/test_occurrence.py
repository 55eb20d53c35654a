"""Which occurrence a source speaks of, and when it was, for every clock that is wrong: row by row."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.intake.deduplicate import observe
from gateway.model.alert import Alert, Observation
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.verdict import Reason
from tests.support.build import START, seen

AHEAD = 2 * HOUR
Step = tuple[int, Observation]  # ms after START when it is received, and what


def unsaid(ends: int | None = None) -> Observation:
    """An observation whose sender never says when anything began; `ends` is -1 where no end is said either."""
    observed = seen(ends=ends)
    return msgspec.structs.replace(observed, starts_at=None, ends_at=None if ends == -1 else observed.ends_at)


def after(*steps: Step) -> tuple[Alert, list[Reason]]:
    """The alert after these observations, each received at its time, and the verdicts on them."""
    alert: Alert | None = None
    reasons = []
    for at, observation in steps:
        found, _, reason = observe(alert, observation, START + at)
        alert = found or alert
        reasons.append(reason)
    assert alert is not None
    return alert, reasons


def names(reasons: list[Reason]) -> list[str]:
    return [reason.value for reason in reasons]


@pytest.mark.parametrize(
    ("steps", "reasons"),
    [
        pytest.param(
            [(0, seen(at=AHEAD)), (0, seen(at=AHEAD)), (30 * MINUTE, seen(at=AHEAD))],
            ["first_firing", "still_firing", "still_firing"],
            id="a start ahead: the other peer, and a repeat, say nothing new",
        ),
        pytest.param(
            [(0, seen(at=AHEAD)), (MINUTE, seen(at=AHEAD, ends=MINUTE))],
            ["first_firing", "last_copy_ended"],
            id="a start ahead: its end by a clock that is right again is its end",
        ),
        pytest.param(
            [
                (0, seen(at=AHEAD)),
                (MINUTE, seen(at=AHEAD, ends=AHEAD + MINUTE)),
                (2 * MINUTE, seen(at=AHEAD)),
            ],
            ["first_firing", "last_copy_ended", "disputed"],
            id="a start ahead: a late copy after the end is no news",
        ),
        pytest.param(
            [(0, seen(at=AHEAD)), (MINUTE, seen(at=AHEAD, ends=AHEAD + MINUTE)), (HOUR, seen(at=HOUR))],
            ["first_firing", "last_copy_ended", "fired_again"],
            id="a start ahead: what begins after the clock was set right is told at once",
        ),
        pytest.param(
            [
                (0, seen(at=10 * MINUTE)),
                (MINUTE, seen(at=10 * MINUTE, ends=11 * MINUTE)),
                (2 * MINUTE, seen(at=12 * MINUTE)),
                (2 * MINUTE + SECOND, seen(at=10 * MINUTE, ends=11 * MINUTE)),
            ],
            ["first_firing", "last_copy_ended", "fired_again", "late_resolve"],
            id="our clock is 10 minutes behind: ends and starts are told apart as if it was right",
        ),
        pytest.param(
            [(0, seen(at=-MINUTE)), (SECOND, seen(at=-MINUTE, ends=10 * MINUTE)), (MINUTE, seen(at=30_000))],
            ["first_firing", "last_copy_ended", "fired_again"],
            id="an end that is said to be ahead does not hold the next start",
        ),
        pytest.param(
            [(0, unsaid()), (MINUTE, unsaid()), (2 * MINUTE, unsaid(ends=-MINUTE))],
            ["first_firing", "still_firing", "last_copy_ended"],
            id="a start that we assumed does not outrank an end that was said",
        ),
        pytest.param(
            [
                (0, unsaid()),
                (MINUTE, unsaid(ends=MINUTE)),
                (2 * MINUTE, unsaid()),
                (2 * MINUTE + SECOND, unsaid(ends=MINUTE)),
            ],
            ["first_firing", "last_copy_ended", "fired_again", "late_resolve"],
            id="no start is ever said: an end that is known ends nothing again",
        ),
        pytest.param(
            [(0, unsaid()), (MINUTE, unsaid(ends=-1)), (2 * MINUTE, unsaid())],
            ["first_firing", "last_copy_ended", "fired_again"],
            id="no time is ever said: order is by receipt",
        ),
        pytest.param(
            [(0, unsaid()), (MINUTE, seen(at=-HOUR)), (2 * MINUTE, seen(at=-HOUR, ends=-MINUTE))],
            ["first_firing", "still_firing", "last_copy_ended"],
            id="a start that is said later is taken for the one that was assumed",
        ),
    ],
)
def test_what_a_source_means(steps: list[Step], reasons: list[str]) -> None:
    assert names(after(*steps)[1]) == reasons


def test_what_is_believed_is_the_first_receipt_for_as_long_as_it_fires() -> None:
    told, _ = after((0, seen(at=AHEAD)), (30 * MINUTE, seen(at=AHEAD)))
    (copy,) = told.copies.values()
    assert (told.started_at, copy.began_at, copy.starts_at) == (START, START, START + AHEAD)


def test_a_start_that_is_said_later_keeps_the_earlier_of_both_times() -> None:
    (copy,) = after((MINUTE, unsaid()), (2 * MINUTE, seen(at=-HOUR)))[0].copies.values()
    assert (copy.began_at, copy.assumed) == (START - HOUR, False)
    (copy,) = after((MINUTE, unsaid()), (2 * MINUTE, seen(at=HOUR)))[0].copies.values()
    assert (copy.began_at, copy.starts_at) == (START + MINUTE, START + HOUR)


MOMENTS = st.integers(-3 * HOUR, 3 * HOUR)
OBSERVATIONS = st.one_of(
    st.builds(lambda at: seen(at=at), MOMENTS),
    st.builds(lambda at, ends: seen(at=at, ends=ends), MOMENTS, MOMENTS),
    st.just(unsaid()),
    st.builds(lambda ends: unsaid(ends=ends), MOMENTS),
)


@given(st.lists(st.tuples(st.integers(0, HOUR), OBSERVATIONS), min_size=1))
def test_no_time_that_is_believed_lies_later_than_its_receipt(waits: list[Step]) -> None:
    at = 0
    alert: Alert | None = None
    for wait, observation in waits:
        at += wait
        found, _, _ = observe(alert, observation, START + at)
        alert = found or alert
        if alert is None:
            continue
        for copy in alert.copies.values():
            assert copy.began_at <= START + at
            assert copy.ends_at is None or copy.ends_at <= START + at
