"""A gateway that starts remembers nothing of the store's time: what it takes for it, and what it does not.

Both stores answer alike; the real one runs its own scripts.
"""

from __future__ import annotations

import pytest

from gateway.model.durations import HOUR, MINUTE, SECOND
from tests.support.stepped import World


async def test_all_were_down_so_that_the_store_s_time_is_taken_at_once(world: World) -> None:
    one = world.machine("one")
    await world.run(10, one)
    await world.run(5 * 3_600)
    one.restart()
    for kind in ("gather", "commit", "claim"):
        assert (await one.call(kind)).now == world.real - 1
        assert world.leases


async def test_after_a_refused_step_and_a_stop_of_all_the_store_s_time_is_taken_where_it_is_right(
    world: World,
) -> None:
    world.step = -5 * HOUR
    one = world.machine("one")
    await world.run(10, one)
    world.step = 0
    await world.run(10, one)
    assert 5 * HOUR - 500 < world.late < 5 * HOUR + 500
    await world.run(40)
    one.restart()
    for kind in ("gather", "commit", "claim"):
        time = await one.call(kind)
        assert (time.now, time.wall) == (world.real - 1, world.real - 1)


@pytest.mark.parametrize("step", [150 * SECOND, 5 * HOUR], ids=["150 s", "5 h"])
async def test_a_restart_after_a_step_back_goes_on_where_the_last_gateway_was(
    world: World, step: int
) -> None:
    one = world.machine("one")
    await world.run(10, one)
    world.step = -step
    await world.run(10)
    one.restart()
    await world.run(30, one)
    assert world.steady
    assert world.late < 11 * SECOND, "only the time without a gateway is missing"
    assert abs(world.seen[-1][2].wall - world.real) < 2_000


async def test_a_gateway_that_starts_while_the_others_doubt_a_step_leases_nothing_by_it(world: World) -> None:
    one, new = world.machine("one"), world.machine("new")
    await world.run(10, one)
    world.step = 5 * HOUR
    await new.call("gather")
    await new.call("commit")
    await new.call("claim")
    assert not world.leases
    await world.run(30, one, new)
    assert world.steady
    assert abs(world.late) < 1_000


@pytest.mark.parametrize("step", [4 * SECOND, 5 * HOUR], ids=["4 s", "5 h"])
async def test_a_gateway_that_starts_on_the_store_s_machine_believes_those_that_doubt_its_clock(
    world: World, step: int
) -> None:
    one = world.machine("one")
    await world.run(10, one)
    world.step = step
    await world.run(1, one)
    new = world.machine("new", wrong=step)
    for kind in ("gather", "commit", "claim"):
        await new.call(kind)
    assert not world.leases
    await world.run(30, one, new)
    assert world.steady
    assert abs(world.late) < 1_000


async def test_a_gateway_that_starts_when_the_store_is_set_right_does_not_add_the_offset_to_it(
    world: World,
) -> None:
    one, new = world.machine("one"), world.machine("new")
    await world.run(10, one)
    world.step = -5 * HOUR
    await world.run(10, one)
    world.step = 0
    await world.run(1, one)
    await world.run(30, new, one)
    assert world.steady


async def test_after_a_refused_step_and_a_stop_of_all_the_time_without_a_gateway_is_there_at_once(
    world: World,
) -> None:
    one = world.machine("one")
    await world.run(10, one)
    world.step = 5 * HOUR
    await world.run(10, one)
    behind = world.late
    await world.run(60)
    one.restart()
    for kind in ("gather", "commit", "claim"):
        await one.call(kind)
        assert world.leases
        assert world.late == behind
    assert world.wall_off_by < 1_000


async def test_an_offset_is_kept_while_a_gateway_that_claims_nothing_may_have_a_lease(world: World) -> None:
    one, other = world.machine("one"), world.machine("other")
    await world.run(10, one, other)
    world.real += MINUTE
    one.paused = other.paused = MINUTE
    await world.run(10, one, other)
    await world.run(10)
    other.restart()
    await world.run(10, other)
    assert world.steady
    assert 58 * SECOND < world.late < 62 * SECOND


async def test_what_gateways_said_before_a_confirmed_step_does_not_speak_for_the_store(world: World) -> None:
    one = world.machine("one")
    await world.run(10, one)
    world.step = 5 * HOUR
    await world.run(2, one)
    one.restart()
    await world.run(1, one)
    one.restart()
    await world.run(10, one)
    assert world.late < -4 * HOUR, "nobody remembers that the store was stepped"
    assert abs(world.seen[-1][2].wall - world.real) < 2_000
