"""Ask the servers how much memory they use, and how much they may use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.model.store_memory import StoreMemory
from gateway.storage.connections import Client


async def read_memory(client: Client) -> StoreMemory | None:
    """Return the memory of the fullest primary, None where no server says it (INFO is forbidden).

    Raises `StateUnavailable`.
    """
    infos = [info for _, info in await client.ask_each("INFO", "memory") if info is not None]
    found = [_memory_of(info) for info in infos if "used_memory" in info]
    return max(found, key=lambda memory: (memory.share, memory.used), default=None)


def _memory_of(info: Mapping[str, Any]) -> StoreMemory:
    """Read what INFO says: https://redis.io/docs/latest/commands/info/"""
    # Buffers of replicas and of the append-only file do not count when the server decides whether it is full:
    # https://redis.io/docs/latest/develop/reference/eviction/
    used = int(info["used_memory"]) - int(info.get("mem_not_counted_for_evict", 0))
    return StoreMemory(used, int(info.get("maxmemory", 0)) or None)
