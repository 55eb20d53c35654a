"""The two times of the in-memory store: what `scripts/include/clock.lua` and `clocks.lua` do, word for word.

What it keeps stands in the texts of those scripts, so that one reader serves both stores.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.model.changes import Row
from gateway.storage.caller_clock import Asked, StoreTime

AGREES_MS = SILENT_MS = 5_000
STEP_MS = VOUCHED_MS = 2_000
PATIENCE_MS = 2_500
LEASES_LAST_MS = 30_000
VERSION_BYTES = 8  # before the value of each row in a real server
_ENTRY = re.compile(r"(\S+) (\d+) (\S+) (\d+) (\d);")


class Voter(NamedTuple):
    """The words of a gateway's clocks at its last claim, as `clocks.lua` explains."""

    gateway: str
    heard: int
    fast: int
    doubts: int
    remembers: bool

    def __str__(self) -> str:
        return f"{self.gateway} {self.heard} {self.fast} {self.doubts} {int(self.remembers)};"


@dataclass(slots=True)
class Reading:
    """The time of one call, while it is worked out. `moved`: the offset is not the one that is kept."""

    asked: Asked
    store_time: int
    offset: int
    ahead: int | None
    last_now: int
    moved: bool = False
    remembers: bool = False
    jumped: bool = False
    doubted: bool = False
    now: int = 0
    back: int = 0
    candidate: int = 0

    @property
    def time(self) -> StoreTime:
        wall = self.now + (-self.offset if self.ahead is None else self.ahead)
        return StoreTime(self.now, wall, self.candidate)


