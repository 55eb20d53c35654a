"""Whatever the clocks of a store and of its gateways do: `now` never goes back, and runs ahead of real time only
where a step was confirmed. The in-memory store and the scripts in a real server answer alike.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.storage.caller_clock import LATENCY_MS
from gateway.storage.memory_clock import AGREES_MS
from tests.support.connected import patient
from tests.support.stepped import Machine, MemoryServer, ScriptServer, Server, World

HALF_A_DAY = 12 * 3_600_000
CLAIMS_WRITTEN_MS = 500
QUICKLY = set(Phase) - {Phase.shrink, Phase.explain}


class Event(NamedTuple):
    """Time goes by, a clock may be stepped or a machine paused, then one gateway calls."""

    goes_by: int
    step: int
    paused: int
    wrong: int
    machine: int
    kind: str
    there: int
    back: int


def rarely(most: int) -> st.SearchStrategy[int]:
    return st.one_of(*[st.just(0)] * 6, st.integers(-most, most))


EVENTS = st.lists(
    st.builds(
        Event,
        goes_by=st.one_of(st.integers(0, 1_500), st.integers(0, 60_000)),
        step=rarely(HALF_A_DAY),
        paused=rarely(120_000).map(abs),
        wrong=rarely(HALF_A_DAY),
        machine=st.integers(0, 2),
        kind=st.sampled_from(["claim", "claim", "gather", "commit"]),
        there=st.one_of(st.integers(0, 20), st.integers(0, 30_000)),
        back=st.one_of(st.integers(0, 20), st.integers(0, 30_000)),
    ),
    min_size=5,
    max_size=40,
)


async def play(server: Server, events: list[Event]) -> World:
    world = World(server)
    machines = [world.machine(name) for name in ("one", "two", "three")]
    for machine in machines:
        await machine.call("claim")
    for event in events:
        world.real += event.goes_by
        world.step += event.step
        machine = machines[event.machine]
        machine.paused += min(event.paused, event.goes_by)
        machine.wrong += event.wrong
        await machine.call(event.kind, there=event.there, back=event.back)
    return world


def went_back(world: World) -> int:
    """How far `now` ever went back behind what was written: every commit is, a claim twice a second."""
    behind, commits, claims = 0, 0, 0
    for _, kind, time in world.seen:
        behind = max(behind, commits - time.now, claims - CLAIMS_WRITTEN_MS - time.now)
        commits = max(commits, time.now) if kind == "commit" else commits
        claims = max(claims, time.now) if kind == "claim" else claims
    return behind


@given(EVENTS)
@settings(max_examples=300, phases=QUICKLY)
def test_now_never_goes_back_and_runs_ahead_only_where_that_is_confirmed(events: list[Event]) -> None:
    server = MemoryServer()
    confirmed: list[int] = []
    server.clock.count = lambda name, by: confirmed.append(by) if name == "clock_steps_confirmed" else None
    world = asyncio.run(play(server, events))
    assert went_back(world) == 0
    if not confirmed:
        # Each step may pass for a slow call: up to how slow a call may be, and up to how slow one was.
        slowest = max(event.there + event.back for event in events)
        steps = sum(1 for event in events if event.step)
        bound = (LATENCY_MS + slowest) * 1.1 * (1 + steps)
        assert all(now - at <= bound for at, _, (now, *_) in world.seen)


class Trouble(NamedTuple):
    """Some seconds pass; then the store's clock is stepped, or a gateway is away for as long and starts anew."""

    after: float
    step: int
    away: float


STEPPED = st.integers(6_000, HALF_A_DAY) | st.integers(-HALF_A_DAY, -6_000)
TROUBLES = st.lists(
    st.one_of(
        st.builds(Trouble, st.floats(0.1, 15), STEPPED, st.just(0.0)),
        st.builds(Trouble, st.floats(0.1, 15), st.just(0), st.floats(0.1, 20)),
    ),
    min_size=1,
    max_size=6,
)


async def live_through(troubles: list[Trouble]) -> World:
    """Have two gateways claim once a second; one of them never stops. A step back sets a wrong store right."""
    world = World(MemoryServer())
    one, other = world.machine("one"), world.machine("other")
    await world.run(3, one, other)
    for trouble in troubles:
        await world.run(trouble.after, one, other)
        if trouble.away:
            await world.run(trouble.away, one)
            other.restart()
        world.step = 0 if world.step and trouble.step < 0 else world.step + trouble.step
    await world.run(10, one, other)
    return world


@given(TROUBLES)
@settings(max_examples=300, phases=QUICKLY)
def test_beside_a_gateway_that_goes_on_no_lease_is_cut_short_and_people_s_time_is_right(
    troubles: list[Trouble],
) -> None:
    world = asyncio.run(live_through(troubles))
    # Two steps that nearly add up to nothing may pass for a slow call.
    most = LATENCY_MS * (1 + len(troubles) // 2)
    ahead = [time.now - at for at, kind, time in world.seen if kind == "claim"]
    assert max(later - min(ahead[: i + 1]) for i, later in enumerate(ahead)) <= most
    assert world.wall_off_by <= AGREES_MS + most


async def both(url: str, events: list[Event]) -> None:
    client = patient(url)
    await client.ask_each("FLUSHALL")
    try:
        memory, server = MemoryServer(), ScriptServer(client)
        expected, found = await play(memory, events), await play(server, events)
        assert found.seen == expected.seen
        assert await server.texts() == await memory.texts()
    finally:
        await client.aclose()


@pytest.mark.parametrize("server", ["valkey", "redis"])
def test_the_scripts_and_the_in_memory_store_tell_the_same_time(
    server: str, request: pytest.FixtureRequest
) -> None:
    url: Any = request.getfixturevalue(f"{server}_url")

    @given(EVENTS)
    @settings(max_examples=60, phases=QUICKLY)
    def alike(events: list[Event]) -> None:
        asyncio.run(both(url, events))

    alike()


async def test_machines_of_one_world_tell_the_time_by_their_own_clocks() -> None:
    world = World(MemoryServer())
    machine = Machine(world, "one", wrong=5_000)
    assert machine.caller.ask().realtime == world.real + 5_000
