"""Find out whether anybody answers at an address, for doctor: nothing is sent there but a GET of its first
page.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from gateway.outbound.http_client import HttpClient
from gateway.outbound.network import Network, Way
from gateway.outbound.proxies import PASSWORD_WANTED

# What a proxy answers to a plain request that it did not pass on, or that nobody took from it:
# https://www.rfc-editor.org/rfc/rfc9110#section-15.6.3
_PROXYS_FAILURES = frozenset({PASSWORD_WANTED, 502, 503, 504})


def origin_of(address: str) -> str:
    """Return an address without its password and its path, which may be secret. Raises `ValueError`."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


async def why_not_reached(network: Network, way: Way, seconds: float) -> Exception | None:
    """Return what kept us from an answer of the host; None where there was one, whatever it says."""
    try:
        origin = origin_of(way.address)
        client = HttpClient(network, proxy=way.proxy, connect=seconds)
        try:
            # Nothing happens at the first page, as it might where heartbeats or events are taken.
            answer = await client.ask("GET", f"{origin}/", seconds=seconds, largest=0)
        finally:
            await client.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        return error
    except (ValueError, OverflowError):
        return httpx.InvalidURL("no address")  # half an address of IPv6, or a port that cannot be
    if way.proxy and origin.startswith("http:") and answer.status in _PROXYS_FAILURES:
        return httpx.ProxyError(f"{answer.status}")
    return None
