"""The agenda in the in-memory store and in a real server: the same claims in the same order, whatever is done in
whatever order. And beside the version before, whose writes no index shows: nothing is lost, nothing is had twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.model.agenda import BEHIND_NEWS, Share, Subject
from gateway.model.changes import Changes, Claim, Claimed, CommitOutcome, Release
from gateway.model.lanes import PASSED_OVER_MS, LaneRule, Pace
from gateway.ports import Store
from gateway.storage.caller_clock import Asked, CallerClock, StoreTime
from gateway.storage.connections import Client
from gateway.storage.memory import MemoryStore
from gateway.storage.redis import RedisStore
from tests.support.agenda_index import assert_index_is_true
from tests.support.before_lanes import StoreBeforeLanes
from tests.support.connected import patient

START = 4_000_000_000_001  # later than any server's clock; odd, while subjects are due at even times
LANES = ("ops", "team:#pay", "team:#cart", "pager", "hook")
SUBJECTS = tuple(
    [Subject.plan(f"i{n}") for n in range(4)]
    + [Subject.deliver(lane, f"i{n}") for lane in LANES for n in range(3)]
    + [Subject.expire_alert("a1"), Subject.poll("eu")]
)
PACES = {
    "ops": Pace(400, 2, "slack #pay"),
    "team": Pace(400, 2, "slack "),
    "pager": Pace(100, 5),
}
KINDS = {"ops": "slack", "team": "slack", "pager": "pagerduty", "hook": "webhook"}
FEW = st.integers(min_value=0, max_value=3)


@dataclass(frozen=True)
class Schedule:
    subject: Subject
    at: int
    urgency: int
    share: Share


@dataclass(frozen=True)
class Take:
    limit: int
    lease: int
    lanes: LaneRule


@dataclass(frozen=True)
class GiveBack:
    which: int
    again: int | None


@dataclass(frozen=True)
class Withdraw:
    """The subject leaves the agenda, unless somebody works on it."""

    subject: Subject


@dataclass(frozen=True)
class Close:
    """`length` is None where the vendor refuses what comes too fast and names no time."""

    lane: str
    length: int | None


@dataclass(frozen=True)
class Pass:
    length: int


Step = Schedule | Take | GiveBack | Withdraw | Close | Pass

RULES = st.builds(
    LaneRule,
    paces=st.sampled_from([{}, PACES]),
    running=st.dictionaries(st.sampled_from(LANES), FEW, max_size=2),
    width=st.integers(min_value=1, max_value=4),
    kinds=st.just(KINDS),
    room=st.dictionaries(st.sampled_from(sorted(set(KINDS.values()))), FEW, max_size=2),
    busy_room=st.dictionaries(st.sampled_from(sorted(set(KINDS.values()))), FEW, max_size=2),
    hanging=st.lists(st.sampled_from(LANES), max_size=2, unique=True),
    hanging_room=st.dictionaries(st.sampled_from(sorted(set(KINDS.values()))), FEW, max_size=2),
    reserved=st.dictionaries(st.sampled_from([Share.PLANS, Share.ENDS, Share.OWN_ALERTS]), FEW, max_size=3),
)
SHARES = st.sampled_from([Share.OTHERS, Share.OTHERS, Share.ENDS, Share.OWN_ALERTS])
SCHEDULES = st.builds(
    Schedule,
    st.sampled_from(SUBJECTS),
    st.integers(min_value=-500, max_value=50).map(lambda n: START - 1 + 2 * n),
    st.sampled_from([0, 1, 2, 6, 7, 9]),
    SHARES,
)
TAKES = st.builds(Take, st.integers(min_value=0, max_value=6), st.sampled_from([100, 100_000]), RULES)
STEPS: st.SearchStrategy[Step] = st.one_of(
    SCHEDULES,
    TAKES,
    TAKES,
    st.builds(
        GiveBack, st.integers(min_value=0, max_value=99), st.none() | st.integers(min_value=-99, max_value=99)
    ),
    st.builds(Withdraw, st.sampled_from(SUBJECTS)),
    st.builds(Close, st.sampled_from(LANES), st.none() | st.integers(min_value=0, max_value=300)),
    st.builds(Pass, st.one_of(st.integers(min_value=1, max_value=200), st.just(PASSED_OVER_MS // 2))),
)


def run_of(steps: st.SearchStrategy[Step], most: int) -> st.SearchStrategy[list[Step]]:
    """Something waits at first."""
    first = st.lists(SCHEDULES, min_size=6, max_size=16, unique_by=lambda one: one.at)
    return st.tuples(first, st.lists(steps, min_size=1, max_size=most)).map(lambda two: [*two[0], *two[1]])


@dataclass
class Both:
    """The two stores at one time, and what is leased of them: by the model, and by the server."""

    model: MemoryStore
    server: RedisStore
    client: Client
    now: int = START
    held: list[tuple[Claim, Claim]] = field(default_factory=list)

    @classmethod
    def over(cls, client: Client) -> Both:
        made = cls(MemoryStore(lambda: made.now), RedisStore(client, clock=Forgetful()), client)
        return made

    async def turn(self) -> None:
        """Set the server's clock to the model's."""
        await stop_clock(self.client, self.server, f"0{self.now}")

    async def do(self, step: Step) -> None:
        self.now += 2
        match step:
            case Schedule(subject, at, urgency, share):
                await self.turn()
                for store in (self.model, self.server):
                    changes = Changes()
                    changes.schedule(subject, at, urgency, share)
                    await store.commit(changes)
            case Take(limit, lease, lanes):
                await self.turn()
                self._demand_an_order()
                ours = await self.model.claim(limit, lease, lanes)
                theirs = await self.server.claim(limit, lease, lanes)
                assert shown(ours) == shown(theirs)
                assert_comes_in_time(ours, theirs)
                self.held += zip(ours.claims, theirs.claims, strict=True)
            case GiveBack(which, again) if self.held:
                ours_held, theirs_held = self.held.pop(which % len(self.held))
                at = None if again is None else self.now + 2 * again - 1
                await self.turn()
                one = await self.model.commit(Changes(releases=[Release(ours_held, at)]))
                other = await self.server.commit(Changes(releases=[Release(theirs_held, at)]))
                assert one.outcome == other.outcome
            case Withdraw(subject):
                await self.turn()
                for store in (self.model, self.server):
                    await store.commit(Changes(unschedule=[subject]))
            case Close(lane, length):
                await self.turn()
                pace = PACES.get(lane.partition(":")[0], Pace(0, 1))
                for store in (self.model, self.server):
                    await store.close_lane(lane, pace, None if length is None else self.now + length)
            case Pass(length):
                self.now += 2 * length
        await self.turn()

    def _demand_an_order(self) -> None:
        """What is as urgent and has waited as long may be claimed in any order."""
        agenda = self.model._agenda
        order = [(agenda._priority.get(subject, 5), agenda._since(subject)) for subject in agenda.times]
        assume(len(order) == len(set(order)))
        quiet = [since for urgency, since in order if urgency >= BEHIND_NEWS]
        assume(len(quiet) == len(set(quiet)))


class Forgetful(CallerClock):
    """It takes the shard's time as it is."""

    def hear(self, asked: Asked, reply: StoreTime, *, claimed: bool = False) -> None:
        pass


