"""Stores that freeze, and disks and stores that are full."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path

import httpx

from gateway.storage.connections import connect
from tests.chaos.figures import Figures, Goals
from tests.chaos.kind import Kind
from tests.chaos.stage import STORE, Stage
from tests.chaos.storms import UNROUTED, warnings

ALERTS = 32
BEFORE = 5.0  # seconds in which the store is well
FROZEN = 8.0  # seconds: longer than every time-out of the gateway
FULL = 15.0  # seconds
LIMIT = 24 << 20  # bytes
AT_ONCE = 1_000  # alerts a webhook


def embedded_store(stage: Stage) -> int:
    """The process of the embedded store."""
    return int((stage.gateways[0].folder / "data" / "store.pid").read_text())


async def running_store(stage: Stage) -> int:
    """The process of an embedded store that dies again and again: its file is empty while it is written."""
    while True:
        with suppress(ValueError, FileNotFoundError):
            return embedded_store(stage)
        await asyncio.sleep(0.01)


async def frozen(stage: Stage) -> Figures:
    await stage.start()
    firing = asyncio.create_task(stage.alerts(ALERTS))
    await asyncio.sleep(BEFORE)
    process = embedded_store(stage)
    with stage.away(STORE):
        os.kill(process, signal.SIGSTOP)
        try:
            await asyncio.sleep(FROZEN)
        finally:
            os.kill(process, signal.SIGCONT)
    await firing
    return await stage.over()


async def disk_full(stage: Stage) -> Figures:
    """No file of the gateway and its store can grow: a write fails as it does where the disk has no room."""
    await stage.start()
    firing = asyncio.create_task(stage.alerts(ALERTS))
    await asyncio.sleep(BEFORE)
    gateway = stage.gateways[0].process
    assert gateway is not None
    with stage.away(STORE):
        limited = (embedded_store(stage), gateway.pid)
        for process in limited:
            limit_files(process, largest(stage.folder))
        await asyncio.sleep(FULL)
        # A store that the gateway starts anew has the limit of the gateway.
        limit_files(gateway.pid, resource.RLIM_INFINITY)
        for process in {limited[0], await running_store(stage)}:
            limit_files(process, resource.RLIM_INFINITY)
        if gateway.poll() is not None:
            stage.gateways[0].start()
        await stage.gateways[0].ready(60)
    await firing
    return await stage.over()


def largest(folder: Path) -> int:
    """The size of the largest file of an append-only store, and a little more."""
    return max(file.stat().st_size for file in folder.rglob("*.aof")) + 4_096


def limit_files(process: int, size: int) -> None:
    """Let no file that this process writes grow above this size."""
    try:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    except ProcessLookupError:
        return  # it did not outlive its disk


async def store_full(stage: Stage) -> Figures:
    """A store of others' warnings that fire, up to its limit; what is critical comes out of the reserve."""
    url = stage.redis().url
    await stage.start(url=url, rules=UNROUTED)
    client = connect(url)
    await client.ask_each("CONFIG SET", "maxmemory", str(LIMIT))
    await fill(stage.gateways[0].url)
    await stage.alerts(ALERTS)
    await stage.all_told()
    figures = await stage.over(backlog=True)
    await client.aclose()
    return figures


async def fill(url: str) -> None:
    """Send warnings that nobody is told of, until no more are taken."""
    refused, first = 0, 0
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        while refused < 3:
            answer = await client.post(
                f"{url}/webhooks/alertmanager",
                content=warnings(first, AT_ONCE, "none"),
                headers={"content-type": "application/json"},
            )
            first += AT_ONCE
            refused += answer.status_code == 503
            assert first < 1_000_000, "it never fills up"


KINDS = [
    Kind("freeze-store", "the embedded store is frozen for 8 s", frozen),
    Kind("full-disk", "no file of the gateway or its embedded store can grow for 15 s", disk_full),
    Kind("full-store", "warnings of others fill the store up to its limit; nothing of them ends", store_full, Goals(page=5.0, webhook=5.0), short=True, alone=True),
]  # fmt: skip
