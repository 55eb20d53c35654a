"""redis-py's connections: they pack commands by hiredis, and can be handed over once they are open."""

from __future__ import annotations

import asyncio
from typing import Any

from hiredis import pack_command
from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection
from redis.exceptions import ConnectionError as BrokenConnection


def packed(command: tuple[Any, ...]) -> bytes:
    """Return a command as it is sent. redis-py packs in Python, which costs several times as much."""
    name = str(command[0])
    together: bytes = pack_command((*name.split(), *command[1:]) if " " in name else command)
    return together


class Opened(AbstractConnection):
    """A connection that redis-py opens: by TCP, TLS or a unix socket, with user, password, database and name."""

    def pack_command(self, *args: Any) -> list[bytes]:
        return [packed(args)]

    def hand_over(self, protocol: asyncio.Protocol) -> asyncio.WriteTransport:
        """Let `protocol` have what comes from now on, and return the transport. redis-py reads no more.

        Raises redis-py's error where the server has closed the connection meanwhile.
        """
        if self._reader is None or self._writer is None or self._reader.at_eof():
            self._close()  # type: ignore[no-untyped-call]
            raise BrokenConnection("the server has closed the connection")
        self._writer.transport.set_protocol(protocol)
        return self._writer.transport

    def let_go(self) -> None:
        """Forget the streams of a connection that was handed over; redis-py would warn that they are open."""
        self._reader = self._writer = None

    def error_of(self, reply: str) -> Exception:
        """Return redis-py's exception for an error that the server has answered."""
        error: Exception = self._parser.parse_error(reply)  # type: ignore[no-untyped-call]
        return error


class Tcp(Opened, Connection):
    pass


class Tls(Opened, SSLConnection):
    pass


class Unix(Opened, UnixDomainSocketConnection):
    pass


class NamedTcp(Opened, SentinelManagedConnection):
    pass


class NamedTls(Opened, SentinelManagedSSLConnection):
    pass
