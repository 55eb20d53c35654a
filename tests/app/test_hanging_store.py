"""A store that takes questions and answers none is known by /health when it is asked, not some seconds later."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from gateway.runtime import store
from tests.support.patience import PATIENCE
from tests.support.running_gateway import Running, Starter

ADMIN = {"authorization": "Bearer deep-and-secret"}


@contextmanager
def hanging(app: Running) -> Iterator[None]:
    process = int((app.folder / "data/store.pid").read_text())
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


@pytest.fixture
async def app(starter: Starter, monkeypatch: pytest.MonkeyPatch) -> Running:
    # Whatever else asks the store waits until the end of the test.
    monkeypatch.setattr(store, "connect", partial(store.connect, patience=10 * PATIENCE))
    starter.more = {"GATEWAY_ADMIN_TOKEN": "deep-and-secret"}
    return await starter.start()


@pytest.mark.parametrize("path", ["/health", "/health/deep"])
async def test_health_says_so_at_once_and_in_bounded_time(app: Running, path: str) -> None:
    await app.gateway.auditor.look()
    with hanging(app):
        async with asyncio.timeout(PATIENCE):
            answers = await asyncio.gather(*(app.ask(path, headers=ADMIN) for _ in range(20)))
    for answer in answers:
        health = answer.json()
        assert (answer.status_code, health["status"]) == (503, "unhealthy")
        assert health["checks"]["database"] is health["checks"]["redis"] is False
        assert health["worries"][0].startswith("the store does not answer")
