"""Say why a vendor was not reached, by the classes of the errors alone.

What an error says of itself may hold an address with its password, and is Python's language and not that of
the person on call.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from gateway.model.notification import Refused

NOT_TRUSTED = "its certificate is not trusted"
BROKE = "the connection broke"


def not_connected(error: BaseException, *, to_proxy: bool = False) -> Refused:
    """Judge a connection that could not be made: nothing was sent.

    `to_proxy` says that it was the one to the proxy.
    """
    for cause in causes(error):
        if isinstance(cause, ssl.SSLError):
            return tls_failed(cause)
    unknown = any(isinstance(cause, socket.gaierror) for cause in causes(error))
    if to_proxy:
        return Refused("proxy", "the proxy's name is not known" if unknown else "no connection to the proxy")
    return Refused("unavailable", "its name is not known" if unknown else "no connection")


def tls_failed(error: ssl.SSLError) -> Refused:
    untrusted = [cause for cause in causes(error) if isinstance(cause, ssl.SSLCertVerificationError)]
    if not untrusted:
        return Refused("tls", "the TLS handshake failed")
    # OpenSSL's own word, such as "certificate has expired". An error that a client has made of it lacks that.
    why = next((why for cause in untrusted if (why := getattr(cause, "verify_message", ""))), "")
    return Refused("tls", f"{NOT_TRUSTED}: {why}" if why else NOT_TRUSTED)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and everything that led to it, as Python and as urllib3 keep it."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
