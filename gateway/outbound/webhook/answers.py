"""Judge a receiver's answer: taken, certainly not taken, and why; or nobody knows.

`docs/webhook-destinations.md` promises this table to whoever writes a receiver.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import httpx

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.proxies import PASSWORD_WANTED, refused_by_proxy
from gateway.outbound.wording import retry_after

RATE_LIMIT_WAIT = 5_000  # ms, where a 429 does not say
AUTH = frozenset({401, 403})
_STATUS = re.compile(r"\d{3}\b")  # httpx begins what it says of a proxy's refusal with the status
NOT_FOUND = frozenset({404, 405, 410})
LATER = frozenset({408, 425})

Trouble = Refused | Unanswered


def judge(status: int, headers: Mapping[str, str], now: int) -> Trouble | None:
    """Return None for 2xx. `now` in ms, for a `Retry-After` that is a date.

    The codes: https://www.rfc-editor.org/rfc/rfc9110#section-15
    """
    said = headers.get("retry-after", "")
    what = f"HTTP {status}"
    if 200 <= status < 300:
        return None
    if status == 429:
        # "has sent too many requests", https://www.rfc-editor.org/rfc/rfc6585#section-4
        return Refused("rate_limited", retry_after=retry_after(said, RATE_LIMIT_WAIT, now))
    if status in LATER:
        # 408 (RFC 9110, section 15.5.9) and 425 (https://www.rfc-editor.org/rfc/rfc8470#section-5.2) ask for
        # a repeat.
        return Refused("unavailable", what, retry_after=retry_after(said, 0, now))
    if status == PASSWORD_WANTED:
        # "the client needs to authenticate itself in order to use a proxy", RFC 9110, section 15.5.8.
        return refused_by_proxy(status)
    if status >= 500 or status < 200:
        # RFC 9110, section 15.6, does not say that nothing was done. A repeat has the same id, so it is
        # harmless.
        return Unanswered("server_error", what, retry_after(said, 0, now))
    if status < 400:
        # A redirect could lead a bearer token to somebody else, RFC 9110, section 15.4.
        detail = f"{what}: redirects are not followed, so name the address itself"
        return Refused("redirected", detail, permanent=True)
    # "the client seems to have erred", RFC 9110, section 15.5: the same would be refused again. A receiver has
    # no form of its own, so a proxy's word cannot be told from the receiver's: both refuse everything.
    reason = "auth" if status in AUTH else "not_found" if status in NOT_FOUND else "invalid"
    return Refused(reason, what, permanent=True)


def judge_break(error: Exception) -> Trouble:
    """Judge a connection that could not be made, or that broke.

    No text of httpx's is shown but about certificates, as it may name the address.
    """
    if isinstance(error, httpx.ConnectError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        # The handshake failed before anything was sent. It is tried
        # again, as the operator may renew the certificate.
        return Refused("unavailable", "its certificate is not trusted")
    if isinstance(error, httpx.ProxyError) and (status := _STATUS.match(str(error))):
        # Not a byte of the body has left the proxy.
        return refused_by_proxy(int(status[0]))
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        # Not a byte of the body was sent.
        return Refused("unavailable", "no connection")
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        # The receiver may have taken the body. A repeat bears the
        # same `webhook-id`, by which it can be dropped.
        return Unanswered("timeout")
    return Unanswered("cut", type(error).__name__)
