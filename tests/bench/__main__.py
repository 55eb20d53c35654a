"""`make bench`: prints a table; ratios of one run on one machine, never compared with another run's times."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.decisions.calendar import Calendar
from gateway.decisions.route import Router
from gateway.model.matchers import parse_matchers
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.bench import growing as growing_incidents
from tests.bench.agenda import agenda
from tests.bench.fairness import fairness
from tests.bench.load import Cost, drive, labels, measure, memory, posted_alerts, request, webhook
from tests.bench.startup import startup
from tests.bench.statistics_fed import statistics_fed
from tests.bench.tracing import tracing
from tests.support.build import rulebook
from tests.support.processes import GatewayProcess
from tests.support.servers import free_port, program

SIZES = {1: 3_000, 10: 10_000, 100: 20_000, 1000: 20_000}  # alerts a webhook -> alerts in all
ACTIVE = 100_000
QUIET_RULES = """
destinations: {chat: {slack: {channel: "#alerts"}}}
routes: [{name: everything, notify: [chat], group_wait: 1h}]
"""
CHANNELS = 100  # Slack takes one message a second in each
PROMPT_RULES = f"""
destinations:
  chat: {{slack: {{channel: "#{{namespace}}", allow: [{", ".join(f"c{n}" for n in range(CHANNELS))}]}}}}
