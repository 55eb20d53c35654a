"""A vendor that refuses what comes too fast and names no time: how long every store leaves its lane alone."""

from __future__ import annotations

from gateway.model.agenda import Subject
from gateway.model.changes import Cell, Changes, Query, Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.lanes import load_closed_lane
from tests.support.timed_store import LANES, LEASE, NOW, PACE, Timed


async def test_each_refusal_in_a_row_doubles_the_wait_but_for_a_minute_it_stays_at_three_seconds(
    timed: Timed,
) -> None:
    at, waits = 0, []
    for _ in range(26):
        waits.append(await timed.refused(at))
        at += waits[-1]
    assert waits == [1_000, 2_000, *[3_000] * 19, 6_000, 12_000, 24_000, 30_000, 30_000]
    assert sum(waits[:21]) == MINUTE


async def test_a_lane_opens_for_one_delivery_when_the_wait_is_over(timed: Timed) -> None:
    await timed.refused(0)
    assert await timed.claim_one(999) is None
    assert await timed.claim_one(1_000) is not None
    assert await timed.claim_one(1_001) is None


async def test_what_was_under_way_when_the_lane_was_closed_is_the_same_refusal(timed: Timed) -> None:
    await timed.refused(0)
    assert [await timed.refused(300), await timed.refused(999)] == [700, 1]
    assert await timed.refused(1_000) == 2_000


async def test_a_delivery_that_is_taken_ends_the_row_for_all_replicas(timed: Timed) -> None:
    await timed.refused(0)
    await timed.refused(1_000)
    claimed = await timed.claim_one(3_000, store=timed.other)
    assert claimed is not None
    assert claimed.refused_before
    await timed.other.note_taken("pager", PACE)
    again = await timed.claim_one(4_000)
    assert again is not None
    assert not again.refused_before
    assert await timed.refused(5_000) == 1_000


async def test_a_replica_goes_on_where_the_other_one_was_refused(timed: Timed) -> None:
    await timed.refused(0)
    await timed.set_time(NOW + 1_000)
    assert await timed.other.close_lane("pager", PACE, None) == NOW + 3_000
    assert await timed.refused(3_000) == 3_000


async def test_lanes_of_one_place_are_refused_together(timed: Timed) -> None:
    await timed.refused(0, lane="pager")
    assert await timed.refused(1_000, lane="second") == 2_000
    assert await timed.claim_one(2_000, lane="pager") is None


async def test_refusals_long_ago_say_nothing_of_now(timed: Timed) -> None:
    await timed.refused(0)
    assert await timed.refused(SECOND + MINUTE) == 2_000
    assert await timed.refused(3 * SECOND + 2 * MINUTE + 1) == 1_000


async def test_a_time_that_the_vendor_names_in_between_is_kept_and_counts_for_nothing(timed: Timed) -> None:
    await timed.refused(0)
    await timed.refused(1_000)
    assert await timed.refused(3_000, until=12_000) == 9_000
    assert await timed.refused(4_000) == 8_000, "a lane that is closed for longer is not opened sooner"
    assert await timed.claim_one(11_999) is None
    assert await timed.claim_one(12_000) is not None


async def test_the_pace_is_a_tenth_slower_for_a_minute(timed: Timed) -> None:
    await timed.refused(0)
    # The one that opens the lane is the last that may be early, so that each waits for the one before.
    for at in (1_000, 1_550, 2_100):
        assert await timed.claim_one(at - 1) is None
        assert await timed.claim_one(at) is not None
    assert await timed.claim_one(SECOND + MINUTE + 1) is not None
    for _ in range(19):
        assert await timed.claim_one(SECOND + MINUTE + 1) is not None
    assert await timed.claim_one(SECOND + MINUTE + 500) is None
    assert await timed.claim_one(SECOND + MINUTE + 501) is not None


async def test_the_version_before_reads_since_when_a_lane_is_closed(timed: Timed) -> None:
    await timed.refused(0)
    await timed.refused(1_000)
    cell = Cell(Table.META, "closed:pager")
    row = (await timed.store.gather(Query(cells=(cell,)))).rows[cell]
    assert row.value == b"%d %d" % (NOW, NOW + 3_000)
    assert load_closed_lane(row.value) == (NOW, NOW + 3_000)


async def how_many_at_once(timed: Timed, at: int) -> int:
    """Return how many deliveries the lane takes at that moment."""
    count = 0
    while await timed.claim_one(at) is not None:
        count += 1
    return count


