"""The store stopped, frozen, full and failed over under webhooks: every answer is 200 or 503, and what was
taken is told once.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support.processes import GatewayProcess
from tests.support.replicated import Cluster, SentinelGroup, Server, cluster, sentinel_group, until
from tests.support.senders import Sender
from tests.support.storm import CHANNELS, Vendors, check, everybody_told, settled, told_in_slack

INCIDENTS = 48
APART = 0.2  # seconds between two webhooks: the trouble comes while they do
CALM = 2.0  # seconds before it
FROZEN = 8.0  # seconds: longer than every time-out of the gateway
KEY = "{gw:0}:alerts"

pytestmark = pytest.mark.long(minutes=1)


@pytest.fixture
async def vendors() -> AsyncIterator[Vendors]:
    async with SlackSandbox.start(channels=CHANNELS) as slack, PagerDutySandbox.start() as pagerduty:
        yield Vendors(slack, pagerduty)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    one = Server(tmp_path)
    one.start()
    try:
        one.ready()
        yield one
    finally:
        one.kill()


@pytest.fixture
def group() -> Iterator[SentinelGroup]:
    with sentinel_group() as made:
        yield made


@pytest.fixture
def nodes() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@asynccontextmanager
async def gateways(
    folder: Path, vendors: Vendors, url: str, wait: int = 0, number: int = 1
) -> AsyncIterator[list[GatewayProcess]]:
    more = {"GATEWAY_REDIS_WAIT": str(wait)}
    made = [
        GatewayProcess(folder / f"g{n}", vendors.slack, vendors.pagerduty, redis_url=url, more=more)
        for n in range(number)
    ]
    try:
        for one in made:
            one.start()
        for one in made:
            await one.ready()
        yield made
    finally:
        for one in made:
            one.kill()


async def comes_through(
    running: list[GatewayProcess], vendors: Vendors, trouble: Callable[[], Awaitable[None]]
) -> Sender:
    """Webhooks, trouble among them, their ends; then everything has been told once and the books balance."""
    sender = Sender([one.url for one in running])
    names = [f"s{number}" for number in range(INCIDENTS)]

    async def later() -> None:
        await asyncio.sleep(CALM)
        await trouble()

    await asyncio.gather(sender.fire_in_turn(names, APART), later())
    await everybody_told(vendors, INCIDENTS)
    await ended(running, vendors, sender, names)
    return sender


async def ended(running: list[GatewayProcess], vendors: Vendors, sender: Sender, names: list[str]) -> None:
    await sender.end(names)
    await settled(running, vendors)
    await check(running, vendors, len(names))
    assert set(sender.answers) <= {200, 503}, sender.answers


async def test_a_store_that_is_killed_and_started_again(
    vendors: Vendors, server: Server, tmp_path: Path
) -> None:
    async def trouble() -> None:
        for _ in range(2):
            server.kill()
            await asyncio.sleep(1.5)
            server.start()
            await asyncio.sleep(1.5)

    async with gateways(tmp_path, vendors, f"redis://{server.place}") as running:
        sender = await comes_through(running, vendors, trouble)
    assert sender.answers[503] > 0


async def test_a_store_that_is_frozen_for_longer_than_every_time_out(
    vendors: Vendors, server: Server, tmp_path: Path
) -> None:
    async def trouble() -> None:
        server.freeze()
        await asyncio.sleep(FROZEN)
        server.thaw()

    async with gateways(tmp_path, vendors, f"redis://{server.place}") as running:
        sender = await comes_through(running, vendors, trouble)
    assert sender.answers[503] > 0


async def test_a_store_that_is_full_takes_ends_and_what_is_critical_and_refuses_what_else_opens(
    vendors: Vendors, server: Server, tmp_path: Path
) -> None:
    async with gateways(tmp_path, vendors, f"redis://{server.place}") as running:
        sender, mild = Sender([running[0].url]), Sender([running[0].url], severity="warning")
        first, later = (
            [f"s{number}" for number in range(16)],
            [f"s{number}" for number in range(16, INCIDENTS - 1)],
        )
        await sender.fire_in_turn(first, 0.05)
        await everybody_told(vendors, len(first))
        server.ask("CONFIG", "SET", "maxmemory", "1mb")
        opening = asyncio.create_task(mild.fire_in_turn(later, 0.05))
        await asyncio.to_thread(until, lambda: mild.answers[503] > 5, "what opens is refused")
        assert not mild.taken
        critical = f"s{INCIDENTS - 1}"
        await sender.fire(critical)
        await sender.end(first[:8])
        assert sum("Resolved" in one.text for one in told_in_slack(vendors)) < len(first)
        await resolved(vendors, 8)
        await everybody_told(vendors, len(first) + 1)
        assert not mild.taken
        server.ask("CONFIG", "SET", "maxmemory", "0")
        await opening
        await everybody_told(vendors, INCIDENTS)
        await mild.end(later)
        await sender.end([*first, critical])
        await settled(running, vendors)
        await check(running, vendors, INCIDENTS)
        assert set(sender.answers) | set(mild.answers) == {200, 503}


async def resolved(vendors: Vendors, number: int) -> None:
    async with asyncio.timeout(30):
        while sum("Resolved" in one.text for one in told_in_slack(vendors)) < number:
            await asyncio.sleep(0.2)


async def test_a_primary_that_dies_under_its_sentinels(
    vendors: Vendors, group: SentinelGroup, tmp_path: Path
) -> None:
    async def trouble() -> None:
        former = group.primary
        former.kill()
        await asyncio.to_thread(group.failed_over, former)
        former.start()  # it comes back as a replica

    async with gateways(tmp_path, vendors, group.url, wait=1, number=2) as running:
        sender = await comes_through(running, vendors, trouble)
    assert sender.answers[503] > 0


async def test_a_primary_that_freezes_and_comes_back_after_its_failover(
    vendors: Vendors, group: SentinelGroup, tmp_path: Path
) -> None:
    """When it comes back it believes for a while that it is the primary; what it takes then would be
    forgotten.
    """

    async def trouble() -> None:
        former = group.primary
        former.freeze()
        await asyncio.to_thread(group.failed_over, former)
        former.thaw()

    async with gateways(tmp_path, vendors, group.url, wait=1, number=2) as running:
        sender = await comes_through(running, vendors, trouble)
    # Sentinel calls a primary down after a second: whoever sends meanwhile waits that long, or hears 503.
    assert max(sender.taken[name] - sender.tried[name] for name in sender.taken) > 1


def is_followed(primary: Server, replicas: int) -> bool:
    """Return whether so many replicas have said that they have all that the primary has."""
    told = primary.ask("INFO", "replication")
    offset = re.search(r"master_repl_offset:(\d+)", told)
    return offset is not None and told.count(f",offset={offset[1]},") == replicas


async def test_without_waiting_for_replicas_a_failover_forgets_what_no_replica_had(
    vendors: Vendors, group: SentinelGroup, tmp_path: Path
) -> None:
    """As docs/storage.md says: it comes back with Alertmanager's repeat, and what was told of it is told
    anew.
    """
    kept, forgotten = [f"s{number}" for number in range(8)], [f"s{number}" for number in range(8, 16)]
    async with gateways(tmp_path, vendors, group.url) as (gateway,):
        sender = Sender([gateway.url])
        await sender.fire_in_turn(kept, 0.05)
        await everybody_told(vendors, len(kept))
        former = group.primary
        heir, other = (one for one in group.servers if one is not former)
        await asyncio.to_thread(until, lambda: is_followed(former, 2), "they have what it has")
        # Were there two to choose from, two Sentinels might choose one each, one after the other, and the second
        # choice would forget the ends too.
        other.kill()
        heir.freeze()
        # A replica that was frozen for longer than ten seconds would not be chosen by the Sentinels any more.
        former.ask("CLIENT", "KILL", "TYPE", "replica")
        await asyncio.to_thread(
            until, lambda: "connected_slaves:0" in former.ask("INFO", "replication"), "it is alone"
        )
        await sender.fire_in_turn(forgotten, 0.05)
        await everybody_told(vendors, len(kept + forgotten))
        former.kill()
        heir.thaw()
        await asyncio.to_thread(group.failed_over, former)
        await gateway.ready()
        assert await known(gateway) == set(kept)
        await sender.fire_in_turn(forgotten, 0.05)
        assert await known(gateway) == {*kept, *forgotten}
        await everybody_told(vendors, len(kept + forgotten + forgotten))
        await sender.end(kept + forgotten)
        await resolved(vendors, len(kept + forgotten))
        # Their first pages, of which nobody knows any more
        await settled([gateway], vendors, left_open=len(forgotten))
        counted = await gateway.metrics()
        assert {value for name, value in counted.items() if name.startswith("gateway_identity_residue")} == {
            0.0
        }


async def known(gateway: GatewayProcess) -> set[str]:
    page = await gateway.get("/api/v1/alerts")
    return {one["labels"]["service"] for one in page["items"]}  # type: ignore[attr-defined]


async def test_a_clusters_primary_that_dies(vendors: Vendors, nodes: Cluster, tmp_path: Path) -> None:
    async def trouble() -> None:
        former = nodes.owner(KEY)
        heir = nodes.replica_of(former)
        former.kill()
        await asyncio.to_thread(until, lambda: heir.role == "master", "the replica takes over")
        former.start()

    async with gateways(tmp_path, vendors, nodes.url, wait=1, number=2) as running:
        sender = await comes_through(running, vendors, trouble)
    assert sender.answers[503] > 0
