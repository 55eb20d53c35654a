"""What every store promises about lanes: how the work of one claim is shared out among them."""

from __future__ import annotations

from collections import Counter

import pytest

from gateway.model.agenda import Share, Subject
from gateway.model.changes import Changes, Release
from gateway.model.instants import MAX_INSTANT
from gateway.model.lanes import LaneRule, Pace
from gateway.ports import Store
from tests.storage.test_store_contract import ALL, LEASE, claim, schedule

END = Subject.deliver("chat", "i1")


async def test_a_page_behind_thousands_that_wait_in_a_closed_lane_is_claimed(store: Store) -> None:
    for start in range(0, 24_000, 6_000):
        backlog = Changes()
        for number in range(start, start + 6_000):
            backlog.schedule(Subject.deliver("chat", f"i{number:05}"), number + 1, 0)
        await store.commit(backlog)
    until, pace = await store.now() + 60_000, Pace(1_000, 3)
    await store.close_lane("chat", pace, until)
    await schedule(store, "deliver:pager|i1", await store.now(), 4)
    claimed = await store.claim(10, LEASE, LaneRule({"chat": pace}))
    assert [str(found.subject) for found in claimed.claims] == ["deliver:pager|i1"]
    assert claimed.next_due is not None
    assert claimed.next_due > claimed.now, "nothing can be had before the lane opens or the lease ends"


async def test_a_lane_gives_its_most_urgent_first_then_its_oldest(store: Store) -> None:
    for number, urgency in enumerate((4, 2, 4, 0, 2)):
        await schedule(store, f"deliver:chat|i{number}", number + 1, urgency)
    one_by_one = [await claim(store, lanes=LaneRule(width=1)) for _ in range(5)]
    assert [subject for subjects in one_by_one for subject in subjects] == [
        f"deliver:chat|i{number}" for number in (3, 1, 4, 0, 2)
    ]


async def test_what_comes_back_from_its_lease_takes_its_place_in_its_lane_again(store: Store) -> None:
    await schedule(store, "deliver:chat|i1", 5)
    await schedule(store, "deliver:chat|i2", 7)
    (first,) = (await store.claim(1, LEASE, ALL)).claims
    assert await claim(store, limit=1) == ["deliver:chat|i2"]
    await store.commit(Changes(releases=[Release(first, 6)]))
    await schedule(store, "deliver:chat|i3", 8)
    assert await claim(store) == ["deliver:chat|i1", "deliver:chat|i3"]


async def test_what_became_more_urgent_stands_in_its_lane_once(store: Store) -> None:
    await schedule(store, "deliver:chat|i1", 5, 4)
    await schedule(store, "deliver:chat|i2", 4, 2)
    await schedule(store, "deliver:chat|i1", 9, 0)
    assert await claim(store) == ["deliver:chat|i1", "deliver:chat|i2"]


async def test_lanes_to_one_place_share_its_width(store: Store) -> None:
    for number in range(3):
        await schedule(store, f"deliver:ops|i{number}", number)
        await schedule(store, f"deliver:team|i{number}", number)
    pace = Pace(1, 100, "pagerduty key")
    lanes = LaneRule({"ops": pace, "team": pace}, running={"ops": 2}, width=4)
    assert len(await claim(store, lanes=lanes)) == 2


async def test_a_lane_that_gave_no_answer_has_one_at_a_time(store: Store) -> None:
    for number in range(3):
        await schedule(store, f"deliver:hook|i{number}", number)
    lanes = LaneRule(width=4, hanging=["hook"])
    assert await claim(store, lanes=lanes) == ["deliver:hook|i0"]
    assert await claim(store, lanes=lanes._replace(running={"hook": 1})) == []


async def test_lanes_that_hang_leave_room_to_others_of_their_kind(store: Store) -> None:
    names = ("a", "b", "c", "well")
    for number, name in enumerate(names):
        await schedule(store, f"deliver:{name}|i1", number)
    kinds = dict.fromkeys(names, "webhook")
    lanes = LaneRule(kinds=kinds, room={"webhook": 9}, hanging=["a", "b", "c"], hanging_room={"webhook": 2})
    assert await claim(store, lanes=lanes) == ["deliver:a|i1", "deliver:b|i1", "deliver:well|i1"]


async def test_busy_lanes_leave_room_to_those_of_their_kind_that_have_nothing_under_way(store: Store) -> None:
    for number in range(5):
        await schedule(store, f"deliver:busy|i{number}", number)
    kinds = dict.fromkeys(("busy", "idle"), "webhook")
    lanes = LaneRule(kinds=kinds, room={"webhook": 9}, busy_room={"webhook": 3}, width=9)
    assert await claim(store, lanes=lanes) == [f"deliver:busy|i{number}" for number in range(3)]
    for number in range(2):
        await schedule(store, f"deliver:idle|i{number}", 100 + number)
    under_way = lanes._replace(running={"busy": 3}, room={"webhook": 6}, busy_room={"webhook": 0})
    assert await claim(store, lanes=under_way) == ["deliver:idle|i0"]


