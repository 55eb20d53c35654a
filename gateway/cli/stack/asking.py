"""Users of the evaluation service: they ask it all the time, as an error rate needs requests."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import httpx

from gateway.runtime.background import background

USERS = 4
PAUSE_SECONDS = 0.2
PATIENCE_SECONDS = 30.0
TASK = {"task_type": "d_separation", "difficulty": "easy", "seed": 1}
ASKED = {"model_id": "bayes-ball", "organization": "demo"}


def ask_all_the_time(stack: AsyncExitStack, url: str) -> None:
    """Have `USERS` users ask the service at `url` until the stack ends; they bear that it fails or is away."""
    for _ in range(USERS):
        background(stack, partial(_ask, url))


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
