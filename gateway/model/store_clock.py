"""A shard's record of the time: how far its `now` is from the store's clock, and what
the gateways' clocks say.

The texts are written by `storage/scripts/include/clock.lua` and `clocks.lua`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gateway.model.cells import CLOCKS, STEPPED, STORE_TIME
from gateway.model.changes import Cell, Result, Row
from gateway.model.durations import MINUTE, SECOND, spoken

CLOCK_CELLS = (STORE_TIME, CLOCKS, STEPPED)
STEP_SHOWN_MS = 10 * MINUTE
OFFSET_SHOWN_MS = 2 * SECOND
AGREE_MS = 5 * SECOND
CLOCK_STEP_MS = 2 * SECOND  # a larger one is looked at; less is what is given back, bit by bit
ROUNDED_MS = 5 * SECOND
BELIEVED = "believed"  # in place of how far people's time is ahead: it is the store's
_STEPS = {
    "back": "the store's clock was set back by {by}, or stood still: what waits goes on as if it had not",
    "refused": "the store's clock was set forward by {by}: what waits goes on as if it had not",
    "confirmed": "{by} passed unnoticed by a gateway, which was paused or not running: that time is made up for",
}


class Step(NamedTuple):
    """A step of a clock: when (by `now`), of what kind, and by how much; times in ms."""

    at: int
    kind: str
    by: int


@dataclass(frozen=True, slots=True)
class StoreClock:
    """The time of one shard, in ms.

    `now` is `offset` ahead of the store's clock. `fast` is, by gateway, how far its clock was ahead of the
    store's at its last claim.
    """

    now: int
    offset: int
    believed: bool
    step: Step | None
    fast: Mapping[str, int]

    def doubts(self) -> Iterator[str]:
        """Yield what somebody should know of these clocks, without a name of a machine."""
        if self.step is not None and self.now - self.step.at < STEP_SHOWN_MS and self.step.kind in _STEPS:
            # By which call a step is noticed first makes a second more or less of it.
            by = spoken(round(self.step.by / ROUNDED_MS) * ROUNDED_MS)
            yield _STEPS[self.step.kind].format(by=by)
        if not self.believed:
            yield (
                "the store's clock is not believed: silences, mutes and maintenance go by the gateways' clocks;"
                " set it by NTP"
            )
        elif self.offset > OFFSET_SHOWN_MS:
            # Where it is behind, nothing is given back and nobody has anything to do:
            # the metric alone says so.
            yield (
                f"the time by which notifications wait is {spoken(self.offset)} ahead of the "
                "store's clock: waits"
                " are longer by up to a tenth until that is given back"
            )
        if self.believed and self.disagreeing():
            differ = spoken(max(map(abs, self.disagreeing().values())))
            yield f"the clocks of the store and of a gateway differ by {differ}: set both by NTP"

    def disagreeing(self) -> dict[str, int]:
        """Return the gateways whose clock is far from that of the store and of most gateways, and how far."""
        clocks = sorted([0, *self.fast.values()])
        # Of two in the middle the store's counts, or the one that is nearer to it.
        middle = min(clocks[(len(clocks) - 1) // 2], clocks[len(clocks) // 2], key=abs)
        return {name: fast - middle for name, fast in self.fast.items() if abs(fast - middle) > AGREE_MS}


def load_store_clock(found: Result) -> StoreClock:
    """Read the time of a shard; `found` has the `CLOCK_CELLS`."""
    kept = _text(found.rows, STORE_TIME).split()
    believed = not kept or kept[2] == BELIEVED
    # An offset that is given back is less than when it was kept: people's time is the store's meanwhile.
    offset = -found.ahead if believed else int(kept[0])
    stepped = _text(found.rows, STEPPED).split()
    step = Step(int(stepped[0]), stepped[1], int(stepped[2])) if stepped else None
    entries = [entry.split() for entry in _text(found.rows, CLOCKS).split(";") if entry]
    fast = {name: int(ahead) + offset for name, _, ahead, *_ in entries}
    return StoreClock(found.now, offset, believed, step, fast)


def _text(rows: Mapping[Cell, Row], cell: Cell) -> str:
    """Return a value that has no version before it: its first bytes were read as one."""
    return (rows[cell].version + rows[cell].value).decode()
