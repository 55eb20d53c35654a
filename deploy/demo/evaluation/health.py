"""Is the service well, and can it do what it is there for?"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import redis
from anyio import CapacityLimiter, to_thread

from evaluation import VERSION
from evaluation.answer_cache import AnswerCache
from evaluation.evaluate import postprocess_result, preprocess_input
from evaluation.models import MODELS
from evaluation.process import resident_bytes
from evaluation.results import DatabaseUnavailable, Results
from evaluation.tasks import Difficulty, Domain, TaskType, generate, right_answer

CHECK_SECONDS = 2.0
FREE_DISK_BYTES = 64 << 20
MEMORY_SHARE = 0.95
NEEDED = ("database", "disk_space", "memory")  # without one of these nothing can be evaluated
Check = bool | None  # None: there is nothing to check
Found = TypeVar("Found")


@dataclass(frozen=True)
class Health:
    """Looks at everything at once, each look bounded in time; `apis` are addresses that answer below 500."""

    results: Results
    answers: AnswerCache
    apis: Sequence[str]
    memory_total: int
    # Threads of their own: evaluations that hang must not make the looks hang as well.
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(8))

    async def shallow(self) -> dict[str, Any]:
        """The status, and what it is made of. `unhealthy` is answered 503."""
        looks: dict[str, Callable[[], Awaitable[Check]]] = {
            "database": lambda: self._in_thread(self.results.ping),
            "redis": lambda: self._in_thread(self._redis),
            "external_apis": self._external_apis,
            "disk_space": lambda: self._in_thread(self._disk_space),
            "memory": lambda: self._in_thread(self._memory),
        }
        found = await asyncio.gather(*(_bounded(look()) for look in looks.values()))
        checks = dict(zip(looks, found, strict=True))
        return {"status": _status(checks), "timestamp": _timestamp(), "version": VERSION, "checks": checks}

    async def deep(self) -> dict[str, Any]:
        """The same, what the service can do, tried, and how long that took."""
        began = time.perf_counter()
        shallow = await self.shallow()
        database_ms, database = await _timed(self._in_thread(self.results.ping))
        cache_ms, cache = await _timed(self._in_thread(self._redis))
        tries = {
            "can_evaluate": can_evaluate,
            "can_generate": can_generate,
            "can_analyze": self._can_analyze,
        }
        found = await asyncio.gather(*(_bounded(self._in_thread(attempt)) for attempt in tries.values()))
        detailed = dict(zip(tries, found, strict=True))
        able = all(found)
        return {
            **shallow,
            "status": shallow["status"] if able else "unhealthy",
            "detailed_checks": {**detailed, "models_available": sorted(MODELS)},
            "latency_ms": _ms(began),
            "database_latency_ms": database_ms if database else None,
            "cache_latency_ms": cache_ms if cache else None,
        }

    async def _in_thread(self, look: Callable[[], Found]) -> Found:
        return await to_thread.run_sync(look, abandon_on_cancel=True, limiter=self.threads)

    def _redis(self) -> Check:
        if self.answers.redis is None:
            return None
        try:
            return bool(self.answers.redis.ping())
        except redis.RedisError:
            return False

    async def _external_apis(self) -> Check:
        if not self.apis:
            return None
        async with httpx.AsyncClient(timeout=CHECK_SECONDS, trust_env=False) as client:
            return all(await asyncio.gather(*(_answers(client, url) for url in self.apis)))

    def _disk_space(self) -> Check:
        return shutil.disk_usage(self.results.path.parent).free >= FREE_DISK_BYTES

    def _memory(self) -> Check:
        return resident_bytes() < MEMORY_SHARE * self.memory_total

    def _can_analyze(self) -> bool:
        try:
            self.results.accuracies()
        except DatabaseUnavailable:
            return False
        return True


def can_generate() -> bool:
    """Return whether tasks of every kind are made, and can be asked."""
    return all(preprocess_input(task) is not None for task in _samples())


def can_evaluate() -> bool:
    """Return whether a model that is right by its nature is found to be right. Nothing of it is counted."""
    questions = [preprocess_input(task) for task in _samples()]
    model = MODELS["bayes-ball"]
    return all(postprocess_result(model.answer(asked), right_answer(asked)) == 1.0 for asked in questions)


def _samples() -> list[Any]:
    return [generate(task_type, Difficulty.EASY, Domain.OPERATIONS, 0) for task_type in TaskType]


async def _bounded(look: Awaitable[Check]) -> Check:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await look
    except TimeoutError:
        return False


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code < 500
    except httpx.HTTPError:
        return False


async def _timed(look: Awaitable[Check]) -> tuple[float, Check]:
    began = time.perf_counter()
    found = await _bounded(look)
    return _ms(began), found


def _ms(began: float) -> float:
    return round(1000 * (time.perf_counter() - began), 3)


def _status(checks: dict[str, Check]) -> str:
    if any(checks[name] is False for name in NEEDED):
        return "unhealthy"
    return "degraded" if False in checks.values() else "healthy"


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
