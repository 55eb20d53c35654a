"""The agenda of the state in memory: what is due when, who holds it, and how fast its lane may go."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from gateway.model.agenda import Subject
from gateway.model.changes import Claim, Claimed, Release
from gateway.model.lanes import LaneRule, Pace


class Agenda:
    """`times` is when each subject is due, in ms."""

    def __init__(self) -> None:
        self.times: dict[Subject, int] = {}
        self._priority: dict[Subject, int] = {}
        self._leases: dict[Subject, tuple[str, int, int | None]] = {}
        self._pace: dict[str, int] = {}

    def release(self, release: Release) -> None:
        if release.hold:
            return
        subject, again = release.claim.subject, release.again
        woken = self._leases.pop(subject)[2]
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
            if subject in self._leases:
                token, ends, woken = self._leases[subject]
                self._leases[subject] = (token, ends, at if woken is None else min(woken, at))

    def holds(self, claim: Claim) -> bool:
        return self._leases.get(claim.subject, ("", 0, None))[0] == claim.token

    def close(self, lane: str, pace: Pace, until: int) -> None:
        self._pace[pace.key(lane)] = max(self._pace.get(pace.key(lane), 0), until + pace.allowance)

    def claim(self, limit: int, lease: int, lanes: LaneRule, now: int) -> Claimed:
        due = [s for s, at in self.times.items() if at <= now and self._leases.get(s, ("", 0, None))[1] <= now]
        due.sort(key=lambda s: (self._priority.get(s, 5), self.times[s], str(s)))
        claims: list[Claim] = []
        lanes = lanes._replace(running=dict(lanes.running), room=dict(lanes.room))
        for subject in due:
            if len(claims) < limit and self._take_token(subject, lanes, now):
                claims.append(Claim(subject, secrets.token_hex(8), self.times[subject]))
                self._leases[subject] = (claims[-1].token, now + lease, None)
        return Claimed(now, self._next_due(now, lanes), tuple(claims))

    def _opens_at(self, lane: str, lanes: LaneRule) -> int:
        pace = lanes.paces.get(lane.partition(":")[0])
        return self._pace.get(pace.key(lane), 0) - pace.allowance if pace else 0

    def _take_token(self, subject: Subject, lanes: LaneRule, now: int) -> bool:
        lane = subject.target
        if not lane:
            return True
        if not _has_room(lane, lanes) or self._opens_at(lane, lanes) > now:
            return False
        pace = lanes.paces.get(lane.partition(":")[0])
        if pace is not None:
            self._pace[pace.key(lane)] = max(self._pace.get(pace.key(lane), 0), now) + pace.interval
        kind = lanes.kinds.get(lane.partition(":")[0], "")
        assert isinstance(lanes.running, dict)
        assert isinstance(lanes.room, dict)
        lanes.running[lane] = lanes.running.get(lane, 0) + 1
        if kind in lanes.room:
            lanes.room[kind] -= 1
        return True

    def _next_due(self, now: int, lanes: LaneRule) -> int:
        times = []
        for subject, at in self.times.items():
            lane = subject.target
            leased_to = self._leases.get(subject, ("", 0, None))[1]
            if at <= now and leased_to <= now and lane and not _has_room(lane, lanes):
                continue  # whatever ends there wakes the loop
            opens = self._opens_at(lane, lanes) if at <= now else 0
            times.append(max(at, leased_to, opens) if at <= now else at)
        return min(times, default=-1)


def _has_room(lane: str, lanes: LaneRule) -> bool:
    kind = lanes.kinds.get(lane.partition(":")[0], "")
    return lanes.running.get(lane, 0) < lanes.width and lanes.room.get(kind, 1) > 0
