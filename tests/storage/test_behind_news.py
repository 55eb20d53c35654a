"""What interrupts nobody leaves a part of its lane's pace for what must be heard, and is not passed over for ever."""

from __future__ import annotations

from gateway.model.agenda import BEHIND_NEWS, Subject
from gateway.model.changes import Changes, Release
from gateway.model.durations import MINUTE, SECOND
from tests.support.timed_store import LANES, LEASE, NOW, PACE, Timed

UPDATE = BEHIND_NEWS
PAGE = 0
HALF = PACE.burst // 2


async def wait_for(timed: Timed, urgency: int, count: int, since: int, lane: str = "pager") -> None:
    """Put so many deliveries on the agenda; the last of them has been due since that time (ms)."""
    waiting = Changes()
    for number in range(count):
        waiting.schedule(
            Subject.deliver(lane, f"{urgency} {number:03}"), NOW + since - count + 1 + number, urgency
        )
    await timed.store.commit(waiting)


async def claimed(timed: Timed, at: int, limit: int = 100) -> list[int]:
    """Claim at that time, and forget what was claimed. Return its urgencies, in their order."""
    await timed.set_time(NOW + at)
    claims = (await timed.store.claim(limit, LEASE, LANES)).claims
    await timed.store.commit(Changes(releases=[Release(claim, None) for claim in claims]))
    return [int(claim.subject.id.partition(" ")[0]) for claim in claims]


async def test_updates_leave_half_of_the_burst_for_what_must_be_heard(timed: Timed) -> None:
    await wait_for(timed, UPDATE, 100, since=-SECOND)
    assert await claimed(timed, 0) == [UPDATE] * HALF
    await wait_for(timed, PAGE, 100, since=0)
    assert await claimed(timed, 1) == [PAGE] * HALF


async def test_a_page_does_not_wait_for_the_pace_of_a_lane_that_is_busy_with_updates(timed: Timed) -> None:
    await wait_for(timed, UPDATE, 300, since=-SECOND)
    for at in range(0, 30 * SECOND, SECOND):
        assert set(await claimed(timed, at)) == {UPDATE}
        await wait_for(timed, PAGE, 1, since=at)
        assert PAGE in await claimed(timed, at)


async def test_updates_have_the_whole_pace_where_nothing_else_waits(timed: Timed) -> None:
    await wait_for(timed, UPDATE, 200, since=-SECOND)
    await claimed(timed, 0)
    counted = [len(await claimed(timed, at)) for at in range(PACE.interval, 20 * SECOND, PACE.interval)]
    assert set(counted) == {1}


async def test_whoever_waits_with_updates_is_told_when_one_may_be_sent(timed: Timed) -> None:
    await wait_for(timed, UPDATE, HALF + 1, since=-SECOND)
    await claimed(timed, 0)
    assert (await timed.store.claim(1, LEASE, LANES)).next_due == NOW + PACE.interval


async def test_lanes_of_one_place_leave_the_same_half(timed: Timed) -> None:
    await wait_for(timed, UPDATE, 100, since=-SECOND, lane="second")
    assert len(await claimed(timed, 0)) == HALF
    await wait_for(timed, UPDATE, 1, since=0)
    await wait_for(timed, PAGE, 1, since=0)
    assert await claimed(timed, 1) == [PAGE]


async def test_an_update_that_pages_pass_over_for_a_minute_has_one_turn_in_ten(timed: Timed) -> None:
    await wait_for(timed, PAGE, 900, since=-SECOND)
    await wait_for(timed, UPDATE, 50, since=0)
    assert await claimed(timed, 0) == [PAGE] * PACE.burst
    taken = {at: await claimed(timed, at) for at in range(PACE.interval, 3 * MINUTE, PACE.interval)}
    assert all(len(urgencies) == 1 for urgencies in taken.values())
    turns = [at for at, urgencies in taken.items() if urgencies == [UPDATE]]
    assert turns == list(range(MINUTE, 3 * MINUTE, 10 * PACE.interval))


async def test_a_turn_leaves_the_half_that_is_for_what_must_be_heard(timed: Timed) -> None:
    await wait_for(timed, UPDATE, 500, since=-2 * MINUTE)
    for at in range(0, MINUTE, PACE.interval):
        await claimed(timed, at)
    await wait_for(timed, PAGE, 100, since=MINUTE)
    assert (await claimed(timed, MINUTE)).count(PAGE) >= HALF - 1


async def test_a_turn_is_not_used_to_ask_a_vendor_that_refuses(timed: Timed) -> None:
    await wait_for(timed, UPDATE, 5, since=-2 * MINUTE)
    await wait_for(timed, PAGE, 1, since=0)
    await timed.refused(0)
    assert await claimed(timed, SECOND) == [PAGE]


async def test_what_is_in_no_paced_lane_has_no_turns(timed: Timed) -> None:
    await wait_for(timed, UPDATE, 3, since=-2 * MINUTE, lane="gone")
    await wait_for(timed, PAGE, 3, since=0, lane="gone")
    assert await claimed(timed, 10, limit=3) == [PAGE] * 3
