"""What tracing costs: three gateways that differ in it alone, driven in turn, run after run."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.bench.load import cpu, drive, request, webhook
from tests.support.processes import GatewayProcess

RULES = """
destinations: {chat: {slack: {channel: "#alerts"}}}
routes: [{name: everything, notify: [chat], group_wait: 1h}]
"""
ROUNDS = 9
WINDOW_SECONDS = 4.0  # of each run, so that what goes on all the time is the same in all
IDLE_SECONDS = 30.0
OFF, TENTH, ALL = "off", "a tenth", "all"


@dataclass(frozen=True)
class Load:
    """So many webhooks with so many alerts each. `step` 10 gives each alert an incident of its own, 1 ten of them
    one. `again`: the alerts are known.
    """

    name: str
    webhooks: int
    alerts: int
    step: int = 1
    again: bool = False

    @property
    def incidents(self) -> int:
        return self.webhooks * self.alerts * self.step // 10

    def requests(self, prefix: str) -> list[bytes]:
        size = self.alerts * self.step
        starts = range(0, self.webhooks * size, size)
        bodies = (webhook(range(at, at + size, self.step), prefix) for at in starts)
        return [request("/webhooks/alertmanager", body) for body in bodies]


REPEATED = Load("repeated, 1 a webhook", 1_500, 1, again=True)
NEW = Load("new, 1 a webhook", 1_000, 1)
HUNDRED = Load("new, 100 a webhook", 50, 100)
INCIDENTS = Load("new incidents, 100 a webhook", 20, 100, step=10)
LOADS = (REPEATED, NEW, HUNDRED, INCIDENTS)


async def tracing(folder: Path, slack: SlackSandbox, pagerduty: PagerDutySandbox) -> None:
    async with _receiver() as endpoint:
        asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        variables = {OFF: {}, TENTH: asked, ALL: {**asked, "OTEL_TRACES_SAMPLER": "always_on"}}
        gateways = {
            name: GatewayProcess(folder / name, slack, pagerduty, rules=RULES, more={"GATEWAY_LOG_LEVEL": "warning", **more})
            for name, more in variables.items()
        }  # fmt: skip
        try:
            for gateway in gateways.values():
                gateway.start()
                await gateway.ready()
            await _compare(gateways)
            for gateway in gateways.values():
                await gateway.stop()
        finally:
            for gateway in gateways.values():
                gateway.kill()
                gateway.kill_store()


async def _compare(gateways: dict[str, GatewayProcess]) -> None:
    await _print_idle(gateways[OFF])
    costs: dict[Load, dict[str, list[float]]] = {load: {name: [] for name in gateways} for load in LOADS}
    for number in range(-1, ROUNDS):  # the first one only warms
        for load in LOADS:
            names = list(gateways)
            for name in names[number % 3 :] + names[: number % 3]:
                prefix = "again" if load.again else f"{LOADS.index(load)}-{number + 1}"
                cost = await _run(gateways[name], load.requests(prefix))
                costs[load][name] += [cost] if number >= 0 else []
    print(
        f"CPU of the gateway, medians of {ROUNDS} runs in turn; of each pair with tracing off, its difference"
    )
    for load, by_name in costs.items():
        _print_load(load, by_name)


def _print_load(load: Load, costs: dict[str, list[float]]) -> None:
    per = load.incidents if load is INCIDENTS else load.webhooks
    what = "incident" if load is INCIDENTS else "webhook"
    off = statistics.median(costs[OFF]) / per * 1e6
    print(f"  {load.name}: {off:.0f} µs a {what} with tracing off")
    for name in (TENTH, ALL):
        pairs = list(zip(costs[name], costs[OFF], strict=True))
        more = [(cost - without) / per * 1e6 for cost, without in pairs]
        ratio = statistics.median(cost / without for cost, without in pairs)
        low, high = statistics.quantiles(more, n=4)[0], statistics.quantiles(more, n=4)[2]
        print(
            f"    {name:8} {statistics.median(more):+6.1f} µs a {what} (quartiles {low:+.1f} to {high:+.1f}), {(ratio - 1) * 100:+.1f} %"
        )


async def _print_idle(gateway: GatewayProcess) -> None:
    assert gateway.process is not None
    pids = [gateway.process.pid, int((gateway.folder / "data" / "store.pid").read_text())]
    await asyncio.sleep(3)
    before, started = cpu(pids), time.monotonic()
    await asyncio.sleep(IDLE_SECONDS)
    share = (cpu(pids) - before) / (time.monotonic() - started)
    print(f"idle with tracing off, gateway + store: {share * 100:.2f} % of a core (goal: under 1 %)")


async def _run(gateway: GatewayProcess, requests: Sequence[bytes]) -> float:
    """Return the CPU seconds of the process from the first webhook until its spans are sent."""
    assert gateway.process is not None
    pid, started = gateway.process.pid, time.monotonic()
    before = _cpu_exactly(pid)
    await drive(gateway.port, requests, 16)
    await asyncio.sleep(max(1.0, started + WINDOW_SECONDS - time.monotonic()))
    return _cpu_exactly(pid) - before


def _cpu_exactly(pid: int) -> float:
    """Seconds of all threads that run now, to the µs; the kernel's other figure is one of ticks of 10 ms."""
    files = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text("utf-8").split()[0]) for file in files) / 1e9


@asynccontextmanager
async def _receiver() -> AsyncIterator[str]:
    """A receiver of OTLP that takes everything and reads nothing; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
