"""The layout of a store: written once, read by every version, and never changed under alerts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from gateway.errors import BadSettings
from gateway.model.changes import Cell, Changes, Table
from gateway.storage.connections import Client
from gateway.storage.layout import (
    KEY,
    Layout,
    agree_on_layout,
    open_shards,
    read_layout,
    stores_of,
    write_layout,
)
from tests.support.connected import patient

# As earlier versions wrote it.
STORED = {
    b'{"slots":4,"partition_by":["tenant","region"],"prefix":"gw2"}': Layout(4, ("tenant", "region"), "gw2"),
    b'{"slots":1,"partition_by":[],"prefix":"gw"}': Layout(1, ()),
}


@pytest.fixture
async def client(valkey_url: str) -> AsyncIterator[Client]:
    made = patient(valkey_url)
    await made.ask_each("FLUSHALL")
    yield made
    await made.aclose()


@pytest.mark.parametrize(("stored", "layout"), STORED.items())
async def test_what_an_earlier_version_stored_is_read_and_written_byte_for_byte(
    client: Client, stored: bytes, layout: Layout
) -> None:
    assert msgspec.json.encode(layout) == stored
    await client.ask("SET", KEY, stored)
    assert await read_layout(client) == layout
    await write_layout(client, layout)
    assert await client.ask("GET", KEY) == stored


async def test_whoever_comes_first_writes_it_and_the_next_does_not(client: Client) -> None:
    assert await agree_on_layout(client, Layout(2, ())) == Layout(2, ())
    assert await agree_on_layout(client, Layout(3, ())) == Layout(2, ())
    assert await read_layout(client) == Layout(2, ())


async def test_every_shard_has_keys_of_its_own_under_the_prefix(client: Client) -> None:
    assert [store.keys["alerts"] for store in stores_of(client, Layout(2, (), "gw2"))] == [
        "{gw2:0}:alerts",
        "{gw2:1}:alerts",
    ]


async def test_an_empty_store_is_laid_out_anew_and_one_with_alerts_is_refused(client: Client) -> None:
    await open_shards(client, 1, ())
    shards = await open_shards(client, 2, ("tenant",))
    assert len(shards.states) == 2
    await shards.states[1].commit(Changes(put={Cell(Table.ALERTS, "a1"): b"x"}))
    with pytest.raises(
        BadSettings, match=r"laid out for 2 shards, partition_by \['tenant'\].*gateway migrate"
    ):
        await open_shards(client, 2, ())
    assert len((await open_shards(client, 2, ("tenant",))).states) == 2
