"""The store's servers: one, the primary that Sentinels name, or the primaries of a cluster. The only room that knows redis-py.

Nothing is repeated here: a command that was not answered may have been done, and only its sender knows what that means.
"""

from __future__ import annotations

from gateway.storage.connections.addresses import Kind, parse
from gateway.storage.connections.client import Client, Script
from gateway.storage.connections.cluster import ClusterServers
from gateway.storage.connections.pools import Opener
from gateway.storage.connections.sentinels import NamedBySentinels
from gateway.storage.connections.servers import OneServer, Servers

__all__ = ["Client", "Kind", "Script", "connect"]

PATIENCE = 3.0  # seconds for a connection, and for an answer
CONNECTIONS = 256  # to one server at a time


def connect(url: str, *, copies: int = 0, patience: float = PATIENCE, connections: int = CONNECTIONS) -> Client:
    """A client of the servers at `url`. `copies`: how many replicas must have a commit before it counts.

    Raises `BadSettings`, which does not show the address: it may hold a password.
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
    return Client(address.kind, servers, copies)
