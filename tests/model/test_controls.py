"""A silence says whose it is, and why."""

from __future__ import annotations

import msgspec
import pytest

from gateway.model.controls import Silence
from gateway.model.durations import HOUR
from tests.support.build import START

SILENCE = Silence("s1", ('service="db"',), START, START + HOUR, "anna")


def test_a_silence_is_described_by_its_name_and_its_maker() -> None:
    assert SILENCE.described == "silence s1 by anna"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        pytest.param(
            {"ticket": "CHG-1", "reason": "upgrade"},
            "CHG-1 upgrade",
            id="its ticket stands before its reason",
        ),
        pytest.param({"reason": "upgrade"}, "upgrade", id="a reason is enough"),
        pytest.param({}, "", id="nothing was said"),
    ],
)
def test_a_silence_says_why(said: dict[str, str], why: str) -> None:
    assert msgspec.structs.replace(SILENCE, **said).why == why