async def test_a_delivery_does_not_wait_behind_all_plans_of_a_storm(store: Store) -> None:
    for number in range(200):
        await schedule(store, f"plan:i{number:03}", 1)
    await schedule(store, "deliver:pager|i1", 9)
    assert await claim(store, limit=2) == ["plan:i000", "deliver:pager|i1"]


async def test_what_is_equally_urgent_has_turns_lane_by_lane_in_the_order_of_the_oldest(store: Store) -> None:
    for number in range(4):
        await schedule(store, f"deliver:storm|i{number}", 1)
    await schedule(store, "deliver:calm|i1", 5)
    await schedule(store, "deliver:calm|i2", 7)
    await schedule(store, "deliver:late|i1", 6)
    assert await claim(store, limit=6) == [
        "deliver:storm|i0",
        "deliver:calm|i1",
        "deliver:late|i1",
        "deliver:storm|i1",
        "deliver:calm|i2",
        "deliver:storm|i2",
    ]


async def test_what_a_share_has_for_itself_counts_as_its_turns(store: Store) -> None:
    for number in range(6):
        await schedule(store, f"plan:i{number}", number)
        await schedule(store, f"deliver:pager|i{number}", 50 + number)
    assert await claim(store, limit=5, lanes=LaneRule(reserved={Share.PLANS: 2})) == [
        "plan:i0",
        "plan:i1",
        "deliver:pager|i0",
        "deliver:pager|i1",
        "plan:i2",
    ]


async def test_each_share_has_some_of_the_room_for_itself_whatever_is_more_urgent(store: Store) -> None:
    await store.commit(backlog_of_shares())
    reserved = {Share.PLANS: 2, Share.ENDS: 1, Share.OWN_ALERTS: 1}
    claimed = (await store.claim(6, LEASE, LaneRule(reserved=reserved))).claims
    counted = Counter(found.share for found in claimed)
    assert counted == {Share.PLANS: 2, Share.ENDS: 1, Share.OWN_ALERTS: 1, Share.OTHERS: 2}
    assert {str(found.subject) for found in claimed if found.share is Share.ENDS} == {"deliver:chat|end0"}


async def test_what_a_share_does_not_need_is_lent(store: Store) -> None:
    await store.commit(backlog_of_shares())
    reserved = {Share.PLANS: 9, Share.ENDS: 0, Share.OWN_ALERTS: 0}
    claimed = (await store.claim(8, LEASE, LaneRule(reserved=reserved))).claims
    assert Counter(found.share for found in claimed) == {Share.PLANS: 3, Share.OTHERS: 5}


async def test_a_share_takes_its_own_even_where_others_have_all_the_room(store: Store) -> None:
    await store.commit(backlog_of_shares())
    claimed = (await store.claim(0, LEASE, LaneRule(reserved={Share.ENDS: 2}))).claims
    assert [str(found.subject) for found in claimed] == ["deliver:chat|end0", "deliver:chat|end1"]


async def test_a_share_stays_with_a_subject_that_is_looked_at_again(store: Store) -> None:
    await store.commit(Changes(agenda={END: (1, 2)}, shares={END: Share.ENDS}))
    (first,) = (await store.claim(1, LEASE, ALL)).claims
    await store.commit(Changes(releases=[Release(first, 3)]))
    (second,) = (await store.claim(1, LEASE, ALL)).claims
    assert (first.share, first.due, second.share, second.due) == (Share.ENDS, 1, Share.ENDS, 3)


def backlog_of_shares() -> Changes:
    """Nine pages, older and more urgent than three of each share."""
    made = Changes()
    for number in range(9):
        made.schedule(Subject.deliver("pager", f"i{number}"), number, 0)
    for number in range(3):
        made.schedule(Subject.plan(f"i{number}"), 20 + number, 3)
        made.schedule(Subject.deliver("chat", f"end{number}"), 30 + number, 3, Share.ENDS)
        made.schedule(Subject.deliver("chat", f"own{number}"), 40 + number, 3, Share.OWN_ALERTS)
    return made


@pytest.mark.parametrize("late", [10_000_300_000_000, MAX_INSTANT])
async def test_what_is_due_in_hundreds_of_years_waits_and_stays_as_urgent_as_it_is(
    store: Store, late: int
) -> None:
    await schedule(store, "deliver:chat|i1", late, 4)
    assert await claim(store) == []
    await schedule(store, "deliver:chat|i2", 9, 2)
    await schedule(store, "deliver:chat|i1", 5, 4)
    (second, first) = (await store.claim(10, LEASE, ALL)).claims
    assert [str(second.subject), str(first.subject)] == ["deliver:chat|i2", "deliver:chat|i1"]
    await store.commit(Changes(releases=[Release(first, late), Release(second, None)]))
    assert await claim(store) == []
