"""A clock that can be stepped while a program runs: of a Redis here, or of any other process."""

from __future__ import annotations

import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers import free_port, program

SOURCE = Path(__file__).with_name("stepped_clock.c")
START_SECONDS = 60.0


class SteppedClock:
    """A process with this `environment` has a time of day of its own; its monotonic clock is the machine's."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "step"
        self.step(0)
        preloaded = folder / "stepped_clock.so"
        compiler = program("gcc", "gcc")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", str(preloaded), str(SOURCE)], check=True)
        self.environment = {"LD_PRELOAD": str(preloaded), "STEP_FILE": str(self._file)}

    def step(self, seconds: int) -> None:
        """Have it off by so many seconds from now on."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))


class SteppedRedis:
    """`url` leads to it."""

    def __init__(self, folder: Path) -> None:
        clock = SteppedClock(folder)
        self.step = clock.step
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}"
        options = ["--port", str(port), "--dir", str(folder), "--save", "", "--appendonly", "yes"]
        self._server = subprocess.Popen(
            [program("redis-server", "redis-server"), *options],
            env=clock.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        self._server.kill()
        self._server.wait()


@contextmanager
def stepped_redis(folder: Path) -> Iterator[SteppedRedis]:
    folder.mkdir()
    server = SteppedRedis(folder)
    try:
        port = server.url.rpartition(":")[2]
        deadline = time.monotonic() + START_SECONDS
        asked = [program("redis-cli", "redis-tools"), "-p", port, "PING"]
        while subprocess.run(asked, capture_output=True, check=False).stdout != b"PONG\n":
            assert time.monotonic() < deadline, "it does not start"
            time.sleep(0.05)
        yield server
    finally:
        server.stop()
