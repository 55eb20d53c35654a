"""Say why a request of httpx was not answered: in words, or as the answer that it is to a delivery."""

from __future__ import annotations

import re

import httpx

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.connection_trouble import BROKE, not_connected
from gateway.outbound.proxies import refused_by_proxy

UNREADABLE = "its address cannot be read"
_STATUS = re.compile(r"\d{3}\b")  # httpx begins what it says of a proxy's refusal with the status


def no_answer(error: Exception) -> str:
    """Say why a request of httpx has no answer that counts, in the words that vendors' failures have."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return UNREADABLE
    if isinstance(error, httpx.ProxyError):
        return "the proxy lets nothing through"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return not_connected(error).detail
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "no answer in time"
    return BROKE if isinstance(error, httpx.TransportError) else "its answer cannot be read"


def judge_break(error: Exception, *, to_proxy: bool) -> Refused | Unanswered:
    """Judge a connection that could not be made, or that broke. `to_proxy`: it leads to a proxy first."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return Refused("unavailable", UNREADABLE)
    if isinstance(error, httpx.ProxyError) and (status := _STATUS.match(str(error))):
        # Not a byte of the body has left the proxy.
        return refused_by_proxy(int(status[0]))
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        # Not a byte of the body was sent. It is tried again, as the operator may renew a certificate.
        return not_connected(error, to_proxy=to_proxy)
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        # Whoever is there may have taken the body. A repeat bears the
        # same `webhook-id`, by which it can be dropped.
        return Unanswered("timeout")
    return Unanswered("cut", BROKE)
