"""Fixtures that all tests share: the stores, and a whole gateway in this process."""

from __future__ import annotations

import gc
import importlib.metadata
import os
from collections.abc import AsyncIterator, Iterator
from functools import cache

import pytest
import structlog
from hypothesis import HealthCheck, settings

from gateway.storage.memory import MemoryStore
from gateway.storage.redis import RedisStore
from tests.support.connected import patient
from tests.support.replicated import cluster
from tests.support.running_gateway import app, starter
from tests.support.servers import redis_server

__all__ = ["app", "starter"]

# How long an example takes is the benchmark's business: a busy machine makes no test fail.
# CI tries the same examples in each run, so that it says something of the change alone; elsewhere new ones are tried.
settings.register_profile("no deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("the same each time", settings.get_profile("no deadline"), derandomize=True)
settings.load_profile("the same each time" if os.environ.get("CI") else "no deadline")


# redis-py reads the metadata of its own package for each connection: a tenth of what a gateway's start costs.
importlib.metadata.version = cache(importlib.metadata.version)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the longest come first, so that none of them runs alone at the end."""

    def minutes(item: pytest.Item) -> int:
        long = item.get_closest_marker("long")
        return 0 if long is None else long.kwargs.get("minutes", 0)

    items.sort(key=minutes, reverse=True)


def pytest_collection_finish() -> None:
    """All that was imported and collected stays: nobody needs to search it for garbage, which tests leave often."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def plain_tracebacks() -> None:
    """Log as structlog does by default, but without its drawing of all local values: that takes seconds."""
    structlog.reset_defaults()
    *before, _ = structlog.get_config()["processors"]
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*before, console])


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    with redis_server("valkey") as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server("redis") as url:
        yield url


@pytest.fixture(scope="session")
def cluster_url() -> Iterator[str]:
    with cluster(replicas=0) as nodes:
        yield nodes.url


class Clock:
    """Stands still unless moved; only the in-memory store obeys it."""

    def __init__(self) -> None:
        self.ms = 1_800_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture(params=["memory", "valkey", "redis", "cluster"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[MemoryStore | RedisStore]:
    """Each implementation of the store, empty."""
    if request.param == "memory":
        yield MemoryStore(Clock())
        return
    client = patient(request.getfixturevalue(f"{request.param}_url"))
    await client.ask_each("FLUSHALL")
    yield RedisStore(client)
    await client.aclose()
