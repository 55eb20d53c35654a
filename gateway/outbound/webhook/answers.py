"""Judge a receiver's answer: taken, certainly not taken, and why; or nobody knows.

`docs/webhook-destinations.md` promises this table to whoever writes a receiver.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.proxies import PASSWORD_WANTED, refused_by_proxy
from gateway.outbound.wording import retry_after, with_retry_after

AUTH = frozenset({401, 403})
NOT_FOUND = frozenset({404, 405, 410})
LATER = frozenset({408, 425})
_PAGE = re.compile(rb"\s*<(!doctype html|html|head|body)\b", re.IGNORECASE)

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
        return Refused("rate_limited", retry_after=retry_after(said, 0, now))
    if status in LATER:
        # 408 (RFC 9110, section 15.5.9) and 425 (https://www.rfc-editor.org/rfc/rfc8470#section-5.2) ask for
        # a repeat.
        return Refused("unavailable", what, retry_after=retry_after(said, 0, now))
    if status == PASSWORD_WANTED:
        # "the client needs to authenticate itself in order to use a proxy", RFC 9110, section 15.5.8.
        return with_retry_after(refused_by_proxy(status), said, now)
    if status >= 500 or status < 200:
        # RFC 9110, section 15.6, does not say that nothing was done. A repeat has the same id, so it is
        # harmless.
        return Unanswered("server_error", what, retry_after(said, 0, now))
    if status < 400:
        # A redirect could lead a bearer token to somebody else, RFC 9110, section 15.4.
        detail = f"{what}: redirects are not followed, so name the address itself"
        return with_retry_after(Refused("redirected", detail, permanent=True), said, now)
    # "the client seems to have erred", RFC 9110, section 15.5: the same would be refused again. A receiver
    # has no form of its own, so a proxy's word cannot be told from the receiver's: both refuse everything.
    reason = "auth" if status in AUTH else "not_found" if status in NOT_FOUND else "invalid"
    return with_retry_after(Refused(reason, what, permanent=True), said, now)


def judge_taken(content_type: str, start: bytes) -> Trouble | None:
    """Judge what stands in a 2xx answer, by its start; None where the receiver has taken the body.

    A page is what a proxy or a login shows in the receiver's place. Frameworks call a plain "ok" HTML as
    well, so what it is called does not count alone.
    """
    text = start.removeprefix(b"\xef\xbb\xbf")
    if _PAGE.match(text) or ("html" in content_type.lower() and text.lstrip().startswith(b"<")):
        # Nobody knows how far it came: a repeat has the same id, so it is harmless.
        return Unanswered("strange_answer", "an HTML page in place of the receiver's answer")
    return None
