"""What is learned from a commit: which alerts change nothing when they are sent once more as they are."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.decisions.intake.deduplicate import observe
from gateway.decisions.intake.learn import only_repeats
from gateway.model.alert import Observation
from gateway.model.durations import HOUR, MINUTE
from gateway.model.verdict import Outcome, Reason
from tests.decisions.intake.test_deduplicate import FIRING, OTHER, after
from tests.support.build import START, seen

SAID = some.builds(
    seen,
    at=some.sampled_from([0, 30_000, 90_000]),
    ends=some.none() | some.none() | some.sampled_from([60_000, 120_000]),
    replica=some.sampled_from(["a", "b"]),
    annotations=some.sampled_from([{}, {"summary": "bad"}]),
)


@given(
    before=some.lists(SAID, max_size=6), said=SAID, passed=some.sampled_from([0, MINUTE - 1, MINUTE, HOUR])
)
def test_what_only_repeats_changes_nothing_but_when_its_source_spoke(
    before: list[Observation], said: Observation, passed: int
) -> None:
    alert, *_ = after(*before, said)
    assert alert is not None
    if not only_repeats(alert, said):
        return
    now = START + 1_000 * len(before) + passed
    later, *verdict = observe(alert, said, now)
    assert verdict == [Outcome.REPEATED, Reason.STILL_FIRING]
    spoke = msgspec.structs.replace(alert.copies[said.copy], said_at=now)
    same = msgspec.structs.replace(alert, copies={**alert.copies, said.copy: spoke}, last_seen=now)
    assert later in (None, same)


@pytest.mark.parametrize("said", [FIRING, OTHER])
def test_what_was_just_said_only_repeats(said: Observation) -> None:
    alert, *_ = after(FIRING, OTHER, said)
    assert alert is not None
    assert only_repeats(alert, said)
