"""One process's knowledge of the time, sent with each call of a script so that a step of
the store's clock shows.

The store can be asked only for the time of day, which NTP, a restored machine or a failover may step. The
process has a monotonic clock: it knows how much time has gone by between two of its own calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from typing import NamedTuple

from gateway.clock import elapsed_ms, machine_name, utc_ms

# `now` runs slower by a tenth while an offset is given back, and an NTP client may slew a clock by some
# percent more: https://chrony-project.org/doc/4.5/chrony.conf.html#maxslewrate
SLOWEST = 0.85
FASTEST = 1.001
LATENCY_MS = 2_000  # that a call may take from here to the store before it counts as delayed


class StoreTime(NamedTuple):
    """The time in a script's reply, in ms.

    Leases, waits and the agenda go by `now`; people's times are on `wall`. `candidate` is what `now` would be
    by the store's clock; it is larger where the store doubts a step forward.
    """

    now: int
    wall: int
    candidate: int

    @property
    def ahead(self) -> int:
        """How far what people call the time is ahead of `now`, in ms: 0 unless a clock was stepped."""
        return self.wall - self.now


class Asked(NamedTuple):
    """One call: what the caller's clocks say, as `scripts/include/clock.lua` explains, and when it was sent."""

    gateway: str
    realtime: int
    least: int
    expected: int
    most: int
    sent: int  # by the monotonic clock

    def __str__(self) -> str:
        return f"{self.gateway} {self.realtime} {self.least} {self.expected} {self.most}"


@dataclass(slots=True)
class MachineClocks:
    """The clocks of this machine, in ms; tests and simulations have their own."""

    realtime: Callable[[], int] = utc_ms
    elapsed: Callable[[], int] = elapsed_ms


class CallerClock:
    """One process's memory of the time of one shard. This is asked with every call,
    so it keeps plain numbers.
    """

    def __init__(self, clocks: MachineClocks | None = None, gateway: str = "") -> None:
        clocks = clocks or MachineClocks()
        self._realtime, self._elapsed = clocks.realtime, clocks.elapsed
        # Of this process, to tell it from others of the same machine
        self.gateway = gateway or f"{machine_name()}-{token_hex(3)}"
        self._now = self._came = -1  # the last `now`, and when the reply came: it was that late already
        self._time = self._sent = -1  # the last time believed, and when it was asked for

    def ask(self) -> Asked:
        """Return what to send with a call that is made now."""
        sent = self._elapsed()
        least = expected = most = 0
        if self._came >= 0:
            gone_by = sent - self._came
            least, expected = self._now + int(gone_by * SLOWEST), self._now + gone_by
        if self._sent >= 0:
            most = self._latest(sent)
        return Asked(self.gateway, self._realtime(), least, expected, most, sent)

    def about_now(self) -> int:
        """Return what `now` has reached if it runs like this process's clock; 0 before the first reply."""
        return self._now + self._elapsed() - self._came if self._came >= 0 else 0

    def hear(self, asked: Asked, reply: StoreTime, *, claimed: bool = False) -> None:
        """Take in the reply of a call. Replies may come in another order than the calls were made.

        `claimed`: it was a claim, in which the store decides about steps. Until this process has
        claimed once, it has no say.
        """
        came = self._elapsed()
        if reply.now >= self._now:
            self._now, self._came = reply.now, came
        # The store may have doubted that so much time had gone by. Where the call itself took that long, it
        # has: the next call, made at once, then finds what it expects.
        plausible = self._sent >= 0 and reply.candidate <= self._latest(came)
        settled = claimed and reply.candidate <= reply.now
        if (plausible or settled) and asked.sent >= self._sent:
            self._time, self._sent = reply.candidate, asked.sent

    def _latest(self, elapsed: int) -> int:
        return self._time + int((elapsed - self._sent) * FASTEST) + LATENCY_MS
