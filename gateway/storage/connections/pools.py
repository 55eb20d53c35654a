"""Pools of connections to single servers, which never repeat a command by themselves."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import SSLConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.storage.connections.addresses import Address, bad
from gateway.storage.connections.redis_connections import NamedTcp, NamedTls, Tcp, Tls, Unix
from gateway.storage.connections.server import Server

SENTINEL_SHARE = 3  # a Sentinel has a third of the patience, because others wait to be asked


class Opener:
    """Make clients of single servers. `patience` is in seconds, for a connection and for an answer.

    Raises `BadSettings` where an option or a certificate cannot be used.
    """

    def __init__(self, address: Address, patience: float, connections: int) -> None:
        self._address = address
        self._connections = connections
        self._options = {**address.options, **_times(patience)}
        self._sentinel_patience = patience / SENTINEL_SHARE
        if address.tls:
            _try_certificates(address.options)

    def server(self, host: str, port: int) -> Server:
        """Return one server, on a unix socket where the address is one."""
        if self._address.path:
            where: dict[str, Any] = {"connection_class": Unix, "path": self._address.path}
        else:
            where = {"connection_class": Tls if self._address.tls else Tcp, "host": host, "port": port}
        pool = ConnectionPool(max_connections=self._connections, **where, **self._options)
        return Server(Redis.from_pool(pool))

    def named_by_sentinels(self) -> tuple[SentinelConnectionPool, list[Redis]]:
        """Return connections to the server that the Sentinels call primary, and clients of the Sentinels."""
        tls = {name: value for name, value in self._address.options.items() if name.startswith("ssl_")}
        asking = {
            **self._address.sentinel_options,
            **_times(self._sentinel_patience),
            **({"ssl": True, **tls} if self._address.tls else {}),
        }
        manager = Sentinel(self._address.hosts, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]
        pool = SentinelConnectionPool(  # type: ignore[no-untyped-call]
            self._address.primary,
            manager,
            connection_class=NamedTls if self._address.tls else NamedTcp,
            max_connections=self._connections,
            **self._options,
        )
        return pool, list(manager.sentinels)


def _times(patience: float) -> dict[str, Any]:
    """Return options by which nothing is tried twice. RESP2 is what the store reads."""
    return {
        "socket_timeout": patience,
        "socket_connect_timeout": patience,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }


def _try_certificates(options: Mapping[str, Any]) -> None:
    """Raise `BadSettings` at start for certificates that cannot be used; else every command would fail."""
    try:
        SSLConnection(**options).ssl_context.get()
    except (OSError, ssl.SSLError, RedisError, ValueError) as error:
        raise bad(f"TLS cannot be used as its options say ({type(error).__name__})") from error
