"""The short cut of `make chaos`: under trouble of every kind nothing is lost, doubled or left open.

How late people are told is for the scorecard alone, which is measured on a machine that does nothing else.
"""

from __future__ import annotations

import pytest

from tests.chaos.__main__ import SHORT, play
from tests.chaos.kinds import KINDS
from tests.chaos.stage import NOTHING_LATE

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.short])
def test_nothing_is_lost_doubled_or_left_open(name: str) -> None:
    result = play(KINDS[name], SHORT)
    if result.skipped:
        pytest.skip(result.why)
    assert result.figures is not None, result.why
    assert not result.figures.missed(NOTHING_LATE), result.figures
