"""Lanes: how fast, and how many at once, each destination is sent to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Pace:
    """A lane's sending rate: one in `interval` ms on average, `burst` at once. Lanes to the same `place` share it."""

    interval: int
    burst: int
    place: str = ""

    @property
    def allowance(self) -> int:
        """ms by which a lane may be ahead of its average."""
        return (self.burst - 1) * self.interval

    def key(self, lane: str) -> str:
        """`place` and the channel that a template gave (`destination:channel`), or the lane itself."""
        return self.place + lane.partition(":")[2] if self.place else lane


class LaneRule(NamedTuple):
    """Which subjects of the agenda may be claimed now. `paces` and `kinds` are by destination, `running` counts by lane.

    A lane has at most `width` under way; a kind of destination may take `room` more, so that one that hangs leaves others room.
    """

    paces: Mapping[str, Pace] = {}
    running: Mapping[str, int] = {}
    width: int = 1_000
    kinds: Mapping[str, str] = {}
    room: Mapping[str, int] = {}


def closed_lane(row: bytes) -> tuple[int, int]:
    """Since when and until when a lane is closed, in ms, off its row `closed:<lane>`; zeros where it never was."""
    since, _, until = row.decode().partition(" ")
    return int(since or 0), int(until or 0)
