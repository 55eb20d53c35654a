"""One observation means one thing for its alert, whether a source said it or it was concluded: row by row."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.intake.deduplicate import observe, overflows
from gateway.model.alert import MAX_COPIES, Alert, Observation
from gateway.model.durations import HOUR, MINUTE
from gateway.model.verdict import Outcome, Reason
from tests.support.build import START, seen

FIRING = seen(at=0)
ENDED = seen(at=0, ends=60_000)
AGAIN = seen(at=90_000)
OTHER = seen(at=5_000, replica="b")


def after(*observations: Observation, now: int = START) -> tuple[Alert | None, Outcome, Reason]:
    """The alert after these observations, a second apart, and the verdict on the last one."""
    alert: Alert | None = None
    outcome, reason = Outcome.IGNORED, Reason.MALFORMED
    for step, observation in enumerate(observations):
        found, outcome, reason = observe(alert, observation, now + 1_000 * step)
        alert = found or alert
    return alert, outcome, reason


@pytest.mark.parametrize(
    ("observations", "outcome", "reason", "firing", "episode"),
    [
        pytest.param([FIRING], "opened", "first_firing", True, 1, id="a first firing opens an episode"),
        pytest.param([FIRING, FIRING], "repeated", "still_firing", True, 1, id="a repeat changes nothing"),
        pytest.param(
            [FIRING, OTHER], "changed", "copy_added", True, 1, id="a second replica is a copy, not an episode"
        ),
        pytest.param([FIRING, ENDED], "ended", "last_copy_ended", False, 1, id="the last copy's end ends it"),
        pytest.param(
            [FIRING, OTHER, ENDED], "changed", "copy_ended", True, 1, id="it fires while any copy fires"
        ),
        pytest.param(
            [FIRING, ENDED, ENDED], "ignored", "already_ended", False, 1, id="an end said again is known"
        ),
        pytest.param(
            [ENDED], "ignored", "orphan_resolve", False, 0, id="an end without a firing is an orphan"
        ),
        pytest.param(
            [FIRING, ENDED, AGAIN], "opened", "fired_again", True, 2, id="a newer start is a new episode"
        ),
        pytest.param(
            [FIRING, ENDED, FIRING],
            "opened",
            "disputed",
            True,
            2,
            id="a firing not newer than the end is disputed",
        ),
        pytest.param(
            [ENDED, FIRING], "opened", "disputed", True, 1, id="an end that overtook its firing disputes it"
        ),
        pytest.param(
            [FIRING, ENDED, FIRING, AGAIN],
            "changed",
            "dispute_settled",
            True,
            2,
            id="a newer start settles it",
        ),
        pytest.param(
            [FIRING, ENDED, FIRING, ENDED],
            "ended",
            "last_copy_ended",
            False,
            2,
            id="its end settles it untold",
        ),
        pytest.param(
            [AGAIN, ENDED], "ignored", "late_resolve", True, 1, id="an end older than the start is late"
        ),
    ],
)
def test_an_observation(
    observations: list[Observation], outcome: str, reason: str, firing: bool, episode: int
) -> None:
    alert, found, why = after(*observations)
    assert alert is not None
    life = alert.episode - START // 1_000 + 1 if alert.episode else 0
    assert (found, why, alert.firing) == (outcome, reason, firing)
    assert life - episode in ((0, 1) if observations[0] is ENDED else (0,))


def test_a_disputed_episode_is_held_for_five_and_a_half_minutes() -> None:
    alert, _, _ = after(FIRING, ENDED, FIRING)
    assert alert is not None
    assert alert.held_until == START + 332_000


def test_the_annotations_are_those_of_the_firing_copy_with_the_smallest_key() -> None:
    one = seen(annotations={"summary": "from a"}, replica="a")
    two = seen(annotations={"summary": "from b"}, replica="b")
    first, second = sorted((one, two), key=lambda it: it.copy)
    for order in ([first, second], [second, first], [first, second, first], [second, first, second]):
        alert, _, _ = after(*order)
        assert alert is not None
        assert alert.annotations == first.annotations


def test_beyond_the_bound_of_copies_ended_ones_go_first() -> None:
    alert, _, _ = after(
        seen(replica="gone"),
        seen(replica="gone", ends=1),
        *[seen(replica=f"r{n}") for n in range(MAX_COPIES)],
    )
    assert alert is not None
    assert len(alert.copies) == MAX_COPIES
    assert all(copy.firing for copy in alert.copies.values())
    assert overflows(alert, seen(replica="one more"))
    assert not overflows(alert, seen(replica="r1"))


def test_a_disputed_start_is_held_for_as_long_as_its_source_may_be_late() -> None:
    late = msgspec.structs.replace(FIRING, lateness=40_000)
    alert, _, reason = after(FIRING, ENDED, late)
    assert alert is not None
    assert (reason, alert.held_until) == ("disputed", START + 2_000 + 40_000)


# What is concluded of an alert that its source did not say

REPLICA = seen(at=0, replica="b")


def silent(said: Observation = FIRING, at: int = HOUR) -> Observation:
    """Nothing was said of it any more."""
    return msgspec.structs.replace(said, firing=False, ends_at=None, inferred_at=START + at)


def absent(said: Observation = FIRING, at: int = HOUR) -> Observation:
    """Its source has it no more."""
    return msgspec.structs.replace(silent(said, at), ends_at=START + at)


def found(said: Observation = FIRING, at: int = HOUR) -> Observation:
    return msgspec.structs.replace(said, inferred_at=START + at)


def after_each(*steps: tuple[int, Observation]) -> tuple[Alert | None, Outcome, Reason]:
    """The alert after these, each at its time, and the verdict on the last."""
    alert: Alert | None = None
    outcome, reason = Outcome.IGNORED, Reason.MALFORMED
    for at, observation in steps:
        changed, outcome, reason = observe(alert, observation, START + at)
        alert = changed or alert
    return alert, outcome, reason


@pytest.mark.parametrize(
    ("steps", "outcome", "reason", "firing", "inferred"),
    [
        pytest.param([(0, FIRING), (HOUR, silent())], "ended", "inferred", False, True, id="silence ends the last copy"),
        pytest.param(
            [(0, FIRING), (0, REPLICA), (HOUR, silent())], "changed", "inferred", True, False, id="silence of one copy ends not the other"
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
    alert, found_outcome, found_reason = after_each(*steps)
    assert alert is not None
    assert (found_outcome, found_reason) == (outcome, reason)
    assert (alert.firing, alert.inferred) == (firing, inferred)


def test_what_nobody_knows_cannot_be_concluded_to_have_ended() -> None:
    alert, outcome, _ = after_each((HOUR, silent()))
    assert (alert, outcome) == (None, "ignored")


def test_a_settled_dispute_is_told_at_once() -> None:
    ended = seen(at=0, ends=MINUTE)
    alert, _, _ = after_each(
        (0, FIRING), (MINUTE, ended), (2 * MINUTE, FIRING), (3 * MINUTE, found(at=3 * MINUTE))
    )
    assert alert is not None
    assert alert.held_until is None


def test_each_copy_knows_when_it_was_said_last() -> None:
    alert, _, _ = after_each((0, FIRING), (MINUTE, REPLICA), (5 * MINUTE, FIRING))
    assert alert is not None
    assert [copy.said_at - START for copy in alert.copies.values()] == [5 * MINUTE, MINUTE]


def test_why_it_ended_without_a_recovery_is_kept_until_it_fires_again() -> None:
    paused = msgspec.structs.replace(ENDED, end_reason="Paused")
    alert, outcome, _ = after(FIRING, paused)
    assert alert is not None
    assert (outcome, alert.end_reason) == (Outcome.ENDED, "Paused")
    alert, _, _ = after(FIRING, paused, AGAIN)
    assert alert is not None
    assert (alert.firing, alert.end_reason) == (True, "")


def test_why_one_replica_ended_says_nothing_while_another_fires() -> None:
    alert, _, _ = after(FIRING, OTHER, msgspec.structs.replace(ENDED, end_reason="Paused"))
    assert alert is not None
    assert (alert.firing, alert.end_reason) == (True, "")