async def stop_clock(client: Client, store: RedisStore, clock: str) -> None:
    """Have the shard's time stand still at a time that is later than any server's."""
    await client.ask("HDEL", store.keys["meta"], "time", "clocks", "stepped")
    await client.ask("HSET", store.keys["meta"], "clock", clock)


def shown(claimed: Claimed) -> tuple[int, list[tuple[str, int, Share, bool]]]:
    return (
        claimed.now,
        [(str(one.subject), one.due, one.share, one.refused_before) for one in claimed.claims],
    )


def assert_comes_in_time(ours: Claimed, theirs: Claimed) -> None:
    """The scripts may ask to come again for a lane that has lost its room to another meanwhile, but never late, and
    not at once for nothing.
    """
    due = float("inf") if ours.next_due is None else ours.next_due
    asked = float("inf") if theirs.next_due is None else theirs.next_due
    assert asked <= due
    assert asked > theirs.now or due <= ours.now


async def play(url: str, work: Callable[[Client], Awaitable[None]]) -> None:
    client = patient(url)
    await client.ask_each("FLUSHALL")
    try:
        await work(client)
    finally:
        await client.aclose()


async def compare(client: Client, steps: list[Step]) -> None:
    both = Both.over(client)
    await both.turn()
    for step in steps:
        await both.do(step)
    await assert_index_is_true(client, both.server)


