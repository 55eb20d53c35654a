"""How fast each place of the in-memory store may be sent to, and how much room the lanes have in one claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gateway.model.agenda import Subject
from gateway.model.lanes import NEVER_TOO_FAST, TURNS_EVERY_MS, LaneRule, Pace, TooFast

MOST_URGENT = 0


class Paces:
    """Keeps when the pace of each place is full, and which places refuse what comes too fast."""

    def __init__(self) -> None:
        self._full_at: dict[str, int] = {}
        self._too_fast: dict[str, TooFast] = {}
        # By how many ms the pace of a place was set back for being closed, until the place takes something
        self._kept_back: dict[str, int] = {}
        # When it is the next turn of what interrupts nobody and was passed over for long
        self._next_turn: dict[str, int] = {}
        self._next_turns = 0  # when turns are looked for again

    def opens_at(self, lane: str, pace: Pace, urgency: int, now: int) -> int:
        """Return when the lane opens for what is as urgent."""
        opens, refused = self._full_at.get(pace.key(lane), 0) - pace.allowance_for(urgency), NEVER_TOO_FAST
        if opens > now and urgency == MOST_URGENT:
            refused = self._refusals(pace.key(lane), now)
        # No lane opens sooner that is closed until a time which the vendor has named.
        return refused.opens_for_urgent(now) if refused.until == opens else opens

    def are_turns_due(self, now: int) -> bool:
        """Return whether turns are looked for now, and have that done later the next time."""
        due = self._next_turns <= now
        self._next_turns = now + TURNS_EVERY_MS if due else self._next_turns
        return due

    def has_turn(self, lane: str, pace: Pace, now: int) -> bool:
        """Return whether it is the turn of what was passed over for long. It does not ask in the place
        of news whether what was refused is taken again.
        """
        key = pace.key(lane)
        open_ = self._full_at.get(key, 0) - pace.allowance <= now
        return open_ and self._next_turn.get(key, 0) <= now and not self._refusals(key, now).in_a_row

    def use_turn(self, lane: str, pace: Pace, now: int) -> None:
        """Have the next turn come later; `use` takes the token."""
        self._next_turn[pace.key(lane)] = now + pace.turn

    def use(self, lane: str, pace: Pace, now: int) -> bool:
        """Take a token. Return whether the place refused what was sent there last, since it came too fast."""
        key = pace.key(lane)
        if self._full_at.get(key, 0) - pace.allowance > now:
            # It opens later for what is less urgent: what is refused now is one more in a row.
            self._too_fast[key] = self._refusals(key, now)._replace(until=now)
            self._set_back(key, now + pace.allowance)
        refusals = self._refusals(key, now)
        interval = pace.interval if refusals is NEVER_TOO_FAST else pace.slower()
        self._full_at[key] = max(self._full_at.get(key, 0), now) + interval
        return refusals.in_a_row > 0

    def close(self, lane: str, pace: Pace, until: int, *, named: bool) -> None:
        """Send nothing until then. `named` says that the vendor has named the time, and so decides the pace."""
        key = pace.key(lane)
        # A vendor that asks for a shorter wait does not open a lane that is closed for longer.
        full_at = max(self._full_at.get(key, 0), until + pace.allowance)
        if named:
            self._full_at[key] = full_at
            self._kept_back.pop(key, None)
        else:
            self._set_back(key, full_at)

    def _set_back(self, key: str, full_at: int) -> None:
        self._kept_back[key] = self._kept_back.get(key, 0) + full_at - self._full_at.get(key, 0)
        self._full_at[key] = full_at

    def refused(self, lane: str, pace: Pace, now: int) -> int:
        """Note that the vendor has refused what came too fast. Return until when it is left alone."""
        key = pace.key(lane)
        known = self._refusals(key, now)
        if known is NEVER_TOO_FAST:
            self._kept_back.pop(key, None)
        self._too_fast[key] = known.again(now)
        return self._too_fast[key].until

    def taken(self, lane: str, pace: Pace, now: int) -> None:
        """Note that the vendor has taken something: its pace has left what was not sent while it was closed."""
        key = pace.key(lane)
        known = self._refusals(key, now)
        if not known.in_a_row:
            return
        self._too_fast[key] = known._replace(in_a_row=0)
        # It has refused something else meanwhile: the lane stays closed for what is less urgent.
        if known.until <= now:
            self._full_at[key] = self._full_at.get(key, 0) - self._kept_back.pop(key, 0)

    def _refusals(self, key: str, now: int) -> TooFast:
        return self._too_fast.get(key, NEVER_TOO_FAST).remembered(now)


class Room:
    """The room that a rule leaves at first; `use` takes of it, and of the paces."""

    def __init__(self, lanes: LaneRule, paces: Paces, now: int) -> None:
        self._lanes = lanes
        self._paces = paces
        self._now = now
        self._running: Counter[str] = Counter()
        for lane, count in lanes.running.items():
            self._running[self._place(lane)] += count
        self._hanging = {self._place(lane) for lane in lanes.hanging}
        self._room, self._busy_room, self._hanging_room = (
            dict(lanes.room),
            dict(lanes.busy_room),
            dict(lanes.hanging_room),
        )

    def has(self, lane: str, urgency: int) -> bool:
        """Return whether one more that is as urgent may be sent in the lane now. Plans,
        polls and sweeps are in none.
        """
        return not lane or (self.is_wide_enough(lane) and self.opens_at(lane, urgency) <= self._now)

    def lanes_open(self, subjects: Iterable[Subject], urgency: int) -> set[str]:
        """Return the lanes of subjects that have room for what is as urgent: by what is taken none gets any."""
        return {lane for lane in {subject.target for subject in subjects} if self.has(lane, urgency)}

    def is_wide_enough(self, lane: str) -> bool:
        """Return whether the lane has room for one more, whatever its pace says."""
        place, kind = self._place(lane), self._kind(lane)
        hanging, running = place in self._hanging, self._running[place]
        return (
            running < (1 if hanging else self._lanes.width)
            and self._room.get(kind, 1) > 0
            and (not running or self._busy_room.get(kind, 1) > 0)
            and (not hanging or self._hanging_room.get(kind, 1) > 0)
        )

    def has_turn(self, lane: str) -> bool:
        """Return whether one may be sent in the lane that interrupts nobody and was passed over for long."""
        pace = self._pace(lane)
        return pace is not None and self.is_wide_enough(lane) and self._paces.has_turn(lane, pace, self._now)

    def use_turn(self, lane: str) -> bool:
        """Count one more in the lane, in its turn. The answer is that of `use`."""
        pace = self._pace(lane)
        assert pace is not None
        self._paces.use_turn(lane, pace, self._now)
        return self.use(lane)

    def opens_at(self, lane: str, urgency: int) -> int:
        pace = self._pace(lane)
        return 0 if pace is None else self._paces.opens_at(lane, pace, urgency, self._now)

    def use(self, lane: str) -> bool:
        """Count one more in the lane. Return whether its place refused what was sent there last."""
        if not lane:
            return False
        place, kind, pace = self._place(lane), self._kind(lane), self._pace(lane)
        _less(self._room, kind)
        _less(self._busy_room, kind)
        if place in self._hanging:
            _less(self._hanging_room, kind)
        self._running[place] += 1
        return pace is not None and self._paces.use(lane, pace, self._now)

    def _pace(self, lane: str) -> Pace | None:
        return self._lanes.paces.get(lane.partition(":")[0])

    def _place(self, lane: str) -> str:
        pace = self._pace(lane)
        return lane if pace is None else pace.key(lane)

    def _kind(self, lane: str) -> str:
        return self._lanes.kinds.get(lane.partition(":")[0], "")


def _less(room: dict[str, int], kind: str) -> None:
    if kind in room:
        room[kind] -= 1
