"""Say why a plain request, to a peer or to the heartbeat's service, was not answered."""

from __future__ import annotations

import httpx

from gateway.outbound.connection_trouble import BROKE, not_connected


def no_answer(error: Exception) -> str:
    """Say why a request of httpx has no answer that counts, in the words that vendors' failures have."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return "its address cannot be read"
    if isinstance(error, httpx.ProxyError):
        return "the proxy lets nothing through"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return not_connected(error).detail
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "no answer in time"
    return BROKE if isinstance(error, httpx.TransportError) else "its answer cannot be read"
