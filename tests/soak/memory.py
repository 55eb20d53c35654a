"""How much memory a process and its store use, and by how much that grows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gateway.storage.connections import Client
from gateway.storage.redis import RedisStore

KIB, MIB = 1024, 1024 * 1024
GOAL = 50.0  # KiB a minute


class Point(NamedTuple):
    minute: float
    size: float  # bytes


@dataclass
class Series:
    """What was measured of one thing."""

    name: str
    points: list[Point] = field(default_factory=list)

    def add(self, minute: float, size: float) -> None:
        self.points.append(Point(minute, size))

    def since(self, minute: float) -> list[Point]:
        return [point for point in self.points if point.minute >= minute]

    def mean(self, since: float) -> float:
        """In MiB."""
        found = [point.size for point in self.since(since)]
        return sum(found) / len(found) / MIB if found else 0.0

    def slope(self, since: float) -> float:
        """In KiB a minute, by least squares."""
        return slope(self.since(since)) / KIB


def slope(points: Sequence[Point]) -> float:
    """Return the slope of the line through the points by least squares; 0 for fewer than two."""
    if len(points) < 2:
        return 0.0
    across = sum(point.minute for point in points) / len(points)
    up = sum(point.size for point in points) / len(points)
    spread = sum((point.minute - across) ** 2 for point in points)
    return sum((point.minute - across) * (point.size - up) for point in points) / spread


def resident(pid: int) -> int:
    """Return what a process has in memory, in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def used_memory(client: Client) -> dict[str, int]:
    """Return the store's `used_memory`, and the size of its append-only file now and when it was last rewritten."""
    found: dict[str, object] = {}
    for section in ("memory", "persistence"):
        found |= await client.ask("INFO", section)
    names = ("used_memory", "aof_current_size", "aof_base_size")
    return {name: int(str(found[name])) for name in names}


COUNTED_BY = {"hash": "HLEN", "zset": "ZCARD", "stream": "XLEN"}


async def entries(client: Client) -> dict[str, int]:
    """Return how many entries each key of the shard has."""
    found = {}
    for name, key in RedisStore(client).keys.items():
        kind = (await client.ask("TYPE", key)).decode()
        if kind in COUNTED_BY:
            found[name] = int(await client.ask(COUNTED_BY[kind], key))
    return found
