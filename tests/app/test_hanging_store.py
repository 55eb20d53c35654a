"""A store that takes questions and answers none is known by /health when it is asked, not some seconds later."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from gateway.inbound.asked_store import STORE_SECONDS
from tests.support.running_gateway import Running, Starter

ADMIN = {"authorization": "Bearer deep-and-secret"}
SLACK_SECONDS = 3.0  # what a busy machine may take on top


@contextmanager
def hanging(app: Running) -> Iterator[None]:
    process = int((app.folder / "data/store.pid").read_text())
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


@pytest.fixture
async def app(starter: Starter) -> Running:
    starter.more = {"GATEWAY_ADMIN_TOKEN": "deep-and-secret"}
    return await starter.start()


@pytest.mark.parametrize("path", ["/health", "/health/deep"])
async def test_health_says_so_at_once_and_in_bounded_time(app: Running, path: str) -> None:
    await app.gateway.auditor.look()
    with hanging(app):
        began = monotonic()
        answers = await asyncio.gather(*(app.ask(path, headers=ADMIN) for _ in range(20)))
        took = monotonic() - began
    for answer in answers:
        health = answer.json()
        assert (answer.status_code, health["status"]) == (503, "unhealthy")
        assert health["checks"]["database"] is health["checks"]["redis"] is False
        assert health["worries"][0].startswith("the store does not answer")
    assert took < STORE_SECONDS + SLACK_SECONDS
