"""Servers that the tests of this folder share: under Sentinels, in a cluster, or each alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.replicated import Cluster, SentinelGroup, Server, cluster, sentinel_group


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
