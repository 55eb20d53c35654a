"""What an alert becomes when we conclude something of it that its source did not say, row by row."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.intake.deduplicate import observe
from gateway.model.alert import Alert, Observation
from gateway.model.durations import HOUR, MINUTE
from gateway.model.verdict import Outcome, Reason
from tests.support.build import START, seen

FIRING = seen(at=0)
OTHER = seen(at=0, replica="b")


def silent(one: Observation = FIRING, at: int = HOUR) -> Observation:
    """Nothing was said of it any more."""
    return msgspec.structs.replace(one, firing=False, ends_at=0, inferred_at=START + at)


def absent(one: Observation = FIRING, at: int = HOUR) -> Observation:
    """Its source has it no more."""
    return msgspec.structs.replace(silent(one, at), ends_at=START + at)


def found(one: Observation = FIRING, at: int = HOUR) -> Observation:
    return msgspec.structs.replace(one, inferred_at=START + at)


def after(*steps: tuple[int, Observation]) -> tuple[Alert | None, Outcome, Reason]:
    """The alert after these, each at its time, and the verdict on the last."""
    alert: Alert | None = None
    outcome, reason = Outcome.IGNORED, Reason.MALFORMED
    for at, one in steps:
        changed, outcome, reason = observe(alert, one, START + at)
        alert = changed or alert
    return alert, outcome, reason


@pytest.mark.parametrize(
    ("steps", "outcome", "reason", "firing", "inferred"),
    [
        pytest.param([(0, FIRING), (HOUR, silent())], "ended", "inferred", False, True, id="silence ends the last copy"),
        pytest.param(
            [(0, FIRING), (0, OTHER), (HOUR, silent())], "changed", "inferred", True, False, id="silence of one copy ends not the other"
        ),
        pytest.param(
            [(0, FIRING), (61 * MINUTE, FIRING), (61 * MINUTE, silent(at=HOUR))], "repeated", "still_firing", True, False,
            id="a word since the look takes the conclusion back",
        ),
        pytest.param(
            [(0, FIRING), (MINUTE, seen(at=30_000)), (HOUR, silent())], "repeated", "still_firing", True, False,
            id="a newer life than the one that was concluded about goes on",
        ),
        pytest.param(
            [(0, FIRING), (MINUTE, seen(at=0, ends=MINUTE)), (HOUR, silent())], "ignored", "already_ended", False, False,
            id="what ended by its source's word is not inferred",
        ),
        pytest.param([(HOUR, found())], "opened", "found_at_source", True, False, id="what fires at its source opens"),
        pytest.param([(0, FIRING), (HOUR, found())], "repeated", "still_firing", True, False, id="what is known to fire is a repeat"),
        pytest.param(
            [(0, FIRING), (MINUTE, seen(at=0, ends=MINUTE)), (HOUR, found())], "opened", "found_at_source", True, False,
            id="a false end that its source takes back opens at once",
        ),
        pytest.param(
            [(0, FIRING), (MINUTE, seen(at=0, ends=MINUTE)), (2 * MINUTE, FIRING), (3 * MINUTE, found(at=3 * MINUTE))],
            "changed", "dispute_settled", True, False, id="its source settles a dispute",
        ),
        pytest.param(
            [(0, FIRING), (HOUR, silent()), (2 * HOUR, FIRING)], "opened", "fired_again", True, False,
            id="what was silent and speaks again needs no grace, and its mark is gone",
        ),
        pytest.param(
            [(0, FIRING), (HOUR, absent()), (61 * MINUTE, FIRING)], "opened", "disputed", True, False,
            id="what its source had no more may be a late copy",
        ),
    ],
)  # fmt: skip
def test_what_a_conclusion_means(
    steps: list[tuple[int, Observation]], outcome: str, reason: str, firing: bool, inferred: bool
) -> None:
    alert, found_outcome, found_reason = after(*steps)
    assert alert is not None
    assert (found_outcome, found_reason) == (outcome, reason)
    assert (alert.firing, alert.inferred) == (firing, inferred)


def test_what_nobody_knows_cannot_be_concluded_to_have_ended() -> None:
    alert, outcome, _ = after((HOUR, silent()))
    assert (alert, outcome) == (None, "ignored")


def test_a_settled_dispute_is_told_at_once() -> None:
    ended = seen(at=0, ends=MINUTE)
    alert, _, _ = after((0, FIRING), (MINUTE, ended), (2 * MINUTE, FIRING), (3 * MINUTE, found(at=3 * MINUTE)))
    assert alert is not None
    assert alert.held_until == 0


def test_each_copy_knows_when_it_was_said_last() -> None:
    alert, _, _ = after((0, FIRING), (MINUTE, OTHER), (5 * MINUTE, FIRING))
    assert alert is not None
    assert [copy.said_at - START for copy in alert.copies.values()] == [5 * MINUTE, MINUTE]
