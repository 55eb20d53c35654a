"""People hear that the store fills up while it still takes alerts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from gateway.model.reserve import Reserve
from gateway.model.store_memory import StoreMemory
from gateway.self_monitoring.memory_watch import MemoryWatch
from gateway.telemetry.metrics import Metrics

MIB = 1 << 20


@dataclass
class Ended:
    """What has ended in one shard, in MiB, and may be forgotten one by one."""

    watched: Watched
    left: int
    forgotten: Counter[str] = field(default_factory=Counter)
    forgotten_lives: Counter[str] = field(default_factory=lambda: Counter({"eu": 3}))

    async def shorten(self) -> None: ...

    async def sweep_tombstones(self) -> None: ...

    async def make_room(self) -> bool:
        if not self.left:
            return False
        self.left -= 1
        self.forgotten["eu"] += 1
        memory = self.watched.memory
        assert memory is not None
        self.watched.memory = StoreMemory(memory.used - MIB, memory.limit)
        return True


class Watched:
    """A watch over a store whose memory is given, and what it reports."""

    def __init__(self) -> None:
        self.memory: StoreMemory | None = None
        self.reported: list[str] = []
        self.metrics = Metrics()
        self.reserve = Reserve()
        self.watch = MemoryWatch(
            self._read, self.metrics, lambda name, *_: self.reported.append(name), self.reserve
        )

    async def _read(self) -> StoreMemory | None:
        return self.memory

    async def looks(self, memory: StoreMemory | None) -> list[str]:
        self.memory = memory
        self.reported.clear()
        await self.watch.look()
        return self.reported

    def gauge(self, what: str) -> float | None:
        return self.metrics.registry.get_sample_value("gateway_store_memory_bytes", {"what": what})


async def test_from_four_fifths_of_the_limit_on_it_is_reported_at_every_look() -> None:
    watched = Watched()
    assert await watched.looks(StoreMemory(79 * MIB, 100 * MIB)) == []
    assert watched.watch.worries() == []
    assert await watched.looks(StoreMemory(80 * MIB, 100 * MIB)) == ["GatewayStoreFilling"]
    assert await watched.looks(StoreMemory(120 * MIB, 100 * MIB)) == ["GatewayStoreFilling"]
    (worry,) = watched.watch.worries()
    assert worry.startswith("the store uses 120 MiB of 100 MiB (120%): ")
    assert await watched.looks(StoreMemory(10 * MIB, 100 * MIB)) == []
    assert watched.watch.worries() == []


async def test_use_and_limit_are_metrics() -> None:
    watched = Watched()
    await watched.looks(StoreMemory(5 * MIB, 100 * MIB))
    assert (watched.gauge("used"), watched.gauge("limit")) == (5 * MIB, 100 * MIB)


async def test_a_store_without_a_limit_or_that_does_not_say_it_is_no_worry() -> None:
    watched = Watched()
    assert await watched.looks(StoreMemory(5 * MIB, None)) == []
    assert (watched.gauge("used"), watched.gauge("limit")) == (5 * MIB, None)
    assert await watched.looks(None) == []
    assert watched.watch.worries() == []


async def test_above_85_percent_what_has_ended_is_forgotten_until_there_is_room_and_counted_by_source() -> (
    None
):
    watched = Watched()
    watched.metrics.sources.configured(["eu"])
    room = Ended(watched, 50)
    watched.watch.rooms = [room]  # type: ignore[list-item]
    await watched.looks(StoreMemory(84 * MIB, 100 * MIB))
    assert room.left == 50
    assert await watched.looks(StoreMemory(90 * MIB, 100 * MIB)) == ["GatewayStoreFilling"]
    assert watched.memory == StoreMemory(82 * MIB, 100 * MIB)
    assert room.left == 42
    value = watched.metrics.registry.get_sample_value
    assert value("gateway_lives_forgotten_early_total", {"source": "eu"}) == 3
    counted = value("gateway_forgotten_early_total", {"source": "eu"})
    assert counted == 8
    assert not room.forgotten


async def test_where_nothing_may_be_forgotten_it_is_reported_all_the_same() -> None:
    watched = Watched()
    watched.watch.rooms = [Ended(watched, 0)]  # type: ignore[list-item]
    assert await watched.looks(StoreMemory(100 * MIB, 100 * MIB)) == ["GatewayStoreFilling"]
