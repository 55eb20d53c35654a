"""A step of the store's clock: `now` neither goes back nor runs ahead, and people's time stays right.

Both stores answer alike; the real one runs its own scripts.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from gateway.model.durations import HOUR, SECOND
from tests.support.build import START
from tests.support.stepped import MemoryServer, ScriptServer, World

STEPS = [150 * SECOND, 5 * HOUR]
ids = {"argvalues": STEPS, "ids": ["150 s", "5 h"]}


async def test_without_a_step_both_times_are_the_store_s_and_nothing_more_is_kept(world: World) -> None:
    one, other = world.machine("one"), world.machine("other")
    await world.run(10, one, other)
    assert all(time.now == time.wall == time.candidate == at for at, _, time in world.seen)
    assert (await world.server.texts()).keys() == {"clock", "clocks"}


@pytest.mark.parametrize("step", **ids)
async def test_a_step_back_delays_nothing(world: World, step: int) -> None:
    one, other = world.machine("one"), world.machine("other")
    await world.run(5, one, other)
    world.step = -step
    await world.run(600, one, other)
    assert world.steady
    assert abs(world.late) < 100
    assert abs(world.seen[-1][2].wall - world.real) < 2_000, "the gateways' clocks are right, and say so"


@pytest.mark.parametrize("step", **ids)
async def test_a_step_forward_is_not_followed(world: World, step: int) -> None:
    one, other = world.machine("one"), world.machine("other")
    await world.run(5, one, other)
    world.step = step
    await world.run(600, one, other)
    assert world.steady
    assert abs(world.late) < 500
    assert abs(world.seen[-1][2].wall - world.real) < 2_000


@pytest.mark.parametrize("step", **ids)
async def test_one_gateway_alone_goes_by_its_own_clock(world: World, step: int) -> None:
    one = world.machine("one")
    for way in (-step, 0, step, 0):
        await world.run(20, one)
        world.step = way
    await world.run(60, one)
    assert world.steady
    assert abs(world.late) < 1_000


async def test_steps_add_up_to_nothing(world: World) -> None:
    one, other = world.machine("one"), world.machine("other")
    for step in (-150, -300, -300, 0, 150, -150, 0):
        await world.run(15, one, other)
        world.step = step * SECOND
    await world.run(60, one, other)
    assert world.steady
    assert abs(world.late) < 1_000
    assert abs(world.seen[-1][2].wall - world.real) < 1_000


async def test_a_replica_that_is_three_seconds_behind_takes_over(world: World) -> None:
    one = world.machine("one")
    await world.run(10, one)
    world.step = -3 * SECOND
    await world.run(1, one)
    assert abs(world.late) < 100
    await world.run(120, one)
    assert steady_but_for_what_is_given_back(world)
    time = world.seen[-1][2]
    assert time.now == time.wall == time.candidate, "it has been given back"


def steady_but_for_what_is_given_back(world: World) -> bool:
    times = [(at, time.now) for at, _, time in world.seen]
    return all(
        int(0.9 * (at_later - at_sooner)) - 2 <= later - sooner <= at_later - at_sooner + 5
        for (at_sooner, sooner), (at_later, later) in pairwise(times)
    )


async def test_a_store_that_is_set_right_after_it_was_ahead_gives_the_offset_back(world: World) -> None:
    world.step = 60 * SECOND
    one = world.machine("one", wrong=0)
    await world.run(10, one)
    assert world.seen[-1][2].now == world.seen[-1][0] + 60 * SECOND, "nothing says that the store is wrong"
    world.step = 0
    await world.run(10, one)
    ahead = world.seen[-1][2]
    assert ahead.wall == world.seen[-1][0], "people's time is right at once"
    assert 58 * SECOND < ahead.now - ahead.wall < 60 * SECOND
    await world.run(700, one)
    assert steady_but_for_what_is_given_back(world)
    assert world.seen[-1][2].now == world.seen[-1][2].wall == world.seen[-1][0]


@pytest.mark.parametrize("way", [-1, 1], ids=["back", "forward"])
async def test_people_s_time_is_right_all_the_while_the_store_is_wrong_and_set_right(
    world: World, way: int
) -> None:
    one, other = world.machine("one"), world.machine("other")
    await world.run(10, one, other)
    world.step = way * 5 * HOUR
    await world.run(20, one, other)
    world.step = 0
    await world.run(20, one, other)
    assert world.wall_off_by < 5 * SECOND


async def test_a_gateway_whose_time_of_day_is_an_hour_wrong_changes_nothing(world: World) -> None:
    one, other, wrong = world.machine("one"), world.machine("other"), world.machine("wrong", wrong=HOUR)
    await world.run(10, one, other, wrong)
    assert all(time.now == time.wall == at for at, _, time in world.seen)
    world.step = -5 * HOUR
    await world.run(30, one, other, wrong)
    assert world.steady
    assert abs(world.seen[-1][2].wall - world.real) < 2_000, "two of three say what time it is"


async def test_a_store_whose_machine_was_frozen_is_not_late(world: World) -> None:
    one = world.machine("one")
    await world.run(10, one)
    world.real += 150 * SECOND
    world.step = -150 * SECOND  # its clock stood still
    await world.run(10, one)
    assert abs(world.late) < 100


async def test_the_call_that_a_frozen_store_answers_at_last_is_believed(world: World) -> None:
    one = world.machine("one")
    await world.run(10, one)
    await one.call("claim", there=150 * SECOND)  # and its clock went on
    assert not world.leases, "it may be a step: nothing is leased by it"
    await one.call("claim")
    assert world.leases
    assert world.late == 0


async def test_a_call_of_some_seconds_changes_nothing_that_is_kept(world: World) -> None:
    one = world.machine("one")
    await world.run(10, one)
    for seconds in (3, 4):
        await one.call("claim", there=seconds * SECOND)
        assert "time" not in await world.server.texts()
    assert world.wall_off_by < 5 * SECOND


async def test_calls_that_become_slower_and_slower_are_no_step(world: World) -> None:
    one = world.machine("one")
    await world.run(10, one)
    for seconds in (3, 6, 9, 12, 15, 19):
        await one.call("claim", there=seconds * SECOND)
    assert "stepped" not in await world.server.texts()
    await one.call("claim")
    assert world.late == 0


async def test_a_gateway_that_was_paused_follows_the_other(world: World) -> None:
    one, other = world.machine("one"), world.machine("other")
    await world.run(10, one, other)
    await world.run(60, one)
    other.paused = 60 * SECOND
    await world.run(2, other)
    assert world.late == 0
    await world.run(20, one, other)
    assert all(time.now == at for at, _, time in world.seen)


async def test_gateways_that_were_all_paused_wait_longer_and_agree(world: World) -> None:
    one, other = world.machine("one"), world.machine("other")
    await world.run(10, one, other)
    world.real += 60 * SECOND
    one.paused = other.paused = 60 * SECOND
    await world.run(20, one, other)
    assert world.steady
    assert 58 * SECOND < world.late < 62 * SECOND
    assert world.seen[-1][2].wall == world.seen[-1][0]


async def test_an_earlier_version_that_took_a_step_forward_is_followed(world: World) -> None:
    one = world.machine("one")
    await world.run(10, one)
    world.step = 5 * HOUR
    await world.run(1, one)
    await set_clock(world, world.store_time)
    await world.run(10, one)
    assert 5 * HOUR - 1_000 < -world.late <= 5 * HOUR, "both versions agree when a lease ends"
    assert abs(world.seen[-1][2].wall - world.real) < 2_000, "and people's time is right all the same"


async def set_clock(world: World, now: int) -> None:
    """Write the field `clock` as a commit of an earlier version does."""
    server = world.server
    if isinstance(server, MemoryServer):
        server.clock.texts["clock"] = str(now)
    elif isinstance(server, ScriptServer):
        await server.client.ask("HSET", server.keys["meta"], "clock", now)


async def test_what_was_stepped_is_kept_for_people(world: World) -> None:
    one = world.machine("one")
    await world.run(10, one)
    world.step = -150 * SECOND
    await world.run(10, one)
    back = (await world.server.texts())["stepped"].split()
    world.step = 0
    await world.run(10, one)
    forward = (await world.server.texts())["stepped"].split()
    assert START < int(back[0]) < int(forward[0])
    assert (back[1], forward[1]) == ("back", "refused")
    assert abs(int(back[2]) - 150 * SECOND) < 1_000
    assert abs(int(forward[2]) - 150 * SECOND) < 1_000
