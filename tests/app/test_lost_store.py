"""A store that is emptied under the running gateway: it is noticed by the first call, said, and worked with anew."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest

from gateway.config.secrets import mark_key
from gateway.errors import StateLost
from gateway.model.changes import Cell, Changes, Query, Table
from gateway.model.lanes import LaneRule, Pace
from gateway.self_monitoring import store_loss
from gateway.storage.connections import connect
from gateway.storage.lua import SCRIPTS
from gateway.storage.redis import RedisStore
from tests.support.processes import alert
from tests.support.running_gateway import Running, Starter
from tests.support.servers import redis_server

OPEN_THEN = re.compile(
    r"1 incident was open at \S+Z: Down.*\. What opened after that is not in this list\.", re.DOTALL
)
ROW = Cell(Table.ALERTS, "a")
# Nobody can empty the memory of another process.
SERVERS = pytest.mark.parametrize("store", ["valkey", "redis", "cluster"], indirect=True)


async def flush(url: str) -> None:
    client = connect(url)
    await client.ask_each("FLUSHALL")
    await client.aclose()


def said(app: Running) -> list[str]:
    return [f"{message.text} {message.blocks}" for message in app.slack.messages("alerts")]


def pages(app: Running, status: str = "triggered") -> int:
    return sum(incident.status == status for incident in app.pagerduty.incidents)


@pytest.mark.parametrize("which", ["valkey", "redis"])
async def test_flushall_under_a_running_gateway_is_told_with_what_was_open_and_the_next_alert_and_end_are_told(
    starter: Starter, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_loss, "REMEMBER_MS", 0)
    monkeypatch.setattr(store_loss, "MOST_OF_THE_TIME", 0)
    with redis_server(which) as url:
        starter.more["GATEWAY_REDIS_URL"] = url
        app = await starter.start()
        key = await mark_key(app.gateway.shards.home)
        await app.told()
        await app.gateway.loss.look()
        assert app.gateway.loss.known.number == 1
        await flush(url)
        await app.until(lambda: any(OPEN_THEN.search(text) for text in said(app)))
        assert any(
            "the store was emptied at" in worry for worry in (await app.ask("/health")).json()["worries"]
        )
        # Nothing is written back: what was open is no incident of the new store.
        shown = (await app.ask("/api/v1/incidents")).json()["items"]
        assert [one["title"] for one in shown if "pay" in one["title"]] == []
        assert await mark_key(app.gateway.shards.home) != key
        # Of what fires then people hear the end, by marks of the key that the new store has.
        before = pages(app)
        assert (await app.webhook(alert("shop", starts="2026-11-23T10:00:00Z"))).status_code == 200
        await app.until(lambda: pages(app) > before)
        ended = alert("shop", starts="2026-11-23T10:00:00Z", ends="2026-11-23T11:00:00Z")
        assert (await app.webhook(ended)).status_code == 200
        await app.until(lambda: pages(app, "resolved") == 1)
        assert (await app.ask("/api/v1/dead-letters")).json()["items"] == []
        await starter.stack.aclose()


PLACE = Pace(1_000, 1)
CALLS: dict[str, Callable[[RedisStore], Awaitable[object]]] = {
    "gather": lambda store: store.gather(Query()),
    "commit": lambda store: store.commit(Changes(put={ROW: b"y"})),
    "commit_grow": lambda store: store.commit(Changes(put={ROW: b"y"}, grows=True)),
    "claim": lambda store: store.claim(1, 20_000, LaneRule()),
    "close_lane": lambda store: store.close_lane("chat", PLACE, None),
    "note_taken": lambda store: store.note_taken("chat", PLACE),
    "fence": lambda store: store.fence("me", 1_000),
    "log_after": lambda store: store.log_after("", 1),
    "overdue": lambda store: store.agenda(),
}


@SERVERS
@pytest.mark.parametrize("script", sorted(SCRIPTS.keys() - {"epoch"}))
async def test_every_script_refuses_a_caller_that_knew_the_store_before_it_was_emptied(
    store: RedisStore, script: str
) -> None:
    heard: list[str] = []
    store.lost = lambda: heard.append("lost")
    await store.take_epoch()
    await store._client.ask_each("FLUSHALL")
    with pytest.raises(StateLost):
        await CALLS[script](store)
    assert heard == ["lost"]
    assert all(size == 0 for _, size in await store._client.ask_each("DBSIZE")), "nothing was written"


@SERVERS
async def test_who_has_learnt_the_epoch_of_the_emptied_store_works_with_it(store: RedisStore) -> None:
    await store.take_epoch()
    await store._client.ask_each("FLUSHALL")
    await store.take_epoch()
    await store.commit(Changes(put={ROW: b"z"}))
    assert (await store.gather(Query(cells=(ROW,)))).rows[ROW].value == b"z"


@SERVERS
async def test_two_gateways_agree_on_the_epoch_of_an_emptied_store(store: RedisStore) -> None:
    other = RedisStore(store._client)
    await store.take_epoch()
    await other.take_epoch()
    await store._client.ask_each("FLUSHALL")
    await store.take_epoch()
    with pytest.raises(StateLost):
        await other.gather(Query())
    await other.take_epoch()
    await other.gather(Query())
    await store.gather(Query())
    # One that knows no epoch, such as a gateway of an earlier version or a command, is let be.
    await RedisStore(store._client).gather(Query())


@pytest.mark.parametrize("which", ["valkey", "redis"])
async def test_a_full_store_that_an_earlier_version_has_filled_gets_an_epoch(which: str) -> None:
    with redis_server(which, "--maxmemory", "500000") as url:  # less than an empty server uses
        client = connect(url)
        one, other = RedisStore(client), RedisStore(client)
        await one.take_epoch()
        await other.take_epoch()
        assert one._epoch == other._epoch != ""
        await client.aclose()
