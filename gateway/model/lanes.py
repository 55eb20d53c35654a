"""Lanes: how fast each target is sent deliveries, how many at once, and whether its vendor takes any now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gateway.model.agenda import BEHIND_NEWS, Share
from gateway.model.durations import MINUTE, SECOND

# How long a vendor is left alone that refuses what comes too fast and names no time: longer with
# each in a row
FIRST_WAIT_MS = SECOND
SHORT_WAIT_MS = 3 * SECOND  # at most for about a minute, and for a critical alert all the while
SHORT_WAITS = 21  # in a row: so many are that minute
LONGEST_WAIT_MS = 30 * SECOND
SLOWER_BY = 10  # one part in so many, for a minute after it has refused

# What interrupts nobody and has waited so long, since its place is busy with what must be heard,
# has one turn in so many
PASSED_OVER_MS = MINUTE
TURN_IN = 10
TURNS_EVERY_MS = SECOND  # how often turns are looked for


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

    @property
    def burst_behind_news(self) -> int:
        """Return how many deliveries at once may interrupt nobody: they leave half of the burst for what must be heard."""
        return (self.burst + 1) // 2

    def allowance_for(self, urgency: int) -> int:
        """Return the ms by which a lane may be ahead of its average once it is sent what is as urgent."""
        return (self.burst_behind_news - 1) * self.interval if urgency >= BEHIND_NEWS else self.allowance

    @property
    def turn(self) -> int:
        """Return the ms between two turns of what interrupts nobody and was passed over for long."""
        return TURN_IN * self.interval

    def slower(self) -> int:
        """Return the interval (ms) after the place has refused what came too fast."""
        return self.interval + self.interval // SLOWER_BY

    def key(self, lane: str) -> str:
        """Return the key under which the rate is counted.

        It is the place with the channel that a template gave (a lane is `destination` or
        `destination:channel`), or the lane itself where no place is known.
        """
        return self.place + lane.partition(":")[2] if self.place else lane


class LaneRule(NamedTuple):
    """The limits on which deliveries of the agenda may be claimed now.

    `paces` and `kinds` are by destination, and `running` counts the deliveries under way by lane. Lanes
    to one place are one: at most `width` are under way there, and one where one of them is `hanging`,
    which is to say that its vendor gave no answer the last time.

    `room` says, by kind, how many more of that kind may start, so that a vendor that hangs leaves room for
    others; `busy_room`, how many more before only places that have nothing under way get any, so that busy
    places leave room for others of their kind; `hanging_room`, how many more may start at hanging places.

    `reserved` says how many of each share are claimed first, even where more than the limit are claimed then.
    """

    paces: Mapping[str, Pace] = {}
    running: Mapping[str, int] = {}
    width: int = 1_000
    kinds: Mapping[str, str] = {}
    room: Mapping[str, int] = {}
    busy_room: Mapping[str, int] = {}
    hanging: Collection[str] = ()
    hanging_room: Mapping[str, int] = {}
    reserved: Mapping[Share, int] = {}


class TooFast(NamedTuple):
    """A place that refuses deliveries since they come too fast, and names no time.

    `in_a_row` counts what it has refused since it took something, and `until` (ms) is when it is sent to
    again.
    """

    in_a_row: int
    until: int

    def remembered(self, now: int) -> TooFast:
        """Return what still counts: what was refused long ago says nothing of now."""
        return self if self.until + MINUTE >= now else NEVER_TOO_FAST

    def again(self, now: int) -> TooFast:
        """Return what it is after one more refusal."""
        # It was sent before the lane was closed, so that it says nothing new.
        if self.until > now:
            return self
        refused = TooFast(self.in_a_row + 1, now)
        return refused._replace(until=now + refused.wait)

    @property
    def wait(self) -> int:
        """Return for how long (ms) the place is left alone after the last refusal."""
        if not self.in_a_row:
            return 0
        if self.in_a_row <= SHORT_WAITS:
            return min(FIRST_WAIT_MS << (self.in_a_row - 1), SHORT_WAIT_MS)
        # It has taken nothing for about a minute, so that it is hardly chance.
        return min(SHORT_WAIT_MS << min(self.in_a_row - SHORT_WAITS, 16), LONGEST_WAIT_MS)

    def opens_for_urgent(self, now: int) -> int:
        """Return when the most urgent may ask (ms). A critical alert does not wait as long as others."""
        if not self.in_a_row:
            return now  # it has taken something since
        return min(self.until, self.until - self.wait + SHORT_WAIT_MS)


NEVER_TOO_FAST = TooFast(0, 0)


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
