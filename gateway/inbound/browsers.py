"""Acts that a browser may not do here for a page that is not ours.

A web page anywhere can make the browser of somebody who reads it send requests to
this machine. Such a request names the page in `Origin`; where the page's own name
was made to lead here (DNS rebinding), its name stands in `Host`. No page can send
JSON to another site without asking that site first, which is never granted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request

from gateway.config.loopback import PLACE, is_address, is_loopback
from gateway.inbound.api.incident_models import Problem

_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<place>[^/?#\s]+)")
PORTS = {"http": "80", "https": "443"}
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """The names by which browsers may reach the API and the console.

    `hosts` are without ports, `places` with one where it was given. `every_address`: the gateway listens on
    all addresses of its machine, so that any address, which no page can have made up, may be one of them.
    """

    hosts: frozenset[str]
    places: frozenset[str]
    origin: str = ""
    every_address: bool = False

    @classmethod
    def of(cls, listen_host: str, public_url: str, allowed: Iterable[str] = ()) -> OwnAddresses:
        parts = urlsplit(public_url)
        allowed = tuple(name.lower() for name in allowed)
        named = (listen_host, parts.hostname or "", *(_host_of(name) for name in allowed))
        return cls(
            frozenset(filter(None, map(_plain, named))),
            frozenset(allowed),
            _origin_of(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"),
            listen_host in WILDCARDS,
        )

    def host_is_ours(self, shown: str) -> bool:
        host = _plain(_host_of(shown))
        return bool(host) and (
            host in self.hosts or is_loopback(host) or (self.every_address and is_address(host))
        )

    def origin_is_ours(self, origin: str, host: str) -> bool:
        """Return whether a page of this origin was served by the gateway that is asked as `host`."""
        found = _ORIGIN.fullmatch(origin.lower())
        if found is None:
            return False  # `null` too: a page in a sandbox, or a file
        ours = {_origin_of(f"{found['scheme']}://{place}") for place in (host.lower(), *self.places)}
        return _origin_of(origin.lower()) in {*ours, self.origin}


def refused_to_browsers(request: Request, own: OwnAddresses) -> tuple[int, Problem] | None:
    """Return the status and the problem of a request that a browser may
    not send for a page; None for any other.
    """
    hosts = request.headers.getlist("host")
    if len(hosts) != 1 or not own.host_is_ours(hosts[0]):
        remedy = "ask by an address of this machine, or list the name in GATEWAY_ALLOWED_HOSTS"
        return 403, Problem(error="this is no name of the gateway's", field="host", remedy=remedy)
    origins = request.headers.getlist("origin")
    if not all(own.origin_is_ours(origin, hosts[0]) for origin in origins):
        remedy = (
            "a page of another site may not ask; GATEWAY_PUBLIC_URL and GATEWAY_ALLOWED_HOSTS name our own"
        )
        return 403, Problem(error="a page of another site asks", field="origin", remedy=remedy)
    if (
        _has_body(request)
        and request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON
    ):
        remedy = f"content-type: {JSON}"
        return 415, Problem(error="the body is no JSON", field="content-type", remedy=remedy)
    return None


def _has_body(request: Request) -> bool:
    length = request.headers.get("content-length", "0").strip()
    return "transfer-encoding" in request.headers or length not in ("", "0")


def _host_of(place: str) -> str:
    found = PLACE.fullmatch(place.strip())
    return found["host"] if found else ""


def _plain(host: str) -> str:
    return host.lower().strip("[]").removesuffix(".")


def _origin_of(origin: str) -> str:
    """Return an origin with its port written out, an empty text for what is none."""
    found = _ORIGIN.fullmatch(origin)
    place = PLACE.fullmatch(found["place"]) if found else None
    if found is None or place is None:
        return ""
    return f"{found['scheme']}://{_plain(place['host'])}:{place['port'] or PORTS[found['scheme']]}"
