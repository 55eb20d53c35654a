"""A store and gateways whose clocks are stepped, paused and delayed in a virtual time, for both stores alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

from gateway.model.changes import Changes, Query
from gateway.model.lanes import LaneRule
from gateway.storage.caller_clock import Asked, CallerClock, MachineClocks, StoreTime
from gateway.storage.connections import Client, Script
from gateway.storage.lua import KEY_NAMES, SCRIPTS
from gateway.storage.memory_clock import StoreClock
from gateway.storage.packing import packed_changes, packed_claim, packed_query
from gateway.storage.redis import RedisStore
from tests.support.build import START

NO_LANES = LaneRule({})
TIME = b"redis.call('TIME')"
VIRTUAL_TIME = b"{string.match(redis.call('HGET', META, 'virtual'), '(%d+) (%d+)')}"


class VirtualTime:
    """A client of a real server that runs every script by a time that is given."""

    def __init__(self, client: Client, time: Callable[[], int]) -> None:
        self._client = client
        self._time = time

    async def run(self, script: Script, keys: Sequence[str], *args: Any, lasting: bool = False) -> Any:
        seconds, ms = divmod(self._time(), 1_000)
        meta = keys[KEY_NAMES.index("meta")]
        await self._client.ask("HSET", meta, "virtual", f"{seconds} {ms * 1_000}")
        virtual = Script(script.text.replace(TIME, VIRTUAL_TIME))
        return await self._client.run(virtual, keys, *args, lasting=lasting)


class Server(Protocol):
    """A shard that answers by its own idea of the time of day."""

    async def run(self, kind: str, asked: Asked, store_time: int) -> tuple[StoreTime, bool]:
        """Gather, commit or claim; return the time of the reply, and whether the claim might lease."""
        ...

    async def texts(self) -> dict[str, str]:
        """What is kept of the time, by the field of META."""
        ...


class MemoryServer:
    """The clock of the in-memory store."""

    def __init__(self) -> None:
        self.clock = StoreClock()

    async def run(self, kind: str, asked: Asked, store_time: int) -> tuple[StoreTime, bool]:
        reading = self.clock.read(store_time, asked)
        refused = self.clock.vote(reading) if kind == "claim" else False
        if kind == "commit":
            self.clock.keep(reading)
        return reading.time, not refused

    async def texts(self) -> dict[str, str]:
        return dict(self.clock.texts)


class ScriptServer:
    """The scripts themselves in a real server. In their text alone TIME is exchanged for a time that is given."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.keys = RedisStore(client).keys

    async def run(self, kind: str, asked: Asked, store_time: int) -> tuple[StoreTime, bool]:
        arguments: dict[str, list[bytes | str]] = {
            "gather": [packed_query(Query(), {})],
            "commit": [b"8 bytes!", *packed_changes(Changes())],
            "claim": ["token", packed_claim(10, 30_000, NO_LANES)],
        }
        virtual = VirtualTime(self.client, lambda: store_time)
        reply = await virtual.run(SCRIPTS[kind], list(self.keys.values()), *arguments[kind], str(asked))
        reading = reply[1] if kind == "commit" else reply[0]
        time = StoreTime(*reading) if isinstance(reading, list) else StoreTime(reading, reading, reading)
        return time, kind != "claim" or int(reply[1]) != time.now + 100

    async def texts(self) -> dict[str, str]:
        names = ("clock", "time", "clocks", "stepped")
        found = await self.client.ask("HMGET", self.keys["meta"], *names)
        return {name: text.decode() for name, text in zip(names, found, strict=True) if text is not None}


@dataclass
class Machine:
    """A gateway's machine. `wrong`: how far its time of day is off; `paused`: what its monotonic clock missed."""

    world: World
    name: str
    wrong: int = 0
    paused: int = 0
    starts: int = 0
    caller: CallerClock = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Start another process, which remembers nothing and has a name of its own."""
        self.starts += 1
        clocks = MachineClocks(
            lambda: self.world.real + self.wrong, lambda: self.world.real - START + 1_000_000 - self.paused
        )
        self.caller = CallerClock(clocks, f"{self.name}-{self.starts}")

    async def call(self, kind: str, *, there: int = 1, back: int = 1) -> StoreTime:
        """Make a call that takes so many ms to the server and back."""
        asked = self.caller.ask()
        self.world.real += there
        time, self.world.leases = await self.world.server.run(kind, asked, self.world.store_time)
        self.world.seen.append((self.world.real, kind, time))
        self.world.real += back
        self.caller.hear(asked, time, claimed=kind == "claim")
        return time


@dataclass
class World:
    """Real time, the step of the store's clock, and everything that was answered: when, to what, the time."""

    server: Server
    real: int = START
    step: int = 0
    leases: bool = True
    seen: list[tuple[int, str, StoreTime]] = field(default_factory=list)

    @property
    def store_time(self) -> int:
        return self.real + self.step

    @property
    def late(self) -> int:
        """How far the last `now` is behind real time, in ms."""
        at, _, time = self.seen[-1]
        return at - time.now

    @property
    def wall_off_by(self) -> int:
        """By how much (ms) people's time was ever wrong."""
        return max(abs(time.wall - at) for at, _, time in self.seen)

    @property
    def goes_on(self) -> bool:
        return all(sooner[2].now <= later[2].now for sooner, later in pairwise(self.seen))

    @property
    def steady(self) -> bool:
        """Whether `now` never went back, and never ran ahead of real time by more than a call takes."""
        ahead = [time.now - at for at, _, time in self.seen]
        return self.goes_on and all(max(ahead[:i]) + 5 >= ahead[i] for i in range(1, len(ahead)))

    def machine(self, name: str, *, wrong: int = 0) -> Machine:
        return Machine(self, name, wrong)

    async def run(self, seconds: float, *machines: Machine) -> None:
        """Let time go by; these gateways claim once a second, gather and commit."""
        ends = self.real + round(seconds * 1_000)
        while self.real < ends:
            for machine in machines:
                for kind in ("claim", "gather", "commit"):
                    await machine.call(kind)
            self.real = min(ends, self.real + 1_000) if machines else ends
