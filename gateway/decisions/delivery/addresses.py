"""Read an address as a label has it: `host:port`, in IPv6 with brackets."""

from __future__ import annotations

import re
from ipaddress import ip_address

_ADDRESS = re.compile(r"\[(?P<v6>[0-9A-Fa-f:.%]+)\]:\d{1,5}|(?P<host>[^\s:/\[\]]+):\d{1,5}")


def without_port(address: str) -> str:
    """Return the host of `host:port`; anything else, an address of the web too, stays as it is."""
    found = _ADDRESS.fullmatch(address)
    return (found["v6"] or found["host"]) if found else address


def is_numeric_with_port(address: str) -> bool:
    """Return whether this is a numeric address with a port."""
    host = without_port(address)
    try:
        return bool(ip_address(host)) and host != address
    except ValueError:
        return False
