"""The programs of others that the stack runs, each as a process of its own."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import click
import httpx

from gateway.cli.exit_codes import USAGE

START_SECONDS = 60.0
POLL_SECONDS = 0.1
LOG_SHOWN = 2_000  # characters of a log, of a program that did not start


class StackError(click.ClickException):
    """The stack cannot run; the text says why and what to do."""

    exit_code = USAGE


@dataclass(frozen=True, slots=True)
class Programs:
    """The paths of Prometheus and Alertmanager."""

    prometheus: str
    alertmanager: str


def installed() -> Programs:
    """Find Prometheus and Alertmanager, which Debian calls `prometheus-alertmanager`. Raises StackError."""
    prometheus = shutil.which("prometheus")
    alertmanager = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if prometheus and alertmanager:
        return Programs(prometheus, alertmanager)
    missing = [
        name
        for name, path in (("prometheus", prometheus), ("prometheus-alertmanager", alertmanager))
        if not path
    ]
    raise StackError(
        f"{' and '.join(missing)} not found: `apt-get install --no-install-recommends {' '.join(missing)}`,"
        " or `make demo ARGS=--stack` as root, which installs them"
    )


@dataclass(slots=True)
class Program:
    """A program that serves HTTP at `url`, works in the folder `works_in` and writes to the file `log`."""

    name: str
    command: tuple[str, ...]
    url: str
    ready_path: str
    works_in: Path
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises StackError where it ends, or takes too long."""
        self._spawn()
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        async with httpx.AsyncClient(trust_env=False, timeout=START_SECONDS) as client:
            while not await _answers(client, f"{self.url}{self.ready_path}"):
                if not self.running or asyncio.get_running_loop().time() > deadline:
                    raise StackError(f"{self.name} does not start:\n{self._end_of_log()}")
                await asyncio.sleep(POLL_SECONDS)

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.works_in
            )

    def kill(self) -> None:
        """End it as the kernel would, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _end_of_log(self) -> str:
        return self.log.read_text("utf-8", "replace")[-LOG_SHOWN:]


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
