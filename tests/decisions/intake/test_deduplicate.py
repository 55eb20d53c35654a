"""What one observation means for its alert, row by row."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.intake.deduplicate import observe, overflows
from gateway.model.alert import MAX_COPIES, Alert, Observation
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
        pytest.param([FIRING, OTHER], "changed", "copy_added", True, 1, id="a second replica is a copy, not an episode"),
        pytest.param([FIRING, ENDED], "ended", "last_copy_ended", False, 1, id="the last copy's end ends it"),
        pytest.param([FIRING, OTHER, ENDED], "changed", "copy_ended", True, 1, id="it fires while any copy fires"),
        pytest.param([FIRING, ENDED, ENDED], "ignored", "already_ended", False, 1, id="an end said again is known"),
        pytest.param([ENDED], "ignored", "orphan_resolve", False, 0, id="an end without a firing is an orphan"),
        pytest.param([FIRING, ENDED, AGAIN], "opened", "fired_again", True, 2, id="a newer start is a new episode"),
        pytest.param([FIRING, ENDED, FIRING], "opened", "disputed", True, 2, id="a firing not newer than the end is disputed"),
        pytest.param([ENDED, FIRING], "opened", "disputed", True, 1, id="an end that overtook its firing disputes it"),
        pytest.param([FIRING, ENDED, FIRING, AGAIN], "changed", "dispute_settled", True, 2, id="a newer start settles it"),
        pytest.param([FIRING, ENDED, FIRING, ENDED], "ended", "last_copy_ended", False, 2, id="its end settles it untold"),
        pytest.param([AGAIN, ENDED], "ignored", "late_resolve", True, 1, id="an end older than the start is late"),
    ],
)
def test_an_observation(observations: list[Observation], outcome: str, reason: str, firing: bool, episode: int) -> None:
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
    alert, _, _ = after(seen(replica="gone"), seen(replica="gone", ends=1), *[seen(replica=f"r{n}") for n in range(MAX_COPIES)])
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
