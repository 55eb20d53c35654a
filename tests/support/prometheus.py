"""A real Prometheus as a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.alertmanager import answers, until
from tests.support.servers import free_port


@dataclass(frozen=True)
class Prometheus:
    url: str

    async def ask(self, path: str, **parameters: str) -> Any:
        """Return `data` of an answer of its API; fails on what is no success."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{self.url}/api/v1/{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        assert not answer.json().get("warnings"), answer.text
        return answer.json()["data"]

    async def query(self, expression: str) -> dict[str, float]:
        """Return the values of an instant query by the series' labels, `{}` written as `""`."""
        found = (await self.ask("query", query=expression))["result"]
        return {
            ",".join(f"{name}={value}" for name, value in sorted(series["metric"].items())): float(
                series["value"][1]
            )
            for series in found
        }


@asynccontextmanager
async def prometheus(
    folder: Path, config: str, *, binary: str, options: Sequence[str] = ()
) -> AsyncIterator[Prometheus]:
    """One with this configuration, which lies in `folder`, until the block ends."""
    (folder / "prometheus.yml").write_text(config, "utf-8")
    address = f"127.0.0.1:{free_port()}"
    arguments = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
                 f"--web.listen-address={address}", *options]  # fmt: skip
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([binary, *arguments], stdout=log, stderr=log, cwd=folder)
    try:
        await until(lambda: answers(f"http://{address}/-/ready"), 60)
        yield Prometheus(f"http://{address}")
    finally:
        process.kill()
        process.wait()
