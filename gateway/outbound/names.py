"""Names of hosts are looked up in threads that nobody waits for, and connections are made to what was found.

The system's look-up cannot be broken off. So each host has threads of its own, at most two: a name service
that hangs for one destination takes nothing from another, and keeps no process from its end.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import NamedTuple

from aiohappyeyeballs import start_connection

THREADS_PER_HOST = 2
SLOW_SECONDS = 2.0  # a look-up that takes longer may be lost: one more is begun beside it
LOOK_UP_SECONDS = 5.0
NEXT_ADDRESS_SECONDS = 0.25  # https://www.rfc-editor.org/rfc/rfc8305#section-5, the connection attempt delay

SocketAddress = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
Address = tuple[int, int, int, str, SocketAddress]  # as `socket.getaddrinfo` returns it
Resolve = Callable[[str], list[Address]]


def ask_system(host: str) -> list[Address]:
    """Ask the name service, for as long as the system does. Raises `OSError`."""
    return [*socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class _LookUp(NamedTuple):
    """One look-up under way, and since when."""

    found: Future[list[Address]]
    since: float


class Names:
    """The names of all hosts that are connected to. `resolve` runs in a thread and may hang."""

    def __init__(
        self, resolve: Resolve = ask_system, longest: float = LOOK_UP_SECONDS, slow: float = SLOW_SECONDS
    ) -> None:
        self._resolve = resolve
        self._longest = longest
        self._slow = slow
        self._lock = threading.Lock()
        self._under_way: dict[str, list[_LookUp]] = {}

    async def dial(self, host: str, port: int) -> socket.socket:
        """Return a connected socket that does not block. Raises `OSError`; the caller's deadline cancels it."""
        addresses = await self.look_up(host, port)
        line = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line

    async def look_up(self, host: str, port: int) -> list[Address]:
        """Return the addresses of a host. Raises `OSError`, `TimeoutError` among them."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except (socket.gaierror, UnicodeError):
            pass  # a name, and no address
        else:
            return [*found]
        waiting = [asyncio.wrap_future(look_up.found) for look_up in self._join(host)]
        try:
            async with asyncio.timeout(self._longest):
                done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for look_up in waiting:
                look_up.cancel()  # it is no longer listened to; the thread goes on
        # Of two that came at once the one that found something counts.
        best, *_ = sorted(done, key=lambda look_up: look_up.exception() is not None)
        return [_with_port(address, port) for address in best.result()]

    def _join(self, host: str) -> list[_LookUp]:
        """Return the look-ups of a host that are under way. Begin one if none is fresh and there is room."""
        with self._lock:
            under_way = self._under_way.setdefault(host, [])
            fresh = any(monotonic() - look_up.since < self._slow for look_up in under_way)
            if not fresh and len(under_way) < THREADS_PER_HOST:
                look_up = _LookUp(Future(), monotonic())
                # Whoever waits for it may give up, but not break it off for the others.
                look_up.found.set_running_or_notify_cancel()
                under_way.append(look_up)
                # A daemon, since the process must be able to end while the name service hangs.
                threading.Thread(target=self._run, args=(host, look_up), name="names", daemon=True).start()
            return [*under_way]

    def _run(self, host: str, look_up: _LookUp) -> None:
        try:
            found = self._resolve(host)
        except (OSError, UnicodeError) as error:
            self._finished(host, look_up)
            # A label that is too long for the name service is a name that nobody has.
            known = error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, str(error))
            look_up.found.set_exception(known)
        else:
            self._finished(host, look_up)
            look_up.found.set_result(found)

    def _finished(self, host: str, look_up: _LookUp) -> None:
        with self._lock:
            self._under_way[host].remove(look_up)
            if not self._under_way[host]:
                del self._under_way[host]


def _with_port(address: Address, port: int) -> Address:
    family, kind, protocol, name, place = address
    host, _, *more = place
    return family, kind, protocol, name, (host, port, *more)  # type: ignore[return-value]