@dataclass(slots=True)
class StoreClock:
    """The time of a shard. `texts` are the fields `clock`, `time`, `clocks` and `stepped` of META."""

    texts: dict[str, str] = field(default_factory=dict)
    count: Callable[[str, int], None] = lambda _name, _by: None

    def read(self, store_time: int, asked: Asked) -> Reading:
        """Work out the time. Nothing is kept: that is `keep`, and in a claim `vote`."""
        reading = self._kept(store_time, asked)
        most, reading.candidate = asked.most, store_time + reading.offset
        wall = reading.candidate + (-reading.offset if reading.ahead is None else reading.ahead)
        # Whoever remembers nothing takes the store's time, unless it is news to all, and either another
        # doubts it or people's time by it is not the caller's time of day.
        if not reading.remembers and reading.last_now:
            others = (voter for voter in self._voters(store_time) if voter.gateway != asked.gateway)
            if any(voter.doubts for voter in others) or not _agree(asked.realtime, wall):
                most = reading.last_now + VOUCHED_MS
        reading.jumped = 0 < most < reading.candidate
        reading.doubted = reading.jumped and reading.candidate > reading.last_now + VOUCHED_MS
        reading.now = max(reading.last_now, reading.candidate)
        if reading.doubted or reading.candidate < asked.least:
            reading.now = max(reading.last_now, asked.expected)
        if not reading.doubted:
            reading.back = reading.now - reading.candidate
        if reading.back > 0:
            # People's time goes on as it did, until the gateways' clocks have shown which is right.
            if reading.back > STEP_MS and reading.ahead is None:
                reading.ahead = -reading.offset
            reading.offset, reading.candidate, reading.moved = (
                reading.offset + reading.back,
                reading.now,
                True,
            )
        return reading

    def _kept(self, store_time: int, asked: Asked) -> Reading:
        reading = Reading(asked, store_time, 0, None, int(self.texts.get("clock", 0)))
        reading.remembers = asked.most > 0
        if "time" not in self.texts:
            return reading
        offset, since, ahead = self.texts["time"].split()
        reading.offset, reading.ahead = int(offset), None if ahead == "believed" else int(ahead)
        all_were_down = not reading.remembers and not self._voters(store_time, LEASES_LAST_MS)
        if all_were_down and _agree(asked.realtime, store_time):
            reading.offset, reading.ahead, reading.moved = 0, None, True
        elif reading.ahead is None and reading.offset > 0:
            given_back = max(0, store_time - int(since)) // 10
            reading.offset = max(0, reading.offset - given_back)
        return reading

    def _voters(self, store_time: int, silent: int = SILENT_MS) -> list[Voter]:
        found = (
            Voter(gateway, int(heard), int(fast), int(doubts), remembers == "1")
            for gateway, heard, fast, doubts, remembers in _ENTRY.findall(self.texts.get("clocks", ""))
        )
        return [voter for voter in found if abs(store_time - voter.heard) <= silent]

    def keep(self, reading: Reading) -> None:
        """Keep `now`, and the offset where it has changed."""
        self.texts["clock"] = f"0{reading.now}"  # the 0 says that the scripts keep an index of the agenda
        if not reading.moved:
            return
        if reading.back > STEP_MS:
            self._note_step("back", reading.back, reading.now)
        if reading.offset == 0 and reading.ahead is None:
            self.texts.pop("time", None)
        else:
            ahead = "believed" if reading.ahead is None else str(reading.ahead)
            self.texts["time"] = f"{reading.offset} {reading.store_time} {ahead}"

    def _note_step(self, kind: str, size: int, now: int) -> None:
        self.texts["stepped"] = f"{now} {kind} {size}"
        self.count(f"clock_steps_{kind}", 1)

    def vote(self, reading: Reading) -> bool:
        """Decide in a claim who is right, and keep what was decided; return whether nothing may be leased."""
        asked = reading.asked
        voters = self._voters(reading.store_time)
        own = next((voter for voter in voters if voter.gateway == asked.gateway), None)
        others = [voter for voter in voters if voter.gateway != asked.gateway]
        doubts_before = doubts = own.doubts if own is not None else 0
        leases_nothing = False
        if not reading.doubted:
            doubts = 0
        elif not doubts:
            # A call that was only delayed is followed by one that is not.
            doubts, leases_nothing = reading.now, True
        elif reading.now - doubts < PATIENCE_MS:
            leases_nothing = not reading.remembers  # the leases of others may only seem to be over
        else:
            doubts = 0
            if _store_is_right(reading, others):
                # This gateway was paused, or all were down.
                jump = reading.candidate - reading.now
                self._note_step("confirmed", jump, reading.now)
                others = [voter._replace(fast=voter.fast - jump) for voter in others]
                reading.now = reading.candidate
            else:
                others = self._refuse(reading, others)
            reading.doubted = False
        if reading.ahead is not None or reading.jumped:
            _compare(reading, others)
        voted = doubts != doubts_before
        if reading.moved or voted or reading.now > reading.last_now + 500:
            self.keep(reading)
        if voted or own is None or reading.store_time > own.heard + 1_000:
            fast = asked.realtime - reading.now
            mine = Voter(asked.gateway, reading.store_time, fast, doubts, reading.remembers)
            self.texts["clocks"] = "".join(map(str, (mine, *others)))
        return leases_nothing

    def _refuse(self, reading: Reading, others: list[Voter]) -> list[Voter]:
        self._note_step("refused", reading.candidate - reading.now, reading.now)
        if reading.ahead is None:
            reading.ahead = -reading.offset
        reading.offset = reading.now - reading.store_time
        reading.candidate, reading.moved = reading.now, True
        return [voter._replace(doubts=0) for voter in others]


def _compare(reading: Reading, others: list[Voter]) -> None:
    """See whether people's time is the store's, by the median of the gateways' clocks."""
    before = -reading.offset if reading.ahead is None else reading.ahead
    fast = sorted([reading.asked.realtime - reading.now, *(voter.fast for voter in others)])
    middle = (fast[(len(fast) - 1) // 2], fast[len(fast) // 2])
    median = min(middle, key=lambda each: abs(each - before))
    if _agree(reading.now + median, reading.store_time):
        # In doubt the offset is still that of before the step, and people's time cannot be read from it.
        if reading.ahead is not None and not reading.doubted:
            reading.ahead, reading.moved = None, True
    elif reading.ahead is None or abs(median - reading.ahead) > 500:
        reading.ahead, reading.moved = median, True


def _agree(one: int, other: int) -> bool:
    return abs(one - other) <= AGREES_MS


def _store_is_right(reading: Reading, others: list[Voter]) -> bool:
    """Decide by majority; in a tie the monotonic clocks of the gateways are right."""
    follow = 1 + sum(not voter.doubts for voter in others)
    against = reading.remembers + sum(voter.remembers and voter.doubts > 0 for voter in others)
    return follow > against


def row_of(text: str) -> Row:
    """Return a text of META as a row is read: its first bytes stand where others have their version."""
    raw = text.encode()
    return Row(raw[:VERSION_BYTES], raw[VERSION_BYTES:])
