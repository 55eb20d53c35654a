"""The layout of a store: its number of shards, the labels that tell partitions apart, and its keys' prefix.

The first gateway on an empty store writes it; `gateway migrate` alone changes it afterwards.
"""

from __future__ import annotations

import msgspec

from gateway.errors import BadSettings
from gateway.model.changes import Table
from gateway.model.counted import counted
from gateway.state.shards import Shards
from gateway.storage.connections import Client
from gateway.storage.redis import RedisStore

KEY = "gw:layout"


class Layout(msgspec.Struct, frozen=True):
    """The record under `gw:layout`, in JSON. All keys of the shards begin with `prefix`."""

    # Its name in the record never changes: running gateways read it.
    shards: int = msgspec.field(name="slots")
    partition_by: tuple[str, ...]
    prefix: str = "gw"

    def __str__(self) -> str:
        return f"{counted(self.shards, 'shard')}, partition_by {list(self.partition_by)}"

    def means(self, other: Layout) -> bool:
        return (self.shards, self.partition_by) == (other.shards, other.partition_by)


async def read_layout(client: Client) -> Layout | None:
    raw = await client.ask("GET", KEY)
    return msgspec.json.decode(raw, type=Layout) if raw else None


async def write_layout(client: Client, layout: Layout) -> None:
    """Write the layout in the place of the one that is there."""
    await client.ask("SET", KEY, msgspec.json.encode(layout))


async def agree_on_layout(client: Client, wanted: Layout) -> Layout:
    """Return the layout of the store, which becomes the wanted one where it has none yet.

    Of several gateways that start on an empty store the first one decides. A full store refuses to be written
    to, so nothing is written where a layout is there.
    """
    while (found := await read_layout(client)) is None:
        await client.ask("SET", KEY, msgspec.json.encode(wanted), "NX")
    return found


def stores_of(client: Client, layout: Layout) -> list[RedisStore]:
    """Return a store for each shard, the home shard's first."""
    return [RedisStore(client, shard, layout.prefix) for shard in range(layout.shards)]


async def open_shards(client: Client, shards: int, partition_by: tuple[str, ...]) -> Shards:
    """Return the shards of this store, laid out as wanted.

    Raises `BadSettings` where it holds alerts and is laid out otherwise, and `StateUnavailable`.
    """
    wanted = Layout(shards, partition_by)
    found = await agree_on_layout(client, wanted)
    if not found.means(wanted):
        if problem := await contradiction(client, found, wanted):
            raise BadSettings(problem)
        # Without alerts in the store, none can be looked for in the wrong shard.
        await write_layout(client, wanted)
        found = wanted
    return Shards(stores_of(client, found))


async def contradiction(client: Client, found: Layout, wanted: Layout) -> str:
    """Return what is wrong and what to do where a store holds alerts and is laid out otherwise than wanted.

    Alerts would be looked for in shards where they are not: people would be notified of them again, and their
    ends would be missed. The text is empty where nothing is wrong.
    """
    if found.means(wanted) or not await Shards(stores_of(client, found)).size(Table.ALERTS):
        return ""
    return (
        f"the store is laid out for {found}, and GATEWAY_SHARDS and the rules want {wanted}: "
        "stop all gateways and run `gateway migrate`, or take back what was changed"
    )