async def test_a_delivery_that_is_taken_gives_the_pace_back_what_was_not_sent_meanwhile(timed: Timed) -> None:
    assert await how_many_at_once(timed, 0) == PACE.burst
    for at in (0, 1_000, 3_000):
        await timed.refused(at)
    assert await how_many_at_once(timed, 6_000) == 1, "one asks"
    await timed.store.note_taken("pager", PACE)
    # In the 6 s that have passed 12 could have been sent; the pace is slower now, and one of them asked.
    assert await how_many_at_once(timed, 6_000) == 10


async def test_the_pace_of_a_lane_that_was_closed_for_long_is_full_and_not_more(timed: Timed) -> None:
    at = 0
    for _ in range(10):
        at += await timed.refused(at)
    assert await timed.claim_one(at) is not None
    await timed.other.note_taken("pager", PACE)
    assert await how_many_at_once(timed, at) == PACE.allowance // PACE.slower() + 1


async def test_what_is_taken_while_the_lane_is_closed_anew_opens_it_for_nobody_else(timed: Timed) -> None:
    await timed.refused(0)
    assert await timed.claim_one(1_000) is not None
    await timed.refused(1_100)
    await timed.store.note_taken("pager", PACE)
    assert await how_many_at_once(timed, 3_099) == 0
    assert await how_many_at_once(timed, 3_100) == 1


async def test_a_vendor_that_names_a_time_is_not_sent_what_its_pace_had_left(timed: Timed) -> None:
    await timed.refused(0)
    await timed.refused(500, until=10_000)
    assert await timed.claim_one(10_000) is not None
    await timed.store.note_taken("pager", PACE)
    assert await how_many_at_once(timed, 10_100) == 0


async def test_refusals_long_ago_have_kept_nothing_back(timed: Timed) -> None:
    await timed.refused(0)
    at = 2 * MINUTE
    assert await how_many_at_once(timed, at) == PACE.burst
    await timed.refused(at)
    await timed.refused(at + 1_000)
    assert await timed.claim_one(at + 3_000) is not None
    await timed.store.note_taken("pager", PACE)
    assert await how_many_at_once(timed, at + 3_000) == 4


async def refused_for_long(timed: Timed) -> int:
    """Return when the last refusal was: the lane is closed for 12 seconds from then on."""
    last = at = 0
    while at - last < 12 * SECOND:
        last = at
        at += await timed.refused(at)
    return last


async def test_a_critical_alert_asks_after_three_seconds_at_most(timed: Timed) -> None:
    last = await refused_for_long(timed)
    assert await timed.claim_one(last + 2_999, urgency=0) is None
    assert await timed.claim_one(last + 3_000, urgency=1) is None
    assert await timed.claim_one(last + 3_000, urgency=0) is not None
    assert await timed.claim_one(last + 3_001, urgency=0) is None, "one at a time asks"


async def test_whoever_waits_for_a_closed_lane_is_told_when_to_come_again(timed: Timed) -> None:
    last = await refused_for_long(timed)
    subject = Subject.deliver("pager", "i1")
    for urgency, opens in ((1, last + 12_000), (0, last + 3_000)):
        await timed.store.commit(Changes(agenda={subject: (NOW, urgency)}))
        assert (await timed.store.claim(1, LEASE, LANES)).next_due == NOW + opens


async def test_a_critical_alert_that_is_refused_too_is_one_more_in_the_row(timed: Timed) -> None:
    last = await refused_for_long(timed)
    assert await timed.claim_one(last + 3_000, urgency=0) is not None
    assert await timed.refused(last + 3_100) == 24_000
    assert await timed.claim_one(last + 6_099, urgency=0) is None
    assert await timed.claim_one(last + 6_100, urgency=0) is not None


async def test_a_critical_alert_that_is_taken_opens_the_lane_for_everything(timed: Timed) -> None:
    last = await refused_for_long(timed)
    assert await timed.claim_one(last + 3_000, urgency=0) is not None
    assert await timed.claim_one(last + 3_100) is None
    await timed.store.note_taken("pager", PACE)
    assert await timed.claim_one(last + 3_100) is not None


async def test_no_alert_asks_before_the_time_that_the_vendor_has_named(timed: Timed) -> None:
    last = await refused_for_long(timed)
    await timed.refused(last + 100, until=last + 60_000)
    assert await timed.claim_one(last + 59_999, urgency=0) is None
    assert await timed.claim_one(last + 60_000, urgency=0) is not None


async def test_a_critical_alert_asks_at_once_where_something_was_taken_since(timed: Timed) -> None:
    last = await refused_for_long(timed)
    await timed.store.note_taken("pager", PACE)
    assert await timed.claim_one(last + 100, urgency=1) is None
    assert await timed.claim_one(last + 100, urgency=0) is not None
