"""Which hosts are this machine itself, and how a host is written."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

PLACE = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?")
"""A name or an address, one of IPv6 in brackets, and perhaps a port."""


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether only this machine can be reached there, by name or by address."""
    return host == "localhost" or (is_address(host) and ip_address(host).is_loopback)


def is_on_this_machine(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")
