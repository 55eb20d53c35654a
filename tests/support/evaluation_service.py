"""The causal-evaluation service: in this process, or as one of its own that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from evaluation.answer_cache import AnswerCache
from evaluation.app import Endpoints
from evaluation.evaluate import Evaluator
from evaluation.health import Health
from evaluation.metrics import Metrics
from evaluation.observers import observers_of
from evaluation.results import Results
from evaluation.switches import Switches
from tests.support.alertmanager import answers, until
from tests.support.servers import free_port
from tests.support.stack import ROOT

DEMO = ROOT / "deploy/demo"
MEMORY = 1 << 40
TASK: dict[str, Any] = {
    "task_id": "t1",
    "task_type": "d_separation",
    "domain": "operations",
    "nodes": ["release", "errors", "retries"],
    "edges": [["release", "errors"], ["errors", "retries"]],
    "cause": "release",
    "effect": "retries",
    "given": ["errors"],
}
ASKED = {"model_id": "bayes-ball", "organization": "acme", "task": TASK}


@dataclass
class Service:
    """One that is ready: `results` in this process, `process` as one of its own."""

    client: httpx.AsyncClient
    results: Results | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return str(self.client.base_url).rstrip("/")

    async def evaluate(self, **changes: Any) -> httpx.Response:
        return await self.client.post("/evaluate", json={**ASKED, **changes})

    async def switch(self, **wanted: Any) -> None:
        (await self.client.post("/switches", json=wanted)).raise_for_status()

    async def die(self) -> None:
        """Have it kill itself; whether it still answers that is chance."""

        async def is_dead() -> bool:
            with suppress(httpx.HTTPError):
                await self.switch(death=True)
            return self.process is not None and self.process.poll() is not None

        await until(is_dead)

    async def metrics(self) -> dict[str, float]:
        text = (await self.client.get("/metrics")).text
        pairs = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in pairs}


@asynccontextmanager
async def service(
    folder: Path,
    *,
    redis_url: str = "",
    apis: Sequence[str] = (),
    memory: int = MEMORY,
    pool: int = 8,
    patience: float = 0.05,
    switches: bool = True,
    variables: Mapping[str, str] | None = None,
) -> AsyncIterator[Service]:
    """One in this process; `variables` ask for what watches it."""
    observers = observers_of(variables or {})
    results = Results(folder / "evaluations.sqlite3", pool=pool, patience=patience)
    cache, broken = AnswerCache(redis_url), Switches()
    metrics = Metrics(memory_total=memory, held=lambda: broken.held_bytes, connections=lambda: results.in_use)
    endpoints = Endpoints(
        evaluator=Evaluator(results, cache, broken, metrics, observers),
        health=Health(results, cache, apis, memory),
        metrics=metrics,
        results=results,
        switches=broken if switches else None,
    )
    transport = httpx.ASGITransport(endpoints.app(), raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://evaluation") as client:
            yield Service(client, results)
    finally:
        await observers.close()
        results.close()


@asynccontextmanager
async def service_process(
    folder: Path, port: int = 0, *options: str, **variables: str
) -> AsyncIterator[Service]:
    """One as a process of its own, with its log in `evaluation.log`."""
    url = f"http://127.0.0.1:{port or (port := free_port())}"
    arguments = ["--port", str(port), "--database", str(folder / "evaluations.sqlite3"), "--with-switches"]
    with (folder / "evaluation.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "evaluation", *arguments, *options],
            stdout=log,
            stderr=log,
            cwd=DEMO,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables},
        )
    try:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
            await until(lambda: answers(f"{url}/health"), 60)
            yield Service(client, process=process)
    finally:
        process.kill()
        process.wait()
