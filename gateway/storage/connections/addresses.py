"""Read GATEWAY_REDIS_URL: a server or a unix socket, the primary of Sentinels, or a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from redis.asyncio.connection import parse_url

from gateway.errors import BadSettings

SERVER_PORT, SENTINEL_PORT = 6379, 26379
TLS_OPTIONS = (
    *(
        "ssl_ca_certs",
        "ssl_ca_path",
        "ssl_certfile",
        "ssl_keyfile",
        "ssl_password",
        "ssl_cert_reqs",
        "ssl_check_hostname",
    ),
    *("ssl_min_version", "ssl_ciphers"),
)
SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
# Options that make the client repeat commands, or speak another protocol than the store reads, are left out
# on purpose.
OPTIONS = ("db", "username", "password", "client_name")
NUMBER_OF_TLS_VERSION = {
    "1.2": "771",
    "1.3": "772",
}  # https://docs.python.org/3/library/ssl.html#ssl.TLSVersion


class Kind(StrEnum):
    """How the servers of a store are found."""

    SERVER = "one server"
    SENTINEL = "a primary named by Sentinels"
    CLUSTER = "a cluster"


SCHEMES = {
    "redis": (Kind.SERVER, False),
    "rediss": (Kind.SERVER, True),
    "unix": (Kind.SERVER, False),
    "redis+sentinel": (Kind.SENTINEL, False),
    "rediss+sentinel": (Kind.SENTINEL, True),
    "redis+cluster": (Kind.CLUSTER, False),
    "rediss+cluster": (Kind.CLUSTER, True),
}


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a store.

    `hosts` are the server, the Sentinels or some nodes of the cluster; `path` is a unix socket's. The options
    hold passwords and are not printed.
    """

    kind: Kind
    tls: bool
    hosts: tuple[tuple[str, int], ...]
    path: str = ""
    primary: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sentinel_options: Mapping[str, Any] = field(default_factory=dict, repr=False)


def parse(url: str) -> Address:
    """Read an address.

    Raises `BadSettings`, whose text shows nothing of the address but the names of known options.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES:
        raise bad("no such kind of address")
    kind, tls = SCHEMES[scheme]
    place, _, query = rest.partition("?")
    options = _query(query, kind, tls=tls)
    if scheme == "unix":
        return _unix(place, options)
    for_sentinels = [name for name in SENTINEL_OPTIONS if name in options]
    sentinel_options = {name.removeprefix("sentinel_"): options.pop(name) for name in for_sentinels}
    user, at, hosts = place.partition("/")[0].rpartition("@")
    segments = [unquote(part) for part in place.partition("/")[2].split("/")] if "/" in place else []
    primary = segments.pop(0) if kind is Kind.SENTINEL and segments else ""
    if kind is Kind.SENTINEL and not primary:
        raise bad("the name of the primary is missing, as its Sentinels know it")
    found = [_read(f"redis://{user}{at}{host}", options) for host in hosts.split(",")]
    if kind is Kind.SERVER and len(found) > 1:
        raise bad("several hosts need redis+sentinel:// or redis+cluster://")
    default_port = SENTINEL_PORT if kind is Kind.SENTINEL else SERVER_PORT
    places = tuple((host or "localhost", port or default_port) for (host, port), _ in found)
    return Address(kind, tls, places, "", primary, _database(found[0][1], segments, kind), sentinel_options)


def place_of(url: str) -> str:
    """Return where the store is, for people: hosts or a path, and no password. Raises `BadSettings`."""
    address = parse(url)
    hosts = ", ".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in address.hosts)
    return address.path or (f"{hosts} ({address.primary})" if address.primary else hosts)


def _unix(place: str, options: Mapping[str, str]) -> Address:
    """Read `[user:password@]/path`. A path that begins with a slash may itself have an @ in it."""
    user, at, path = ("", "", place) if place.startswith("/") else place.rpartition("@")
    read_options = _read(f"unix://{user}{at}/s", options)[1]
    return Address(Kind.SERVER, False, (("", 0),), unquote(path), options=read_options)


def _query(query: str, kind: Kind, *, tls: bool) -> dict[str, str]:
    """Read the options behind the `?`; each must be known for this kind of address."""
    allowed = (*OPTIONS, *(TLS_OPTIONS if tls else ()), *(SENTINEL_OPTIONS if kind is Kind.SENTINEL else ()))
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name in TLS_OPTIONS and not tls:
            raise bad(f"`{name}` needs a scheme that starts with rediss")
        if name not in allowed:
            near = get_close_matches(name, allowed, 1)
            hint = f"; is `{near[0]}` meant?" if near else ""
            raise bad(f"it has an option that is not known here{hint}")
    version = options.get("ssl_min_version", "1.2")
    if version not in NUMBER_OF_TLS_VERSION:
        raise bad("`ssl_min_version` is 1.2 or 1.3")
    return options | ({"ssl_min_version": NUMBER_OF_TLS_VERSION[version]} if tls else {})


def _read(url: str, options: Mapping[str, str]) -> tuple[tuple[str, int], dict[str, Any]]:
    """Read the host, the port and the options of a server by redis-py's reader, which decodes and casts."""
    try:
        found: dict[str, Any] = {**parse_url(f"{url}?{urlencode(options)}")}
    except ValueError as error:
        raise bad("a host, a port or an option cannot be read") from error
    for name in ("connection_class", "path"):
        found.pop(name, None)
    return (found.pop("host", ""), found.pop("port", 0)), found


def _database(options: dict[str, Any], segments: list[str], kind: Kind) -> dict[str, Any]:
    """Add the number of the database, which stands behind the hosts or in the option `db`."""
    if len(segments) > 1 or (segments and segments[0] and not segments[0].isdecimal()):
        raise bad("what follows the last `/` is the number of a database")
    number = int(segments[0]) if segments and segments[0] else options.get("db", 0)
    if kind is Kind.CLUSTER and number:
        raise bad("a cluster has database 0 alone")
    return {**options, "db": number}


def bad(what: str) -> BadSettings:
    """Return the error that says what is wrong with the address, and what is understood."""
    return BadSettings(
        f"GATEWAY_REDIS_URL: {what}; write it like redis://host:6379/0, rediss://host:6379, unix:///path, "
        "redis+sentinel://host:26379,host:26379/primary or redis+cluster://host:6379,host:6379"
    )