@settings(max_examples=100)
@given(run_of(STEPS, 12))
def test_both_stores_claim_the_same(valkey_url: str, steps: list[Step]) -> None:
    asyncio.run(play(valkey_url, lambda client: compare(client, steps)))


@pytest.mark.long(minutes=2)
@settings(max_examples=1_500)
@given(run_of(STEPS, 50))
def test_both_stores_claim_the_same_at_length(redis_url: str, steps: list[Step]) -> None:
    asyncio.run(play(redis_url, lambda client: compare(client, steps)))


BY = run_of(STEPS, 15).flatmap(
    lambda steps: st.lists(st.booleans(), min_size=len(steps), max_size=len(steps)).map(
        lambda older: list(zip(older, steps, strict=True))
    )
)


async def mix(client: Client, steps: list[tuple[bool, Step]]) -> None:
    """Each step is done by the version before or by this one; then what is left is claimed."""
    before, now = StoreBeforeLanes(client), RedisStore(client, clock=Forgetful())
    at, held = START, []
    for by_older, step in steps:
        store: Store = before if by_older else now
        at += 2
        match step:
            case Schedule(subject, due, urgency, share):
                changes = Changes()
                changes.schedule(subject, due, urgency, share)
                await store.commit(changes)
            case Take(limit, lease, lanes):
                claims = (await store.claim(limit, lease, lanes)).claims
                leased = {claim.subject for claim, ends in held if ends > at}
                assert not leased & {claim.subject for claim in claims}, "it is leased to somebody"
                held += [(claim, at + lease) for claim in claims]
            case GiveBack(which, again) if held:
                claim, _ = held.pop(which % len(held))
                await store.commit(Changes(releases=[Release(claim, None if again is None else at + again)]))
            case Withdraw(subject):
                await now.commit(Changes(unschedule=[subject]))
            case Close(lane, length):
                pace = PACES.get(lane.partition(":")[0], Pace(0, 1))
                await store.close_lane(lane, pace, None if length is None else at + length)
            case Pass(length):
                at += 2 * length
        await keep_marked(client, now, at)
    await keep_marked(client, now, at + 1_000_000)
    listed = {subject.decode() for subject in await client.ask("ZRANGE", now.keys["agenda"], 0, -1)}
    found = await drained(now)
    assert sorted(found) == sorted(listed)
    await assert_index_is_true(client, now)


async def keep_marked(client: Client, store: RedisStore, at: int) -> None:
    """Set the server's clock, and leave the mark of whoever has written it."""
    written = (await client.ask("HGET", store.keys["meta"], "clock") or b"").decode()
    await stop_clock(client, store, f"{'0' if written.startswith('0') else ''}{at}")


async def drained(store: RedisStore) -> list[str]:
    """Claim until nothing is due any more, and take it off the agenda."""
    found = []
    while True:
        claimed = await store.claim(5, 100, LaneRule())
        found += [str(claim.subject) for claim in claimed.claims]
        done = Changes(releases=[Release(claim, None) for claim in claimed.claims])
        assert (await store.commit(done)).outcome is CommitOutcome.DONE
        if not claimed.claims and claimed.next_due != claimed.now:
            return found


@settings(max_examples=100)
@given(BY)
def test_beside_the_version_before_nothing_is_lost_or_had_twice(
    valkey_url: str, steps: list[tuple[bool, Step]]
) -> None:
    asyncio.run(play(valkey_url, lambda client: mix(client, steps)))


@pytest.mark.long
@settings(max_examples=800)
@given(BY)
def test_beside_the_version_before_nothing_is_lost_or_had_twice_at_length(
    redis_url: str, steps: list[tuple[bool, Step]]
) -> None:
    asyncio.run(play(redis_url, lambda client: mix(client, steps)))
