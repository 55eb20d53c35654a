"""Three replicas, shards over a real Cluster, and the next version taking over one replica after the other,
there and back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.model.changes import Table
from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.storage.connections import connect
from gateway.storage.layout import read_layout, stores_of
from tests.support.processes import RULES, GatewayProcess
from tests.support.replicated import Cluster, cluster
from tests.support.senders import Sender
from tests.support.storm import CHANNELS, Vendors, check, everybody_told, settled
from tests.support.versions import next_version

INCIDENTS = 96
APART = 0.15  # seconds between two webhooks
SHARDS = 6
PARTED = f"partition_by: [team]\n{RULES}"

pytestmark = pytest.mark.long(minutes=1)


@pytest.fixture
async def vendors() -> AsyncIterator[Vendors]:
    async with SlackSandbox.start(channels=CHANNELS) as slack, PagerDutySandbox.start() as pagerduty:
        yield Vendors(slack, pagerduty)


@pytest.fixture
def nodes() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


async def test_two_versions_work_side_by_side_while_one_takes_over_from_the_other(
    vendors: Vendors, nodes: Cluster, tmp_path: Path
) -> None:
    newer, older = (
        next_version(tmp_path / "next"),
        GatewayProcess(tmp_path, vendors.slack, vendors.pagerduty).code,
    )
    more = {"GATEWAY_SLOTS": str(SHARDS), "GATEWAY_REDIS_WAIT": "1"}
    replicas = [
        GatewayProcess(tmp_path / f"g{n}", vendors.slack, vendors.pagerduty, nodes.url, PARTED, more)
        for n in range(3)
    ]
    sender = Sender([one.url for one in replicas])
    names = [f"s{number}" for number in range(INCIDENTS)]
    try:
        for one in replicas:
            one.start()
            await one.ready()
        async with asyncio.TaskGroup() as group:
            group.create_task(sender.fire_in_turn(names, APART))
            await roll(replicas, newer)
        await everybody_told(vendors, INCIDENTS)
        assert len([size for size in await sizes(nodes) if size]) > 2, "the partitions live in several shards"
        async with asyncio.TaskGroup() as group:
            group.create_task(sender.end(names[: INCIDENTS // 2]))
            await roll(replicas, older)
        await sender.end(names[INCIDENTS // 2 :])
        await settled(replicas, vendors)
        await check(replicas, vendors, INCIDENTS)
        assert not any("subject_failed" in one.log() for one in replicas)
    finally:
        for one in replicas:
            one.kill()
    assert set(sender.answers) <= {0, 200, 503}, sender.answers


async def roll(replicas: list[GatewayProcess], code: Path) -> None:
    """One after the other, as an orchestrator does it."""
    for one in replicas:
        await asyncio.sleep(2)
        assert await one.stop() == 0
        one.code = code
        one.start()
        await one.ready()
    failed = [line for one in replicas for line in one.log().splitlines() if "subject_failed" in line]
    assert not failed, failed[0]


async def sizes(nodes: Cluster) -> list[int]:
    """Incidents by shard."""
    client = connect(nodes.url)
    layout = await read_layout(client)
    assert layout is not None
    found = [await store.size(Table.INCIDENTS) for store in stores_of(client, layout)]
    await client.aclose()
    return found
