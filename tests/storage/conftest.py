"""Servers that the tests of this folder share: under Sentinels, in a cluster, or each alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.support.connected import patient
from tests.support.replicated import Cluster, SentinelGroup, Server, cluster, sentinel_group
from tests.support.stepped import MemoryServer, ScriptServer, World
from tests.support.timed_store import Timed, timed_store


@pytest.fixture(scope="session")
def group() -> Iterator[SentinelGroup]:
    with sentinel_group() as made:
        yield made


@pytest.fixture(scope="session")
def nodes() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers alone, each with the options given."""
    started: list[Server] = []

    def start(*options: str) -> Server:
        made = Server(tmp_path, *options)
        started.append(made)
        made.start()
        made.ready()
        return made

    yield start
    for made in started:
        made.kill()


@pytest.fixture(params=["memory", "valkey", "redis"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        yield World(MemoryServer())
        return
    client = patient(request.getfixturevalue(f"{request.param}_url"))
    await client.ask_each("FLUSHALL")
    yield World(ScriptServer(client))
    await client.aclose()


@pytest.fixture(params=["memory", "valkey", "redis"])
async def timed(request: pytest.FixtureRequest) -> AsyncIterator[Timed]:
    server = request.param != "memory"
    async with timed_store(request.getfixturevalue(f"{request.param}_url") if server else None) as made:
        yield made
