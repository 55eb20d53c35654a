"""The agenda of the in-memory store: when each subject is due, who leased it, how fast its lane may go."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import NamedTuple

from gateway.model.agenda import Subject
from gateway.model.changes import Claim, Claimed, Release
from gateway.model.lanes import LaneRule, Pace


class Lease(NamedTuple):
    """A subject that somebody works on until `ends`.

    `woken` is the earliest time it was scheduled for meanwhile, in ms.
    """

    token: str
    ends: int
    woken: int | None = None


NOT_LEASED = Lease("", 0)


class Agenda:
    """The subjects of one shard. `times` has the time at which each is due, in ms."""

    def __init__(self) -> None:
        self.times: dict[Subject, int] = {}
        self._priority: dict[Subject, int] = {}
        self._leases: dict[Subject, Lease] = {}
        self._pace_full_at: dict[str, int] = {}  # by the key of a pace

    def release(self, release: Release) -> None:
        if release.hold:
            return
        subject, again = release.claim.subject, release.again
        woken = self._leases.pop(subject).woken
        # What happened while the holder worked is news to it: whatever it wants, the subject is looked at.
        if woken is not None:
            again = woken if again is None else min(woken, again)
        if again is None:
            self.times.pop(subject, None)
            self._priority.pop(subject, None)
        else:
            self.times[subject] = again

    def schedule(self, agenda: Mapping[Subject, tuple[int, int]]) -> None:
        for subject, (at, priority) in agenda.items():
            self.times[subject] = min(self.times.get(subject, at), at)
            self._priority[subject] = priority
            lease = self._leases.get(subject)
            if lease is not None:
                woken = at if lease.woken is None else min(lease.woken, at)
                self._leases[subject] = lease._replace(woken=woken)

    def holds(self, claim: Claim) -> bool:
        return self._lease(claim.subject).token == claim.token

    def _lease(self, subject: Subject) -> Lease:
        return self._leases.get(subject, NOT_LEASED)

    def close(self, lane: str, pace: Pace, until: int) -> None:
        key = pace.key(lane)
        # A vendor that asks for a shorter wait does not open a lane that is closed for longer.
        self._pace_full_at[key] = max(self._pace_full_at.get(key, 0), until + pace.allowance)

    def claim(self, limit: int, lease: int, lanes: LaneRule, now: int) -> Claimed:
        waiting = [subject for subject, at in self.times.items() if at <= now]
        due = [subject for subject in waiting if self._lease(subject).ends <= now]
        # The most urgent comes first, so that a critical alert does not wait behind a queue of reminders.
        due.sort(key=lambda subject: (self._priority.get(subject, 5), self.times[subject], str(subject)))
        claims: list[Claim] = []
        lanes = lanes._replace(running=dict(lanes.running), room=dict(lanes.room))
        for subject in due:
            if len(claims) < limit and self._take_token(subject, lanes, now):
                claims.append(Claim(subject, secrets.token_hex(8), self.times[subject]))
                self._leases[subject] = Lease(claims[-1].token, now + lease)
        return Claimed(now, self._next_due(now, lanes), tuple(claims))

    def _opens_at(self, lane: str, lanes: LaneRule) -> int:
        pace = lanes.paces.get(lane.partition(":")[0])
        return self._pace_full_at.get(pace.key(lane), 0) - pace.allowance if pace else 0

    def _take_token(self, subject: Subject, lanes: LaneRule, now: int) -> bool:
        """Return whether the subject's lane has room for one more now, and count it where it has."""
        lane = subject.target
        # Plans, polls and sweeps go to no vendor, so no lane limits them.
        if not lane:
            return True
        if not _has_room(lane, lanes) or self._opens_at(lane, lanes) > now:
            return False
        pace = lanes.paces.get(lane.partition(":")[0])
        if pace is not None:
            key = pace.key(lane)
            self._pace_full_at[key] = max(self._pace_full_at.get(key, 0), now) + pace.interval
        kind = lanes.kinds.get(lane.partition(":")[0], "")
        assert isinstance(lanes.running, dict)
        assert isinstance(lanes.room, dict)
        lanes.running[lane] = lanes.running.get(lane, 0) + 1
        if kind in lanes.room:
            lanes.room[kind] -= 1
        return True

    def _next_due(self, now: int, lanes: LaneRule) -> int | None:
        times = []
        for subject, at in self.times.items():
            lane = subject.target
            leased_to = self._lease(subject).ends
            if at <= now and leased_to <= now and lane and not _has_room(lane, lanes):
                continue  # the loop comes again by itself when one of those under way ends
            opens = self._opens_at(lane, lanes) if at <= now else 0
            times.append(max(at, leased_to, opens) if at <= now else at)
        return min(times, default=None)


def _has_room(lane: str, lanes: LaneRule) -> bool:
    kind = lanes.kinds.get(lane.partition(":")[0], "")
    return lanes.running.get(lane, 0) < lanes.width and lanes.room.get(kind, 1) > 0
