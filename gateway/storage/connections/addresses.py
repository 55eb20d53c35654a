"""What GATEWAY_REDIS_URL may say: five kinds of address, three of them with TLS or without."""

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
    *("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_password", "ssl_cert_reqs", "ssl_check_hostname"),
    *("ssl_min_version", "ssl_ciphers"),
)
SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
# Not among them: what would make the client repeat commands, or speak another protocol than the store reads.
OPTIONS = ("db", "username", "password", "client_name")
NUMBER_OF_TLS_VERSION = {"1.2": "771", "1.3": "772"}  # https://docs.python.org/3/library/ssl.html#ssl.TLSVersion


class Kind(StrEnum):
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
    """`hosts` are the server, the Sentinels or some nodes of the cluster. `path` is a unix socket's. `options` hold passwords."""

    kind: Kind
    tls: bool
    hosts: tuple[tuple[str, int], ...]
    path: str = ""
    primary: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sentinel_options: Mapping[str, Any] = field(default_factory=dict, repr=False)


def parse(url: str) -> Address:
    """Raises `BadSettings`, in which nothing of the address stands but names of options."""
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES:
        raise bad("no such kind of address")
    kind, tls = SCHEMES[scheme]
    place, _, query = rest.partition("?")
    options = _query(query, kind, tls=tls)
    for_sentinels = {name.removeprefix("sentinel_"): options.pop(name) for name in SENTINEL_OPTIONS if name in options}
    if scheme == "unix":
        user, at, path = ("", "", place) if place.startswith("/") else place.rpartition("@")
        return Address(kind, tls, (("", 0),), unquote(path), options=_read(f"unix://{user}{at}/s", options)[1])
    user, at, hosts = place.partition("/")[0].rpartition("@")
    segments = [unquote(part) for part in place.partition("/")[2].split("/")] if "/" in place else []
    primary = segments.pop(0) if kind is Kind.SENTINEL and segments else ""
    if kind is Kind.SENTINEL and not primary:
        raise bad("the name of the primary is missing, as its Sentinels know it")
    found = [_read(f"redis://{user}{at}{host}", options) for host in hosts.split(",")]
    if kind is Kind.SERVER and len(found) > 1:
        raise bad("several hosts need redis+sentinel:// or redis+cluster://")
    port = SENTINEL_PORT if kind is Kind.SENTINEL else SERVER_PORT
    places = tuple((host or "localhost", number or port) for (host, number), _ in found)
    return Address(kind, tls, places, "", primary, _database(found[0][1], segments, kind), for_sentinels)


def _query(query: str, kind: Kind, *, tls: bool) -> dict[str, str]:
    allowed = (*OPTIONS, *(TLS_OPTIONS if tls else ()), *(SENTINEL_OPTIONS if kind is Kind.SENTINEL else ()))
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name in TLS_OPTIONS and not tls:
            raise bad(f"`{name}` needs a scheme that starts with rediss")
        if name not in allowed:
            near = get_close_matches(name, allowed, 1)
            raise bad("it has an option that is not known here" + (f"; is `{near[0]}` meant?" if near else ""))
    version = options.get("ssl_min_version", "1.2")
    if version not in NUMBER_OF_TLS_VERSION:
        raise bad("`ssl_min_version` is 1.2 or 1.3")
    return options | ({"ssl_min_version": NUMBER_OF_TLS_VERSION[version]} if tls else {})


def _read(url: str, options: Mapping[str, str]) -> tuple[tuple[str, int], dict[str, Any]]:
    """One host by redis-py's own reader, which decodes and casts."""
    try:
        found: dict[str, Any] = {**parse_url(f"{url}?{urlencode(options)}")}
    except ValueError as error:
        raise bad("a host, a port or an option cannot be read") from error
    for name in ("connection_class", "path"):
        found.pop(name, None)
    return (found.pop("host", ""), found.pop("port", 0)), found


def _database(options: dict[str, Any], segments: list[str], kind: Kind) -> dict[str, Any]:
    if len(segments) > 1 or (segments and segments[0] and not segments[0].isdecimal()):
        raise bad("what follows the last `/` is the number of a database")
    number = int(segments[0]) if segments and segments[0] else options.get("db", 0)
    if kind is Kind.CLUSTER and number:
        raise bad("a cluster has database 0 alone")
    return {**options, "db": number}


def bad(what: str) -> BadSettings:
    return BadSettings(
        f"GATEWAY_REDIS_URL: {what}; write it like redis://host:6379/0, rediss://host:6379, unix:///path, "
        "redis+sentinel://host:26379,host:26379/primary or redis+cluster://host:6379,host:6379"
    )
