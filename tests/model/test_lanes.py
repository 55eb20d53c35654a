"""Lanes to one place share its pace."""

from __future__ import annotations

import pytest

from gateway.model.lanes import ClosedLane, Pace, load_closed_lane


@pytest.mark.parametrize(
    ("pace", "lane", "key"),
    [
        pytest.param(Pace(1_000, 3), "chat", "chat", id="a lane by itself has a pace of its own"),
        pytest.param(
            Pace(1_000, 3, "slack C1"), "chat", "slack C1", id="two destinations that are one place share it"
        ),
        pytest.param(
            Pace(1_000, 3, "slack "),
            "team:#pay",
            "slack #pay",
            id="a channel from a template has one of its own",
        ),
    ],
)
def test_which_lanes_share_a_pace(pace: Pace, lane: str, key: str) -> None:
    assert pace.key(lane) == key


@pytest.mark.parametrize(
    ("burst", "allowance"),
    [
        pytest.param(1, 0, id="one at a time is never early"),
        pytest.param(3, 2_000, id="three at once are two ahead of time"),
    ],
)
def test_a_burst_may_be_ahead_of_the_average(burst: int, allowance: int) -> None:
    assert Pace(1_000, burst).allowance == allowance


@pytest.mark.parametrize(
    ("row", "closed"),
    [
        pytest.param(b"", None, id="a lane that never was closed"),
        pytest.param(b"100 200", ClosedLane(since=100, until=200), id="a lane that its vendor has closed"),
    ],
)
def test_since_when_and_until_when_a_lane_is_closed(row: bytes, closed: ClosedLane | None) -> None:
    assert load_closed_lane(row) == closed
