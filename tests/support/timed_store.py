"""A store whose time a test sets, as two replicas see it: in memory, or a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Claim, Release
from gateway.model.lanes import LaneRule, Pace
from gateway.ports import Store
from gateway.storage.caller_clock import CallerClock, MachineClocks
from gateway.storage.memory import MemoryStore
from gateway.storage.redis import RedisStore
from tests.support.connected import patient
from tests.support.stepped import VirtualTime

NOW = 1_800_000_000_000
PACE = Pace(500, 20, "pagerduty KEY ")
LANES = LaneRule({"pager": PACE, "second": PACE})
LEASE = 20_000


@dataclass
class Timed:
    """A store, as two replicas see it, and the way to set its time."""

    store: Store
    other: Store
    set_time: Callable[[int], Awaitable[None]]

    async def refused(self, at: int, until: int | None = None, lane: str = "pager") -> int:
        """Return for how long (ms) the lane is closed by a refusal at that time."""
        await self.set_time(NOW + at)
        return await self.store.close_lane(lane, PACE, None if until is None else NOW + until) - NOW - at

    async def claim_one(
        self, at: int, lane: str = "pager", store: Store | None = None, urgency: int = 5
    ) -> Claim | None:
        """Claim a delivery of this lane, and forget it."""
        await self.set_time(NOW + at)
        store = store or self.store
        subject = Subject.deliver(lane, "i1")
        await store.commit(Changes(agenda={subject: (NOW + at, urgency)}))
        claims = (await store.claim(1, LEASE, LANES)).claims
        await store.commit(Changes(releases=[Release(claim, None) for claim in claims]))
        return claims[0] if claims else None


@asynccontextmanager
async def timed_store(url: str | None) -> AsyncIterator[Timed]:
    """The store in memory where there is no address of a server."""
    times = [NOW]

    def time() -> int:
        return times[-1]

    async def pass_to(at: int) -> None:
        times.append(at)

    if url is None:
        memory = MemoryStore(time)
        yield Timed(memory, memory, pass_to)
        return
    clients = [patient(url) for _ in range(2)]
    await clients[0].ask_each("FLUSHALL")
    clocks = MachineClocks(time, time)
    stores = [RedisStore(VirtualTime(client, time), clock=CallerClock(clocks)) for client in clients]
    yield Timed(*stores, pass_to)
    for client in clients:
        await client.aclose()