routes: [{{name: everything, notify: [chat], group_wait: 0s}}]
"""
# Each in a gateway of its own
GATEWAY_CASES = {
    "ingest": QUIET_RULES,
    "active": QUIET_RULES,
    "latency": PROMPT_RULES,
    "growing": growing_incidents.RULES,
}


@contextmanager
def alertmanager(folder: Path) -> Iterator[tuple[int, int]]:
    """Its port and process; it notifies nobody."""
    config = folder / "alertmanager.yml"
    config.write_text(
        "route: {receiver: none, group_by: [alertname], group_wait: 1h}\nreceivers: [{name: none}]\n", "utf-8"
    )
    port = free_port()
    arguments = [
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        f"--config.file={config}",
        f"--storage.path={folder / 'am'}",
    ]
    process = subprocess.Popen(
        [program("prometheus-alertmanager", "prometheus-alertmanager"), *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(1.5)
    try:
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


async def ingestion(folder: Path, gateway: GatewayProcess) -> None:
    pids = await gateway_pids(gateway)
    print("CPU per alert in µs, gateway + store (fsync always) | Alertmanager | ratio")
    with alertmanager(folder) as (port, pid):
        for size, total in SIZES.items():
            groups = [range(at, at + size) for at in range(0, total, size)]
            prefix = f"b{size}"
            for kind in ("new", "repeated"):
                ours = await measure(
                    gateway.port,
                    [request("/webhooks/alertmanager", webhook(group, prefix)) for group in groups],
                    total,
                    pids,
                )
                theirs = await measure(
                    port,
                    [request("/api/v2/alerts", posted_alerts(group, prefix)) for group in groups],
                    total,
                    [pid],
                )
                row(f"{kind} at {size} a webhook", ours, theirs)


def row(what: str, ours: Cost, theirs: Cost) -> None:
    print(
        f"  {what:28} {ours.cpu:8.1f} | {theirs.cpu:8.1f} | {ours.cpu / theirs.cpu:5.2f}   ({1e6 / ours.wall:,.0f} alerts/s)"
    )


async def gateway_pids(gateway: GatewayProcess) -> list[int]:
    assert gateway.process is not None
    return [gateway.process.pid, int((gateway.folder / "data" / "store.pid").read_text())]


async def active_alerts(folder: Path, gateway: GatewayProcess) -> None:
    """Memory, and whether cost grows with what is active."""
    pids = await gateway_pids(gateway)
    size = 100
    costs: dict[int, Cost] = {}
    done = 0
    for goal in (1_000, 10_000, ACTIVE):
        groups = [range(at, at + size) for at in range(done, goal, size)]
        await drive(
            gateway.port, [request("/webhooks/alertmanager", webhook(group, "m")) for group in groups], 16
        )
        done = goal
        fresh = [range(at, at + size) for at in range(0, 5_000, size)]
        sent = [request("/webhooks/alertmanager", webhook(group, f"f{goal}")) for group in fresh]
        costs[goal] = await measure(gateway.port, sent, 5_000, pids)
    print(f"memory at {ACTIVE:,} active alerts: gateway + store {memory(pids):.0f} MiB")
    with alertmanager(folder) as (port, pid):
        groups = [range(at, at + 500) for at in range(0, ACTIVE, 500)]
        await drive(port, [request("/api/v2/alerts", posted_alerts(group, "m")) for group in groups], 4)
        print(f"  Alertmanager with the same: {memory([pid]):.0f} MiB")
    first = costs[1_000].cpu
    print(
        "new alerts at 100 a webhook, by active alerts: "
        + ", ".join(f"{n:,}: {c.cpu:.1f} µs ({c.cpu / first:.2f})" for n, c in costs.items())
    )


async def latency(gateway: GatewayProcess, slack: SlackSandbox) -> None:
    """From a webhook's start to Slack's receipt, one new incident every 10 ms, group_wait 0."""
    count = 300
    sent: dict[str, float] = {}
    started = time.time()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    for number in range(count):
        await asyncio.sleep(max(0.0, started + number * 0.01 - time.time()))
        sent[f"lat{number}-0"] = time.time()
        writer.write(
            request("/webhooks/alertmanager", webhook([0], f"lat{number}", namespace=f"c{number % CHANNELS}"))
        )
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
    writer.close()
    await asyncio.sleep(3)
    topics = [call for call in slack.calls if call.method == "chat.postMessage"]
    found = [
        (re.search(r"lat\d+-0", str(call.arguments.get("text"))), call.at.timestamp()) for call in topics
    ]
    waits = sorted((at - sent[match[0]]) * 1000 for match, at in found if match is not None)
    middle, late = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    print(
        f"alert to Slack at 100 webhooks/s, group_wait 0: p50 {middle:.1f} ms, p99 {late:.1f} ms ({len(waits)} of {count})"
    )


def matching() -> None:
    """CPU per alert of routing, warm, by number of rules."""
    print("routing per alert in µs, by rules (equality and regular expressions mixed)")
    alerts = [labels(number, "r") for number in range(2_000)]
    first = 0.0
    for count in (10, 100, 1_000, 10_000):
        routes = [
            Route(f"r{n}", BUILT_IN, match=parse_matchers(f'service="r-{n % 200}"' if n % 3 else f'pod=~"r-{n % 90}.*"') + parse_matchers(f'team="t{n}"'), notify=("chat",), go_on=True)
            for n in range(count)
        ]  # fmt: skip
        router = Router(rulebook(*routes), Calendar({}))
        for alert in alerts:
            router.routing(alert, 0)
        started = time.process_time()
        for alert in alerts:
            router.routing(alert, 0)
        cost = (time.process_time() - started) / len(alerts) * 1e6
        first = first or cost
        print(f"  {count:6,} rules: {cost:7.1f} ({cost / first:.2f})")


async def main() -> None:
    if wanted("startup"):
        startup()
    if wanted("matching"):
        matching()
    if not any(map(wanted, ("dashboards", "fairness", "agenda", "statistics", "tracing", *GATEWAY_CASES))):
        return
    with tempfile.TemporaryDirectory(prefix="gw-bench-") as name:
        folder = Path(name)
        await without_vendors(folder)
        if wanted("tracing"):
            await tracing(folder / "tracing")
        async with (
            SlackSandbox.start(channels=["alerts", *[f"c{n}" for n in range(CHANNELS)]]) as slack,
            PagerDutySandbox.start() as pagerduty,
        ):
            if wanted("fairness"):
                await fairness(folder, slack, pagerduty)
            if wanted("agenda"):
                await agenda(folder, slack, pagerduty)
            for case, rules in GATEWAY_CASES.items():
                if wanted(case):
                    gateway = GatewayProcess(
                        folder / case, slack, pagerduty, rules=rules, more={"GATEWAY_LOG_LEVEL": "warning"}
                    )
                    await measured(case, gateway, slack)


async def without_vendors(folder: Path) -> None:
    if wanted("dashboards"):
        # Of all cases it alone needs the dashboards' code, which is no part of the package.
        from tests.bench.dashboards import dashboards

        await dashboards(folder / "dashboards")
    if wanted("statistics"):
        await statistics_fed(folder / "statistics")


def wanted(case: str) -> bool:
    """Whether the arguments name this case; without arguments all are wanted."""
    return len(sys.argv) < 2 or case in sys.argv[1:]


async def measured(case: str, gateway: GatewayProcess, slack: SlackSandbox) -> None:
    gateway.start()
    try:
        await gateway.ready()
        if case == "ingest":
            await ingestion(gateway.folder, gateway)
        elif case == "active":
            await active_alerts(gateway.folder, gateway)
        elif case == "growing":
            await growing_incidents.growing(gateway, await gateway_pids(gateway), slack, alertmanager)
        else:
            await latency(gateway, slack)
        await gateway.stop()
    finally:
        gateway.kill()
        gateway.kill_store()


if __name__ == "__main__":
    asyncio.run(main())
