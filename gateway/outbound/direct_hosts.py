"""The hosts that are reached without the proxy, written as curl, Go and Prometheus take them in `NO_PROXY`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

_NAME = re.compile(r"(\*?\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_WITH_PORT = re.compile(r"(\[[^\[\]]+\]|[^:\[\]]+):([0-9]{1,5})")


class DirectHost(NamedTuple):
    """One entry: a name or a network, and a port where the entry is for that port alone.

    A name stands for itself and everything below it; with a leading dot, for what is below it alone.
    """

    name: str = ""
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    def matches(self, host: str, port: int | None) -> bool:
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            return _is_in(host, self.network)
        if self.name.startswith("."):
            return host.endswith(self.name)
        return self.name in ("*", host) or host.endswith(f".{self.name}")


@dataclass(frozen=True, slots=True)
class DirectHosts:
    """All entries of one list."""

    entries: tuple[DirectHost, ...] = ()

    def hold(self, url: str) -> bool:
        """Return whether the host of an address is one of them. A name is not resolved for that."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return False
        port = port or {"http": 80, "https": 443}.get(parts.scheme)
        return any(entry.matches(host, port) for entry in self.entries)


NO_HOSTS = DirectHosts()


def read_direct_hosts(text: str) -> tuple[DirectHosts, tuple[str, ...]]:
    """Read entries between commas. Return them, and the entries that are none."""
    written = [entry for entry in re.split(r"[\s,]+", text) if entry]
    read = [(entry, _read(entry.lower().rstrip("."))) for entry in written]
    return (
        DirectHosts(tuple(found for _, found in read if found is not None)),
        tuple(entry for entry, found in read if found is None),
    )


def _read(entry: str) -> DirectHost | None:
    if entry == "*":
        return DirectHost("*")
    network = _network(entry)
    if network is not None:
        return DirectHost(network=network)
    with_port = _WITH_PORT.fullmatch(entry)
    if with_port is not None:
        inner = _read(with_port[1])
        return inner._replace(port=int(with_port[2])) if inner is not None else None
    return DirectHost(entry.removeprefix("*")) if _NAME.fullmatch(entry) else None


def _network(text: str) -> IPv4Network | IPv6Network | None:
    """Read a network, or an address as the network that holds it alone."""
    try:
        return ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _is_in(host: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(host) in network
    except ValueError:
        return False  # a name, which may be anywhere
