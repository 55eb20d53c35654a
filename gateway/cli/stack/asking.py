"""Users of the evaluation service: they ask it all the time, as an error rate needs requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

USERS = 4
PAUSE_SECONDS = 0.2
PATIENCE_SECONDS = 30.0
TASK = {"task_type": "d_separation", "difficulty": "easy", "seed": 1}
ASKED = {"model_id": "bayes-ball", "organization": "demo"}


@asynccontextmanager
async def asked_all_the_time(url: str) -> AsyncIterator[None]:
    """Have `USERS` users ask the service at `url` until the block ends; they bear that it fails or is away."""
    asking = [asyncio.create_task(_ask(url)) for _ in range(USERS)]
    try:
        yield
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def _ask(url: str) -> None:
    task: object = None
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS) as client:
        while True:
            try:
                task = task or (await client.post("/generate", json=TASK)).json()
                await client.post("/evaluate", json=ASKED | {"task": task})
            except httpx.TransportError:
                pass  # it was killed by its switch, and comes back
            await asyncio.sleep(PAUSE_SECONDS)
