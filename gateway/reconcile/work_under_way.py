"""The work that runs now on due subjects, and how much more each lane, each kind and each share may take."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence

from gateway.decisions.policy import Policy
from gateway.model.agenda import Share
from gateway.model.changes import Claim
from gateway.model.lanes import LaneRule, Pace

MAX_UNDER_WAY = 64  # subjects worked on at once, and some more only where a share has none of its own yet
RESERVED = {
    Share.PLANS: 16,
    Share.ENDS: 8,
    Share.OWN_ALERTS: 8,
}  # of these; lent while nothing of the share waits
LANE_WIDTH = 4  # deliveries to one place at a time
KIND_WIDTH = 24  # of one kind of destination: one that hangs leaves others room
BUSY_WIDTH = (
    12  # of these, where busy places take no more: the rest is for places that have nothing under way
)
HANGING_WIDTH = 12  # of these, at places that gave no answer


class WorkUnderWay:
    """The tasks of one loop. `finished` is called each time that one of them ends."""

    def __init__(self, finished: Callable[[], None]) -> None:
        self._finished = finished
        self._running: dict[asyncio.Task[None], Sequence[Claim]] = {}

    @property
    def _claims(self) -> Iterable[Claim]:
        return (claim for claims in self._running.values() for claim in claims)

    @property
    def room(self) -> int:
        """How many more subjects may be worked on, whatever they are."""
        return max(0, MAX_UNDER_WAY - sum(len(claims) for claims in self._running.values()))

    @property
    def reserved(self) -> dict[Share, int]:
        """How many more of each share may be worked on even where no room is left: others have borrowed it."""
        running = Counter(claim.share for claim in self._claims)
        return {share: max(0, most - running[share]) for share, most in RESERVED.items()}

    def lanes(self, policy: Policy, paces: Mapping[str, Pace], hanging: Collection[str]) -> LaneRule:
        """Return the rule of what may be claimed now. `hanging` are the lanes that gave no answer."""
        running = Counter(claim.subject.target for claim in self._claims if claim.subject.target)
        kinds = {name: destination.kind for name, destination in policy.rules.destinations.items()}
        by_kind, hanging_by_kind = Counter[str](), Counter[str]()
        for lane, count in running.items():
            # A vendor that hangs fills its own kind's room only, so pages by the others still go out.
            kind = kinds.get(lane.partition(":")[0], "")
            by_kind[kind] += count
            hanging_by_kind[kind] += count if lane in hanging else 0
        known = set(kinds.values())
        return LaneRule(
            paces,
            running,
            LANE_WIDTH,
            kinds,
            room={kind: KIND_WIDTH - by_kind[kind] for kind in known},
            busy_room={kind: BUSY_WIDTH - by_kind[kind] for kind in known},
            hanging=hanging,
            hanging_room={kind: HANGING_WIDTH - hanging_by_kind[kind] for kind in known},
            reserved=self.reserved,
        )

    def start(self, claims: Sequence[Claim], work: Coroutine[None, None, None]) -> None:
        """Have the work done that these claims are for."""
        task = asyncio.create_task(work)
        self._running[task] = claims

        def done(finished: asyncio.Task[None]) -> None:
            del self._running[finished]
            self._finished()

        task.add_done_callback(done)

    async def wait(self, seconds: float) -> None:
        """Wait for everything that runs, for at most so long."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
