"""Lanes: how fast each target is sent deliveries, how many at once, and whether its vendor takes any now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Pace:
    """A lane's sending rate: one delivery in `interval` ms on average, and `burst` at once.

    Lanes to the same `place`, such as one Slack channel, share the rate.
    """

    interval: int
    burst: int
    place: str = ""

    @property
    def allowance(self) -> int:
        """Return the ms by which a lane may be ahead of its average."""
        return (self.burst - 1) * self.interval

    def key(self, lane: str) -> str:
        """Return the key under which the rate is counted.

        It is the place with the channel that a template gave (a lane is `destination` or
        `destination:channel`), or the lane itself where no place is known.
        """
        return self.place + lane.partition(":")[2] if self.place else lane


class LaneRule(NamedTuple):
    """The limits on which deliveries of the agenda may be claimed now.

    `paces` and `kinds` are by destination, and `running` counts the deliveries under way by lane. A lane has
    at most `width` of them. `room` says, by kind, how many more of that kind may start, so that a vendor that
    hangs leaves room for others.
    """

    paces: Mapping[str, Pace] = {}
    running: Mapping[str, int] = {}
    width: int = 1_000
    kinds: Mapping[str, str] = {}
    room: Mapping[str, int] = {}


class ClosedLane(NamedTuple):
    """The vendor accepts nothing on this lane from `since` to `until` (ms)."""

    since: int
    until: int

    def dump(self) -> bytes:
        """Return the row `closed:<lane>` of the store."""
        return f"{self.since} {self.until}".encode()


def load_closed_lane(row: bytes) -> ClosedLane | None:
    """Read the row `closed:<lane>`, None where the lane was never closed."""
    if not row:
        return None
    since, _, until = row.decode().partition(" ")
    return ClosedLane(int(since or 0), int(until or 0))
