"""The version that has no index of the agenda, and this one, on one store: each finds what the other has left."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.model.agenda import Share, Subject
from gateway.model.changes import Changes, Claim, Claimed, CommitOutcome, Release
from gateway.model.lanes import LaneRule, Pace
from gateway.ports import Store
from gateway.storage.connections import Client
from gateway.storage.redis import RedisStore
from tests.support.agenda_index import assert_index_is_true
from tests.support.before_lanes import StoreBeforeLanes
from tests.support.connected import patient

LEASE = 20_000
PAGE = Subject.deliver("pager", "i1")
CLOSED = LaneRule({"chat": Pace(1_000, 3)})
MANY = 2_500  # more than one claim enters into the index


@pytest.fixture(params=["valkey", "redis"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    made = patient(request.getfixturevalue(f"{request.param}_url"))
    await made.ask_each("FLUSHALL")
    yield made
    await made.aclose()


async def fill(store: Store, count: int = MANY, at: int | None = None) -> None:
    """Deliveries for a chat; with `at` all of them are due at that time."""
    backlog = Changes()
    for number in range(count):
        backlog.schedule(Subject.deliver("chat", f"i{number:05}"), number if at is None else at, 2)
    await store.commit(backlog)


async def close_chat(store: Store) -> None:
    await store.close_lane("chat", CLOSED.paces["chat"], await store.now() + 60_000)


async def claim(store: Store, lanes: LaneRule = CLOSED) -> list[Subject]:
    return [found.subject for found in (await store.claim(64, LEASE, lanes)).claims]


async def claim_until_idle(store: Store, lanes: LaneRule = CLOSED) -> list[Claim]:
    """Claim for as long as the answer is to come again at once."""
    found: list[Claim] = []
    for _ in range(200):
        claimed: Claimed = await store.claim(64, LEASE, lanes)
        found += claimed.claims
        if claimed.next_due is None or claimed.next_due > claimed.now:
            return found
    raise AssertionError("it never says that nothing is left")


async def test_a_page_of_the_version_before_is_found_behind_all_that_it_has_left(client: Client) -> None:
    before, store = StoreBeforeLanes(client), RedisStore(client)
    await fill(before)
    await before.commit(Changes(agenda={PAGE: (5, 9)}))
    await close_chat(store)
    assert [found.subject for found in await claim_until_idle(store)] == [PAGE]
    await assert_index_is_true(client, store)


async def test_what_is_due_at_one_time_is_walked_over_to_its_end(client: Client) -> None:
    before, store = StoreBeforeLanes(client), RedisStore(client)
    await fill(before, at=5)
    assert len(await claim_until_idle(store, LaneRule(width=MANY))) == MANY


async def test_what_comes_behind_a_walk_is_found_by_the_next_one(client: Client) -> None:
    before, store = StoreBeforeLanes(client), RedisStore(client)
    await fill(before)
    await close_chat(store)
    assert await claim(store) == [], "the walk is at its first thousand"
    await before.commit(Changes(agenda={PAGE: (5, 0)}))
    assert [found.subject for found in await claim_until_idle(store)] == [], (
        "it is over, and has another behind it"
    )
    assert await claim(store) == [PAGE]
    await claim_until_idle(store)
    await assert_index_is_true(client, store)


async def test_a_walk_goes_on_where_its_last_subject_has_left_the_agenda(client: Client) -> None:
    before, store = StoreBeforeLanes(client), RedisStore(client)
    await fill(before, at=5)
    await close_chat(store)
    await claim(store)
    last = (await client.ask("HGET", store.keys["meta"], "walk")).decode().split(" ", 2)[2]
    await client.ask("ZREM", store.keys["agenda"], last)
    found = await claim_until_idle(store, LaneRule(width=MANY))
    assert len({one.subject for one in found}) == MANY - 1
    assert str(found[0].subject) != last


async def test_a_store_whose_index_is_gone_is_indexed_anew(client: Client) -> None:
    store = RedisStore(client)
    await fill(store, 10)
    await client.ask("UNLINK", store.keys["lanes"], store.keys["heads"])
    assert len(await claim(store, LaneRule(width=64))) == 10
    await assert_index_is_true(client, store)


async def test_while_only_this_version_works_nothing_is_walked_over(client: Client) -> None:
    store = RedisStore(client)
    await fill(store, 10)
    await claim_until_idle(store)
    await fill(store, 20)
    assert await client.ask("HGET", store.keys["meta"], "walk") is None
    assert (await client.ask("HGET", store.keys["meta"], "clock")).startswith(b"0")


async def test_the_version_before_claims_what_this_one_has_put_there(client: Client) -> None:
    before, store = StoreBeforeLanes(client), RedisStore(client)
    own = Subject.deliver("chat", "own")
    await store.commit(Changes(agenda={PAGE: (5, 0), own: (7, 3)}, shares={own: Share.OWN_ALERTS}))
    claims = (await before.claim(10, LEASE, LaneRule())).claims
    assert [(found.subject, found.due) for found in claims] == [(PAGE, 5), (own, 7)]
    assert await claim(store) == [], "it is leased to the version before"
    done = Changes(releases=[Release(claims[0], None), Release(claims[1], 9)])
    assert (await before.commit(done)).outcome is CommitOutcome.DONE
    assert await claim(store) == [own], "what it has taken off is gone, what it looks at again is there"


async def test_a_lease_of_this_version_holds_against_the_version_before_and_ends_for_it(
    client: Client,
) -> None:
    before, store = StoreBeforeLanes(client), RedisStore(client)
    await store.commit(Changes(agenda={PAGE: (5, 0)}))
    await store.claim(1, LEASE, LaneRule())
    assert await claim(before) == []
    await store.commit(Changes(agenda={PAGE: (3, 0)}))
    assert await claim(before) == [], "news does not end a lease"


async def test_after_a_rollback_the_version_before_does_all_and_leaves_nothing_to_this_one(
    client: Client,
) -> None:
    before, store = StoreBeforeLanes(client), RedisStore(client)
    await fill(store)
    while claims := (await before.claim(64, LEASE, LaneRule())).claims:
        await before.commit(Changes(releases=[Release(found, None) for found in claims]))
    assert await claim_until_idle(store, LaneRule(width=64)) == []
    await assert_index_is_true(client, store)


async def test_what_the_version_before_moves_earlier_is_had_then(client: Client) -> None:
    before, store = StoreBeforeLanes(client), RedisStore(client)
    await store.commit(Changes(agenda={PAGE: (await store.now() + 60_000, 4)}))
    await before.commit(Changes(agenda={PAGE: (5, 0)}))
    assert await claim(store) == [PAGE]
