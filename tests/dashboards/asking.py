"""Queries of the dashboards as Grafana asks them, and what is wrong with the answers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Window:
    """What Grafana puts in the place of its variables: a time range in Unix seconds, and durations."""

    start: float
    end: float
    step: int
    rate_interval: str

    def values(self, job: str) -> dict[str, str]:
        """Return the values of the variables by their names."""
        return {
            "__rate_interval": self.rate_interval,
            "__range": f"{round(self.end - self.start)}s",
            "__interval": f"{self.step}s",
            "job": job,
        }

    def written(self, query: str, job: str) -> str:
        values = self.values(job)
        return re.sub(r"\$(\w+)", lambda found: values[found[1]], query)


@dataclass(frozen=True)
class Answer:
    """`series` by their labels as JSON, with their values."""

    series: dict[str, list[float]]
    remarks: list[str]
    seconds: float

    @property
    def faults(self) -> list[str]:
        """Return what is wrong with it: no data, figures that are none, remarks of Prometheus."""
        found = list(self.remarks)
        if not any(self.series.values()):
            found.append("no data")
        strange = [labels for labels, values in self.series.items() if not all(map(math.isfinite, values))]
        return found + [f"not a number: {labels}" for labels in strange]


async def ask(client: httpx.AsyncClient, window: Window, query: str, job: str) -> Answer:
    """Ask for a range, as a panel does."""
    asked = {
        "query": window.written(query, job),
        "start": window.start,
        "end": window.end,
        "step": window.step,
    }
    answer = await client.post("/api/v1/query_range", data=asked)
    said: dict[str, Any] = answer.json()
    if answer.status_code != httpx.codes.OK:
        return Answer({}, [str(said.get("error"))], answer.elapsed.total_seconds())
    series = {
        json.dumps(found["metric"], sort_keys=True): [float(value) for _, value in found["values"]]
        for found in said["data"]["result"]
    }
    remarks = [*said.get("warnings", []), *said.get("infos", [])]
    return Answer(series, remarks, answer.elapsed.total_seconds())


async def ask_all(
    url: str, window: Window, queries: Sequence[tuple[str, str]], job: str
) -> dict[str, Answer]:
    """Ask all queries of a dashboard one after the other, and return the answers by where the queries stand."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        return {where: await ask(client, window, query, job) for where, query in queries}


def faults(answers: dict[str, Answer]) -> list[str]:
    return [f"{where}: {fault}" for where, answer in answers.items() for fault in answer.faults]
