"""A real Alertmanager as a process of its own, without peers."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.support.patience import PATIENCE
from tests.support.servers import free_port, program


@dataclass
class Alertmanager:
    """One that is ready; `config` is its file, taken anew by `reload`."""

    url: str
    config: Path
    process: subprocess.Popen[bytes] | None = None

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def post(self, *alerts: dict[str, object]) -> None:
        """Raises where it refuses them."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{self.url}/api/v2/alerts", json=list(alerts))
            assert answer.status_code == 200, answer.text

    async def alerts(self) -> list[dict[str, object]]:
        """All that fire, with their status."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{self.url}/api/v2/alerts")
            assert answer.status_code == 200, answer.text
            return list(answer.json())

    async def silence(self, name: str, value: str) -> str:
        """For an hour. Returns its id."""
        now = datetime.now(UTC)
        wish = {
            "matchers": [{"name": name, "value": value, "isRegex": False}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "ann",
            "comment": "known",
        }
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{self.url}/api/v2/silences", json=wish)
            return str(answer.raise_for_status().json()["silenceID"])

    async def end_silence(self, silence: str) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            (await client.delete(f"{self.url}/api/v2/silence/{silence}")).raise_for_status()

    async def end_silences(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            silences = (await client.get(f"{self.url}/api/v2/silences")).json()
        for silence in silences:
            await self.end_silence(silence["id"])

    async def reload(self, config: str) -> None:
        self.config.write_text(config, "utf-8")
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{self.url}/-/reload")
            assert answer.status_code == 200, answer.text


@asynccontextmanager
async def alertmanager(
    folder: Path,
    config: str,
    environment: dict[str, str] | None = None,
    *,
    binary: str = "",
    options: Sequence[str] = (),
) -> AsyncIterator[Alertmanager]:
    """One with this configuration until the block ends, the distribution's unless a `binary` is named."""
    binary = binary or program("prometheus-alertmanager", "prometheus-alertmanager")
    one = Alertmanager(f"http://127.0.0.1:{(port := free_port())}", folder / "alertmanager.yml")
    one.config.write_text(config, "utf-8")
    arguments = [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
                 f"--config.file={one.config}", f"--storage.path={folder / 'alertmanager'}", *options]  # fmt: skip
    with (folder / "alertmanager.log").open("wb") as log:
        process = one.process = subprocess.Popen(
            [binary, *arguments], stdout=log, stderr=log, env=environment
        )
    try:
        await until(lambda: answers(f"{one.url}/-/ready"))
        yield one
    finally:
        process.kill()
        process.wait()


async def answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(url)).status_code == 200
    except httpx.HTTPError:
        return False


async def until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Asks until the answer is true, also of a coroutine."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        found = condition()
        if await found if asyncio.iscoroutine(found) else found:
            return
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.1)


def sent(labels: dict[str, str], *, started: datetime, ended: bool = False) -> dict[str, object]:
    """An alert as Prometheus posts it."""
    now = datetime.now(UTC)
    ends = now - timedelta(milliseconds=100) if ended else now + timedelta(minutes=4)
    return {"labels": labels, "annotations": {}, "startsAt": started.isoformat(), "endsAt": ends.isoformat()}
