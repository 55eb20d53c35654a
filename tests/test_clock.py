"""Looks that come again and again fall together."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
import uvloop

from gateway.clock import seconds_to_next_look


def look(seconds: float, shard: int = 0) -> float:
    """Return the moment of the next look, by the clock of the event loop."""
    return asyncio.get_running_loop().time() + seconds_to_next_look(seconds, shard)


async def test_looks_at_one_shard_fall_together_whatever_their_periods() -> None:
    assert 0 < seconds_to_next_look(3_600) <= 3_600
    seldom, often = look(3_600), look(1)
    assert (seldom - often) % 1 == pytest.approx(0, abs=0.01) or (seldom - often) % 1 == pytest.approx(
        1, abs=0.01
    )


async def test_a_look_comes_at_a_whole_millisecond_so_that_no_loop_wakes_before_it() -> None:
    for shard in range(64):
        milliseconds = seconds_to_next_look(0.2, shard) * 1_000
        assert milliseconds == pytest.approx(round(milliseconds), abs=1e-9)
        assert milliseconds >= 1


def test_uvloop_looks_once_at_each_moment() -> None:
    async def looks(seconds: float, shard: int) -> int:
        count, end = 0, asyncio.get_running_loop().time() + 10 * seconds
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(seconds_to_next_look(seconds, shard))
            count += 1
        return count

    async def of_all_shards() -> list[int]:
        return await asyncio.gather(*(looks(0.02, shard) for shard in range(16)))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert max(runner.run(of_all_shards())) <= 11


async def test_shards_are_looked_at_one_after_the_other() -> None:
    moments = sorted(look(1, shard) % 1 for shard in range(64))
    assert min(later - earlier for earlier, later in pairwise(moments)) > 0.003
