"""The agenda of the in-memory store: when each subject is due, who leased it, how fast its lane may go."""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict, deque
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from gateway.model.agenda import (
    BEHIND_NEWS,
    EXPIRY_PRIORITY,
    AgendaLook,
    Share,
    Subject,
    SubjectKind,
    WaitingLane,
    longest_late,
)
from gateway.model.changes import Claim, Claimed, Release
from gateway.model.lanes import PASSED_OVER_MS, LaneRule
from gateway.storage.memory_room import Paces, Room


class Lease(NamedTuple):
    """A subject that somebody works on until `ends`.

    `woken` is the earliest time it was scheduled for meanwhile, in ms.
    """

    token: str
    ends: int
    woken: int | None = None


NOT_LEASED = Lease("", 0)


class Queue(NamedTuple):
    """What waits in the order of time; `lane` is the target of deliveries, and the kind of what else there is."""

    share: Share
    urgency: int
    lane: str


class Agenda:
    """The subjects of one shard. `times` has the time at which each is due, in ms."""

    def __init__(self) -> None:
        self.times: dict[Subject, int] = {}
        self._priority: dict[Subject, int] = {}
        self._shares: dict[Subject, Share] = {}
        self._leases: dict[Subject, Lease] = {}
        self.paces = Paces()

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
            self._shares.pop(subject, None)
        else:
            self.times[subject] = again

    def schedule(
        self, agenda: Mapping[Subject, tuple[int, int]], shares: Mapping[Subject, Share] | None = None
    ) -> None:
        for subject, (at, priority) in agenda.items():
            self.times[subject] = min(self.times.get(subject, at), at)
            self._priority[subject] = priority
            self._shares[subject] = (shares or {}).get(subject, Share.OTHERS)
            lease = self._leases.get(subject)
            if lease is not None:
                woken = at if lease.woken is None else min(lease.woken, at)
                self._leases[subject] = lease._replace(woken=woken)

    def unschedule(self, subjects: Iterable[Subject]) -> None:
        for subject in subjects:
            if subject not in self._leases:
                for known in (self.times, self._priority, self._shares):
                    known.pop(subject, None)

    def expiring(self, after: int) -> list[tuple[Subject, int]]:
        """Return what waits to be forgotten, in the order of time, from `after` on."""
        found = [
            (subject, at)
            for subject, at in self.times.items()
            if at >= after
            and subject.kind in (SubjectKind.EXPIRE, SubjectKind.EXPIRE_ALERT)
            and self._priority.get(subject) == EXPIRY_PRIORITY
        ]
        return sorted(found, key=lambda entry: (entry[1], str(entry[0])))

    def holds(self, claim: Claim) -> bool:
        return self._lease(claim.subject).token == claim.token

    def _lease(self, subject: Subject) -> Lease:
        return self._leases.get(subject, NOT_LEASED)

    def claim(self, limit: int, lease: int, lanes: LaneRule, now: int) -> Claimed:
        due = self._due(now)
        room = Room(lanes, self.paces, now)
        claims: dict[Subject, Claim] = {}
        taken = Counter[Queue]()

        def take(subject: Subject, *, refused: bool) -> None:
            token, at, share = secrets.token_hex(8), self.times[subject], self._share(subject)
            claims[subject] = Claim(subject, token, at, refused_before=refused, share=share)
            taken[self._queue(subject)] += 1

        def take_some(most: int, share: Share | None = None) -> None:
            """Take the most urgent first, and of equal urgency one of each queue in turn."""
            fitting = [
                subject for subject in due if subject not in claims and share in (None, self._share(subject))
            ]
            for urgency in sorted({self._urgency(subject) for subject in fitting}):
                of_this = [subject for subject in fitting if self._urgency(subject) == urgency]
                lanes_open = room.lanes_open(of_this, urgency)
                for subject in self._in_turn(of_this, taken, lanes_open):
                    if most > 0 and room.has(subject.target, urgency):
                        take(subject, refused=room.use(subject.target))
                        most -= 1
                    else:
                        lanes_open.discard(subject.target)

        for share in sorted(lanes.reserved):
            take_some(lanes.reserved[share], share)
        passed_over = self._passed_over(due, now)
        turns = passed_over and len(claims) < limit and self.paces.are_turns_due(now)
        for subject in self._in_turn(passed_over, taken) if turns else ():
            if len(claims) < limit and subject not in claims and room.has_turn(subject.target):
                take(subject, refused=room.use_turn(subject.target))
        # The most urgent comes first, so that a critical alert does not wait behind a queue of reminders.
        take_some(limit - len(claims))
        for claim in claims.values():
            self._leases[claim.subject] = Lease(claim.token, now + lease)
        return Claimed(now, self._next_due(now, room), tuple(claims.values()))

    def _due(self, now: int) -> list[Subject]:
        return [subject for subject, at in self.times.items() if at <= now and self._since(subject) <= now]

    def _in_turn(
        self, subjects: Iterable[Subject], taken: Mapping[Queue, int], lanes: Container[str] | None = None
    ) -> Iterator[Subject]:
        """Yield next the oldest of the queue of which the fewest are taken by then; of several queues,
        of the one whose oldest has waited for longest. Queues of other lanes than those that are in
        `lanes` by then are left out.
        """
        waiting = defaultdict[Queue, deque[Subject]](deque)
        fitting = subjects if lanes is None else [one for one in subjects if one.target in lanes]
        for subject in sorted(fitting, key=lambda subject: (self._since(subject), str(subject))):
            waiting[self._queue(subject)].append(subject)
        while waiting:
            # They are in the order of their first subjects, and `min` returns the first of equals.
            queue = min(waiting, key=lambda queue: (taken.get(queue, 0), self._since(waiting[queue][0])))
            subject = waiting[queue].popleft()
            yield subject
            if not waiting[queue] or (lanes is not None and subject.target not in lanes):
                del waiting[queue]

    def _queue(self, subject: Subject) -> Queue:
        lane = subject.target or subject.kind.partition(":")[0]
        return Queue(self._share(subject), self._urgency(subject), lane)

    def _urgency(self, subject: Subject) -> int:
        return self._priority.get(subject, 5)

    def _passed_over(self, due: Iterable[Subject], now: int) -> list[Subject]:
        """Return the subjects that interrupt nobody and have waited for long."""
        return [
            subject
            for subject in due
            if self._urgency(subject) >= BEHIND_NEWS and self._since(subject) <= now - PASSED_OVER_MS
        ]

    def _since(self, subject: Subject) -> int:
        """Return when the subject can be claimed: at its time or, if whoever held it is gone, since its lease
        has ended.
        """
        return max(self.times[subject], self._lease(subject).ends)

    def _share(self, subject: Subject) -> Share:
        return Share.PLANS if subject.kind == SubjectKind.PLAN else self._shares.get(subject, Share.OTHERS)

    def look(self, now: int) -> AgendaLook:
        late = {subject: now - self._since(subject) for subject in self.times if self._since(subject) <= now}
        lanes: dict[str, list[int]] = {}
        for subject, since in late.items():
            if subject.target:
                lanes.setdefault(subject.target, []).append(since)
        waiting = [WaitingLane(lane, len(ages), max(ages)) for lane, ages in lanes.items()]
        own = max((age for subject, age in late.items() if not subject.target), default=0)
        return AgendaLook(len(self.times), own, longest_late(waiting))

    def _next_due(self, now: int, room: Room) -> int | None:
        due, later = set[tuple[str, int]](), dict[str, int]()
        for subject in self.times:
            lane, since = subject.target, self._since(subject)
            if since <= now:
                due.add((lane, self._urgency(subject)))
            else:
                later[lane] = min(later.get(lane, since), since)
        # Where no room is, the loop comes again by itself when one of those under way ends.
        wide = {
            lane for lane in {*later, *(lane for lane, _ in due)} if not lane or room.is_wide_enough(lane)
        }
        times = [since for lane, since in later.items() if lane in wide]
        times += [max(now, room.opens_at(lane, urgency)) for lane, urgency in due if lane in wide]
        return min(times, default=None)
