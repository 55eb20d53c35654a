"""A heartbeat is a time in the store, or none."""

from __future__ import annotations

import pytest

from gateway.model.watchdog import load_heartbeat


@pytest.mark.parametrize(
    ("row", "at"),
    [
        pytest.param(b"", None, id="a watchdog that was never heard"),
        pytest.param(b"1800000000000", 1_800_000_000_000, id="a watchdog that was heard"),
    ],
)
def test_when_a_watchdog_was_heard_last(row: bytes, at: int | None) -> None:
    assert load_heartbeat(row) == at
