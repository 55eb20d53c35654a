"""One soak: two gateways on the embedded store of the first. That one is never killed, so that what it keeps for itself
adds up; the other is killed (-9) every minute and started at once, the store every three minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from gateway.errors import StateUnavailable
from gateway.storage.connections import Client, connect
from tests.chaos.stage import PATIENCE, Stage, residue_of, stage, until
from tests.soak.alerts import RULES, Load
from tests.soak.memory import Series, entries, resident, used_memory
from tests.soak.told import Receiver, Told, told
from tests.support.meanwhile import meanwhile
from tests.support.processes import GatewayProcess

TIMELINE = "5000"  # entries: as many as there are soon, so that their memory grows no more
SAMPLED = 5.0  # seconds between two looks
GATEWAY_KILLED = 60.0
STORE_KILLED = 180.0
SETTLED = 10.0  # minutes until everything is there that is kept; a third of a short run
SETTLING = 240.0  # seconds until nothing is owed any more
OWN_ENDING = (
    900.0  # until the gateway's own alerts have ended: ten minutes of a doubtful clock, and what all take
)
CALM = 3.0

Say = Callable[[str], None]


@dataclass
class Soak:
    """What a soak has measured. `aof` is the size of the append-only file, `rewrites` how often it became smaller."""

    minutes: float
    kept: Series = field(default_factory=lambda: Series("gateway"))
    killed: Series = field(default_factory=lambda: Series("killed one"))
    store: Series = field(default_factory=lambda: Series("store"))
    aof: Series = field(default_factory=lambda: Series("append-only file"))
    entries: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    store_kills: int = 0
    webhooks: int = 0
    told: Told = field(default_factory=lambda: Told(0, 0))

    @property
    def settled(self) -> float:
        return min(SETTLED, self.minutes / 3)

    @property
    def measured(self) -> tuple[Series, ...]:
        """What may not grow."""
        return (self.kept, self.killed, self.store)

    @property
    def rewrites(self) -> int:
        sizes = [point.size for point in self.aof.points]
        return sum(after < before for before, after in pairwise(sizes))


@dataclass
class Running:
    """A soak under way. `gateway_killed` and `store_killed` are seconds between two kills."""

    stage: Stage
    receiver: Receiver
    client: Client
    load: Load
    found: Soak
    say: Say
    begun: float
    gateway_killed: float = GATEWAY_KILLED
    store_killed: float = STORE_KILLED

    @property
    def kept(self) -> GatewayProcess:
        return self.stage.gateways[0]

    @property
    def killed(self) -> GatewayProcess:
        return self.stage.gateways[1]

    @property
    def minute(self) -> float:
        return (asyncio.get_running_loop().time() - self.begun) / 60

    async def play(self) -> Soak:
        async with meanwhile(self.kill_gateway(), self.kill_store(), self.sample()):
            await self.load.run(self.found.minutes * 60)
        await self.up()
        self.found.webhooks = self.load.webhooks
        await self._settled(ended=False)
        await self.load.end_all()
        await self._settled(ended=True)
        await until(self._own_ended, OWN_ENDING)
        await asyncio.sleep(CALM)
        self.found.told = await self.count()
        return self.found

    async def kill_gateway(self) -> None:
        """It is measured just before, so that its figures are of the same age each time."""
        while True:
            await asyncio.sleep(self.gateway_killed)
            assert self.killed.process is not None
            self.found.killed.add(self.minute, resident(self.killed.process.pid))
            self.killed.kill()
            self.killed.start()
            self.found.kills += 1
            await self.up()

    async def up(self) -> None:
        """Start it until it is ready, as a service manager does: it gives up where the store goes while it starts."""
        assert self.killed.process is not None
        while True:
            if self.killed.process.poll() is not None:
                self.killed.start()
            try:
                return await self.killed.ready(PATIENCE)
            except AssertionError:
                if self.killed.process.poll() is None:
                    raise

    async def kill_store(self) -> None:
        while True:
            await asyncio.sleep(self.store_killed)
            self.kept.kill_store()
            self.found.store_kills += 1

    async def sample(self) -> None:
        said = 0
        while True:
            await asyncio.sleep(SAMPLED)
            assert self.kept.process is not None
            self.found.kept.add(self.minute, resident(self.kept.process.pid))
            try:
                sizes = await used_memory(self.client)
                self.found.entries = await entries(self.client)
            except StateUnavailable:
                continue  # it was killed a moment ago
            self.found.store.add(self.minute, sizes["used_memory"])
            self.found.aof.add(self.minute, sizes["aof_current_size"])
            if int(self.minute) > said:
                said = int(self.minute)
                self.say(self._line(said))

    def _line(self, minute: int) -> str:
        found = self.found
        sizes = [f"{one.name} {one.mean(minute - 1):.2f}" for one in (*found.measured, found.aof)]
        counts = " ".join(f"{name} {count}" for name, count in found.entries.items() if count)
        return f"minute {minute:2}: {', '.join(sizes)} MiB; webhooks {self.load.webhooks}; {counts}"

    async def _settled(self, *, ended: bool) -> None:
        """Wait until everybody is told what fires, or that everything has ended."""

        async def settled() -> bool:
            found = await self.count()
            return found.well and not await self.stage.waiting() if ended else not found.lost

        await until(settled, SETTLING)

    async def _own_ended(self) -> bool:
        return not (await self.count()).standing

    async def count(self) -> Told:
        residue = await residue_of(self.stage.gateways)
        return told(self.load.lives, self.stage.vendors, self.receiver, residue)


@asynccontextmanager
async def begun(folder: Path, minutes: float, keep: str, say: Say) -> AsyncIterator[Running]:
    receiver = Receiver()
    async with receiver.running(), stage(folder, 1.0) as ready:
        more = {
            "HOOK_URL": receiver.url,
            "GATEWAY_KEEP_ENDED": keep,
            "GATEWAY_KEEP_STATISTICS": keep,
            "GATEWAY_TIMELINE_LENGTH": TIMELINE,
        }
        await ready.start(rules=RULES, more=lambda _place: more)
        url = f"unix://{ready.gateways[0].folder / 'data' / 'store.sock'}"
        await ready.start(url=url, rules=RULES, more=lambda _place: more)
        client = connect(url)
        load = Load([gateway.url for gateway in ready.gateways])
        now = asyncio.get_running_loop().time()
        try:
            yield Running(ready, receiver, client, load, Soak(minutes), say, now)
        finally:
            await client.aclose()


async def soak(folder: Path, minutes: float, keep: str, say: Say) -> Soak:
    """Soak for so long, with what has ended kept for `keep`."""
    async with begun(folder, minutes, keep, say) as running:
        return await running.play()
