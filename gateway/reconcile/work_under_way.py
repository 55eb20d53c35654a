"""The work that runs now on due subjects, by lane, and how much more each lane and each kind may take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping

from gateway.decisions.policy import Policy
from gateway.model.lanes import LaneRule, Pace

LANE_WIDTH = 4  # deliveries of one lane at a time
KIND_WIDTH = 24  # of one kind of destination: one that hangs leaves others room


class WorkUnderWay:
    """The tasks of one loop. `finished` is called each time that one of them ends."""

    def __init__(self, finished: Callable[[], None]) -> None:
        self._finished = finished
        self._running: dict[str, set[asyncio.Task[None]]] = {}

    @property
    def count(self) -> int:
        return sum(len(tasks) for tasks in self._running.values())

    def lanes(self, policy: Policy, paces: Mapping[str, Pace]) -> LaneRule:
        """Return the rule of what may be claimed now: the paces, and how much room lanes and kinds have."""
        running = {lane: len(tasks) for lane, tasks in self._running.items() if lane}
        destinations = policy.rules.destinations
        kinds = {name: destination.kind for name, destination in destinations.items()}
        room = dict.fromkeys(kinds.values(), KIND_WIDTH)
        for lane, count in running.items():
            kind = kinds.get(lane.partition(":")[0])
            if kind is not None:
                # A vendor that hangs fills its own kind's room only, so pages by the others still go out.
                room[kind] -= count
        return LaneRule(paces, running, LANE_WIDTH, kinds, room)

    def start(self, lane: str, work: Coroutine[None, None, None]) -> None:
        running = self._running.setdefault(lane, set())
        task = asyncio.create_task(work)
        running.add(task)

        def done(finished: asyncio.Task[None]) -> None:
            running.discard(finished)
            if not running:
                self._running.pop(lane, None)
            self._finished()

        task.add_done_callback(done)

    async def wait(self, seconds: float) -> None:
        """Wait for everything that runs, for at most so long."""
        tasks = [task for running in self._running.values() for task in running]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
