"""Connections to the store's servers: one server, the primary of Sentinels, or a cluster.

This is the only folder that imports redis-py. Nothing is repeated here: a command that was not answered may
have been done, and only its sender knows what that means.
"""

from __future__ import annotations

import gateway.storage.connections.redis_alone  # noqa: F401 - before all that imports redis
from gateway.storage.connections.addresses import Kind, parse, place_of
from gateway.storage.connections.client import Client, Heard, Script
from gateway.storage.connections.cluster import ClusterServers
from gateway.storage.connections.pools import Opener
from gateway.storage.connections.sentinels import NamedBySentinels
from gateway.storage.connections.servers import OneServer, Servers

__all__ = ["Client", "Kind", "Script", "connect", "place_of"]

PATIENCE_SECONDS = 3.0  # for a connection, and for an answer
MAX_CONNECTIONS = 256  # to one server at a time


def connect(
    url: str,
    *,
    copies: int = 0,
    patience: float = PATIENCE_SECONDS,
    connections: int = MAX_CONNECTIONS,
    heard: Heard = lambda _reason: None,
) -> Client:
    """Return a client of the servers at `url`. A commit counts when `copies` replicas have it.

    `heard` is told after each command why it was not answered, an empty text if it was.

    Raises `BadSettings`, whose text does not show the address: it may hold a password.
    """
    address = parse(url)
    opener = Opener(address, patience, connections)
    servers: Servers
    if address.kind is Kind.CLUSTER:
        servers = ClusterServers(address.hosts, opener.server)
    elif address.kind is Kind.SENTINEL:
        servers = NamedBySentinels(*opener.named_by_sentinels())
    else:
        servers = OneServer(opener.server(*address.hosts[0]))
    return Client(address.kind, servers, copies, heard)
