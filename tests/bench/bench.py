"""What is measured: gateways with stores of their own, and a real Alertmanager beside them."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.state.shards import Shards
from gateway.storage.connections import connect
from gateway.storage.embedded_socket import socket_path
from gateway.storage.layout import read_layout, stores_of
from tests.bench.load import (
    CALM_SHARE,
    CONNECTIONS,
    Labels,
    cpu,
    drive,
    posted_of,
    quiet,
    request,
    to_gateway,
    used_share,
    webhook_of,
)
from tests.bench.pairs import PAIRS, Spread, in_turns, ratios, spread
from tests.support.alertmanager import alertmanager
from tests.support.processes import GatewayProcess
from tests.support.servers import program

ALERTMANAGER = "/usr/bin/prometheus-alertmanager"  # Debian's, whatever other version is installed
NOBODY = "route: {receiver: none, group_by: [alertname], group_wait: 1h}\nreceivers: [{name: none}]\n"
START_PATIENCE = 120.0  # seconds: ten thousand rules take a while
POLL_SECONDS = 0.1
SETTLED_SECONDS = 2.0
IDLE_SECONDS = 3.0
BUSY = 1.5  # times what it uses when idle
OURS, THEIRS = "gateway", "Alertmanager"


@dataclass(frozen=True)
class Taker:
    """A program that takes alerts: where it listens, its processes, and how a batch is sent to it.

    `idle` is the share of a core that it uses without alerts, `waiting` says how many are not planned yet.
    """

    port: int
    pids: Sequence[int]
    request_of: Callable[[Sequence[Labels]], bytes]
    idle: float
    waiting: Callable[[], Awaitable[int]]

    async def done(self) -> None:
        """Wait until everything is planned and nothing is left to do: a join may wait for seconds until it is."""
        while await self.waiting():
            await asyncio.sleep(POLL_SECONDS)
        await quiet(self.pids, max(CALM_SHARE, BUSY * self.idle))

    async def take(self, batches: Iterable[Sequence[Labels]], connections: int = CONNECTIONS) -> None:
        """Have it take these alerts, without measuring that, and wait until nothing of it is left to do."""
        await drive(self.port, map(self.request_of, batches), connections)
        await self.done()

    async def cost(
        self,
        batches: Iterable[Sequence[Labels]],
        *,
        connections: int = CONNECTIONS,
        times: int = 1,
        every: float = 0.0,
    ) -> float:
        """Return the µs of CPU per alert until everything is done that these webhooks set going, planning included,
        less what the program would have used idle. All of them are sent so many `times`.
        """
        sent = list(batches)
        requests = [self.request_of(batch) for batch in sent] * times
        before, started = cpu(self.pids), time.monotonic()
        await drive(self.port, requests, connections, every)
        await self.done()
        used = cpu(self.pids) - before - self.idle * (time.monotonic() - started)
        return used / (sum(map(len, sent)) * times) * 1e6


# The cost of one run, by what takes the alerts and the number of the pair
Measure = Callable[[Taker, int], Awaitable[float]]


@dataclass(frozen=True)
class Bench:
    """`share` is the share of the alerts that is sent; figures of less than all of them are good for nothing but
    a try of the benchmark itself.
    """

    folder: Path
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    share: float = 1.0

    def count(self, alerts: int) -> int:
        """Return the share of so many alerts, in full webhooks."""
        return max(100, round(alerts * self.share / 100) * 100)

    @asynccontextmanager
    async def process(self, name: str, rules: str, **more: str) -> AsyncIterator[GatewayProcess]:
        """A gateway as it comes: log level and telemetry are the default ones. `more` are settings."""
        gateway = GatewayProcess(self.folder / name, self.slack, self.pagerduty, rules=rules, more=more)
        gateway.start()
        try:
            await gateway.ready(START_PATIENCE)
            yield gateway
        finally:
            gateway.kill()
            gateway.kill_store()

    @asynccontextmanager
    async def gateway(self, name: str, rules: str, **more: str) -> AsyncIterator[Taker]:
        async with self.process(name, rules, **more) as gateway:
            assert gateway.process is not None
            data = gateway.folder / "data"
            pids = (gateway.process.pid, int((data / "store.pid").read_text()))
            # Its store is asked what waits, which costs next to nothing there.
            client = connect(f"unix://{socket_path(data)}")
            try:
                layout = await read_layout(client)
                assert layout is not None
                shards = Shards(stores_of(client, layout))

                async def waiting() -> int:
                    return (await shards.counters()).get("open:waiting", 0)

                yield Taker(
                    gateway.port,
                    pids,
                    lambda batch: to_gateway(webhook_of(batch)),
                    await _idle(pids),
                    waiting,
                )
            finally:
                await client.aclose()

    @asynccontextmanager
    async def both(self, name: str, rules: str, **more: str) -> AsyncIterator[tuple[Taker, Taker]]:
        """A gateway, and a real Alertmanager that notifies nobody."""
        async with (
            self.gateway(name, rules, **more) as ours,
            alertmanager(self.folder / name, NOBODY, binary=_program()) as other,
        ):
            assert other.process is not None
            port, pids = int(other.url.rpartition(":")[2]), (other.process.pid,)
            theirs = Taker(
                port,
                pids,
                lambda batch: request("/api/v2/alerts", posted_of(batch)),
                await _idle(pids),
                _nothing,
            )
            yield ours, theirs


async def _nothing() -> int:
    return 0


async def _idle(pids: Sequence[int]) -> float:
    await asyncio.sleep(SETTLED_SECONDS)
    return await used_share(pids, IDLE_SECONDS)


async def beside(what: str, ours: Taker, theirs: Taker, measure: Measure) -> Spread:
    """Return the ratio of gateway to Alertmanager over interleaved pairs, and print it with the µs an alert."""
    costs = await in_turns(
        range(PAIRS), {OURS: lambda pair: measure(ours, pair), THEIRS: lambda pair: measure(theirs, pair)}
    )
    return print_costs(what, costs[OURS], costs[THEIRS])


def print_costs(what: str, costs: Sequence[float], others: Sequence[float]) -> Spread:
    """Print the µs an alert of both, and return the ratio of the pairs."""
    ratio = spread(ratios(costs, others))
    print(
        f"  {what:64} {median(costs):9.1f} | {median(others):7.1f} | {ratio.median:7.3f} ({ratio.low:.3f} to {ratio.high:.3f})",
        flush=True,
    )
    return ratio


def alertmanager_version() -> str:
    shown = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True)
    return (shown.stdout + shown.stderr).partition("\n")[0]


def _program() -> str:
    return program(ALERTMANAGER, "prometheus-alertmanager")
