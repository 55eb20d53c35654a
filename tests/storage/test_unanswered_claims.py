"""What a claim has leased whose answer was lost is worked on at once, and not when its lease has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.errors import StateUnavailable
from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Release
from gateway.model.lanes import LaneRule
from gateway.storage.connections import Client
from gateway.storage.redis import RedisStore
from tests.support.connected import patient

LEASE = 20_000
PLAN, OTHER = Subject.plan("i1"), Subject.plan("i2")


class Cut:
    """A client whose next answers are lost on the way; the server has carried the commands out."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.lost = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def run(self, *args: Any, **more: Any) -> Any:
        answer = await self._client.run(*args, **more)
        if self.lost:
            self.lost -= 1
            raise StateUnavailable("the connection was cut")
        return answer


@pytest.fixture(params=["valkey", "redis"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    made = patient(request.getfixturevalue(f"{request.param}_url"))
    await made.ask_each("FLUSHALL")
    yield made
    await made.aclose()


async def scheduled(store: RedisStore, *subjects: Subject) -> None:
    changes = Changes()
    for subject in subjects:
        changes.schedule(subject, await store.now(), 1)
    await store.commit(changes)


async def claim_without_an_answer(store: RedisStore, cut: Cut) -> None:
    cut.lost = 1
    with pytest.raises(StateUnavailable):
        await store.claim(10, LEASE, LaneRule())


async def test_what_was_leased_by_a_claim_without_an_answer_is_claimed_again_at_once(client: Client) -> None:
    cut = Cut(client)
    store = RedisStore(cut)  # type: ignore[arg-type]
    await scheduled(store, PLAN)
    await claim_without_an_answer(store, cut)
    claimed = await store.claim(10, LEASE, LaneRule())
    assert [claim.subject for claim in claimed.claims] == [PLAN]
    done = await store.commit(Changes(releases=[Release(claimed.claims[0], None)]))
    assert done.outcome == "done"
    assert not (await store.claim(10, LEASE, LaneRule())).claims


async def test_what_others_have_leased_stays_theirs(client: Client) -> None:
    cut = Cut(client)
    ours, theirs = RedisStore(cut), RedisStore(client)  # type: ignore[arg-type]
    await scheduled(theirs, OTHER)
    assert (await theirs.claim(10, LEASE, LaneRule())).claims
    await claim_without_an_answer(ours, cut)
    assert not (await ours.claim(10, LEASE, LaneRule())).claims


async def test_a_lease_of_which_too_little_is_left_for_a_send_is_taken_anew_for_its_whole_time(
    client: Client,
) -> None:
    cut = Cut(client)
    store = RedisStore(cut)  # type: ignore[arg-type]
    await scheduled(store, PLAN, OTHER)
    await claim_without_an_answer(store, cut)
    (lost,) = {raw.split()[0] for raw in await client.ask("HVALS", store.keys["leases"])}
    # The store was away for more than half of the lease.
    claimed = await store.claim(10, 3 * LEASE, LaneRule())
    assert {claim.subject for claim in claimed.claims} == {PLAN, OTHER}
    leases = [raw.split() for raw in await client.ask("HVALS", store.keys["leases"])]
    assert all(token != lost and int(end) - claimed.now == 3 * LEASE for token, end in leases)


async def test_a_lost_lease_is_found_also_where_the_store_goes_away_again_meanwhile(client: Client) -> None:
    cut = Cut(client)
    store = RedisStore(cut)  # type: ignore[arg-type]
    await scheduled(store, PLAN)
    await claim_without_an_answer(store, cut)
    for _ in range(2):
        cut.lost = 1
        with pytest.raises(StateUnavailable):
            await store.claim(10, 3 * LEASE, LaneRule())
    assert [claim.subject for claim in (await store.claim(10, 3 * LEASE, LaneRule())).claims] == [PLAN]
