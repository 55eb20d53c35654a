"""A source says how late it may be, how long it may be silent, and what it may send."""

from __future__ import annotations

import pytest

from gateway.model.durations import MINUTE, SECOND
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.source import DEFAULT_SOURCE, Source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(DEFAULT_SOURCE, 330 * SECOND, id="five minutes and two peers where nothing is said"),
        pytest.param(
            Source("a", BUILT_IN, group_interval=SECOND),
            40 * SECOND,
            id="Alertmanager tries for ten seconds at least",
        ),
        pytest.param(
            Source("a", BUILT_IN, alertmanager=tuple(map(SecretName, "ABC")), group_interval=MINUTE),
            105 * SECOND,
            id="fifteen seconds for each peer",
        ),
    ],
)
def test_how_late_a_peer_may_be(source: Source, expected: int) -> None:
    assert source.lateness == expected


@pytest.mark.parametrize(
    ("repeat", "stale", "expected"),
    [
        pytest.param(None, None, None, id="nobody said how often it repeats: silence means nothing"),
        pytest.param(30 * MINUTE, None, 61 * MINUTE, id="two repeats and a look at the group"),
        pytest.param(30 * MINUTE, 75 * MINUTE, 75 * MINUTE, id="what the rules say"),
        pytest.param(None, 75 * MINUTE, 75 * MINUTE, id="what the rules say, without a repeat"),
    ],
)
def test_how_long_a_source_may_be_silent(repeat: int | None, stale: int | None, expected: int | None) -> None:
    source = Source("a", BUILT_IN, group_interval=MINUTE, repeat_interval=repeat, stale_after=stale)
    assert source.silence == expected
