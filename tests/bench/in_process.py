"""A gateway in this process, of which a part can be exchanged between two runs; and what it talks to, outside."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import Message

from gateway.app import Gateway, running
from gateway.cli.serve import GC_THRESHOLDS
from gateway.config.environment import Environment
from gateway.model.lanes import Pace
from gateway.outbound.registry import PACES
from gateway.telemetry.logging import configure_logging
from tests.bench.load import cpu


@dataclass(frozen=True)
class InProcess:
    """Webhooks are handed to the ASGI application: a server of HTTP would make every share look smaller."""

    gateway: Gateway
    store: int  # the id of its process

    def cpu(self) -> float:
        """Return the seconds of CPU of this process and the store so far."""
        return time.process_time() + cpu([self.store])

    async def counted(self, what: str) -> int:
        return (await self.gateway.shards.counters()).get(what, 0)

    async def post(self, body: bytes) -> None:
        """Send a webhook; it must be answered 200."""
        scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": "/webhooks/alertmanager",
            "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
            "client": ("127.0.0.1", 1),
        }
        statuses: list[int] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            statuses.append(message.get("status", 0))

        await self.gateway.asgi_app(scope, receive, send)
        assert statuses[0] == 200, statuses


@asynccontextmanager
async def in_process(
    folder: Path, rules: str, settings: Mapping[str, str], paces: Mapping[str, Pace] = PACES
) -> AsyncIterator[InProcess]:
    """Run a gateway with these rules and settings, set up as `gateway serve` does it. It logs errors alone: a
    line for each webhook would make every share look smaller.
    """
    folder.mkdir()
    (folder / "rules.yaml").write_text(rules, "utf-8")
    places = {"GATEWAY_RULES": str(folder / "rules.yaml"), "GATEWAY_DATA_DIR": str(folder / "data")}
    environment = Environment({**places, **settings})
    with (folder / "log").open("w", encoding="utf-8") as log:
        configure_logging("json", "error", environment.secrets(), log)
        async with running(environment, paces) as gateway:
            gc.freeze()
            gc.set_threshold(*GC_THRESHOLDS)
            yield InProcess(gateway, int((folder / "data" / "store.pid").read_text()))


@asynccontextmanager
async def helper(module: str) -> AsyncIterator[bytes]:
    """Run a module as a process of its own, whose CPU is not ours, and yield the first line that it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield await process.stdout.readline()
    finally:
        process.terminate()
        await process.wait()
