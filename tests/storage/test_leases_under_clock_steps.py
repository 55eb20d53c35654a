"""Whatever the store's clock does, nobody takes over a lease before its holder had its time, and what is due is
claimed when it is due.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from gateway.decisions.delivery.next_step import LEASE
from gateway.model.agenda import Subject
from gateway.model.changes import Changes
from gateway.model.durations import HOUR, SECOND
from gateway.storage.caller_clock import CallerClock, MachineClocks
from gateway.storage.memory import MemoryStore
from gateway.storage.redis import RedisStore
from tests.support.build import START
from tests.support.connected import patient
from tests.support.stepped import NO_LANES, VirtualTime

SUBJECT, LATER = Subject.plan("i1"), Subject.plan("i2")


@dataclass
class Replica:
    """A gateway on the store, with its own clocks."""

    both: Both
    name: str
    paused: int = 0
    wrong: int = 0
    store: MemoryStore | RedisStore = field(init=False)
    caller: CallerClock = field(init=False)

    def __post_init__(self) -> None:
        self.caller = CallerClock(
            MachineClocks(lambda: self.both.real + self.wrong, lambda: self.both.real - START - self.paused),
            self.name,
        )
        self.store = self.both.open(self.caller)

    async def claim(self) -> list[Subject]:
        if isinstance(self.store, MemoryStore):
            self.store.caller = self.caller
        return [claim.subject for claim in (await self.store.claim(10, LEASE, NO_LANES)).claims]

    async def schedule(self, subject: Subject, wait: int) -> None:
        """Put a subject on the agenda, as a plan does: by the store's `now`."""
        if isinstance(self.store, MemoryStore):
            self.store.caller = self.caller
        changes = Changes()
        changes.schedule(subject, await self.store.now() + wait)
        await self.store.commit(changes)


@dataclass
class Both:
    """Either store, its virtual clock, and the time that really goes by."""

    open: Callable[[CallerClock], MemoryStore | RedisStore]
    real: int = START
    step: int = 0

    def store_time(self) -> int:
        return self.real + self.step

    async def until_claimed(self, subject: Subject, *replicas: Replica, at_most: int) -> int:
        """Have these replicas claim twice a second; return after how many ms one of them got the subject."""
        begun = self.real
        while self.real - begun < at_most:
            for replica in replicas:
                if subject in await replica.claim():
                    return self.real - begun
            self.real += 500
        return at_most


@pytest.fixture(params=["memory", "valkey"])
async def both(request: pytest.FixtureRequest) -> AsyncIterator[Both]:
    if request.param == "memory":
        found = Both(lambda _caller: memory)
        memory = MemoryStore(found.store_time, CallerClock())
        yield found
        return
    client = patient(request.getfixturevalue(f"{request.param}_url"))
    await client.ask_each("FLUSHALL")
    found = Both(lambda caller: RedisStore(virtual, clock=caller))
    virtual = VirtualTime(client, found.store_time)
    yield found
    await client.aclose()


STEPS = pytest.mark.parametrize("step", [-5 * HOUR, -150 * SECOND, 150 * SECOND, 5 * HOUR])


@STEPS
async def test_a_lease_lasts_for_its_twenty_seconds(both: Both, step: int) -> None:
    holder, other = Replica(both, "holder"), Replica(both, "other")
    await other.claim()
    await holder.schedule(SUBJECT, 0)
    assert await holder.claim() == [SUBJECT]
    both.step = step
    taken_over = await both.until_claimed(SUBJECT, other, holder, at_most=2 * LEASE)
    assert LEASE <= taken_over <= LEASE + 5 * SECOND


@STEPS
async def test_what_is_due_is_claimed_within_five_seconds(both: Both, step: int) -> None:
    one, other = Replica(both, "one"), Replica(both, "other")
    await one.claim()
    await other.claim()
    await one.schedule(LATER, 10 * SECOND)
    both.step = step
    assert await both.until_claimed(LATER, one, other, at_most=60 * SECOND) <= 15 * SECOND
    await other.schedule(SUBJECT, 5 * SECOND)
    both.step = 0
    assert await both.until_claimed(SUBJECT, one, other, at_most=60 * SECOND) <= 10 * SECOND


async def test_a_replica_that_starts_just_after_a_step_takes_no_lease_by_it(both: Both) -> None:
    holder = Replica(both, "holder")
    await holder.schedule(SUBJECT, 0)
    assert await holder.claim() == [SUBJECT]
    both.step = 5 * HOUR
    new = Replica(both, "new")
    assert await both.until_claimed(SUBJECT, new, holder, at_most=2 * LEASE) >= LEASE


async def test_a_replica_that_was_paused_takes_no_lease_by_its_own_clock_and_is_not_late(both: Both) -> None:
    holder, paused = Replica(both, "holder"), Replica(both, "paused")
    await paused.claim()
    await holder.claim()
    both.real += 60 * SECOND
    paused.paused = 60 * SECOND
    await holder.schedule(SUBJECT, 0)
    assert await holder.claim() == [SUBJECT]
    assert await paused.claim() == []
    await holder.schedule(LATER, SECOND)
    assert await both.until_claimed(LATER, paused, at_most=20 * SECOND) <= 2 * SECOND


async def test_the_fence_of_a_killed_writer_ends_after_its_time_whatever_the_clock_does(both: Both) -> None:
    writer, other = Replica(both, "writer"), Replica(both, "other")
    for replica in (writer, other):
        await replica.claim()
    assert await writer.store.fence("writer", 2_000)
    both.step = 5 * HOUR
    assert not await other.store.fence("other", 2_000)
    both.step = -5 * HOUR
    both.real += 3_000
    if isinstance(other.store, MemoryStore):
        other.store.caller = other.caller
    assert await other.store.fence("other", 2_000)
