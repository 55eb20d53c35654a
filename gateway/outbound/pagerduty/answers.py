"""Judge PagerDuty's answers: certainly not taken, and why; or nobody knows.

The codes: https://developer.pagerduty.com/docs/events-api-v2/overview/#response-codes--retry-logic
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping

import requests
from urllib3.exceptions import NewConnectionError

from gateway.clock import utc_ms
from gateway.model.notification import Refused, Unanswered
from gateway.outbound.connection_trouble import BROKE, causes, not_connected, tls_failed
from gateway.outbound.proxies import is_proxys_word, refused_by_proxy
from gateway.outbound.wording import retry_after, shorten, with_retry_after

PERMANENT = {400: "invalid", 413: "invalid", 401: "auth", 403: "auth", 404: "auth"}
_OWN_FORM = frozenset(
    {"status", "message", "errors", "error"}
)  # one of these is in every answer of the vendor's
_ROUTING_KEY = re.compile(r"routing[ _]key", re.IGNORECASE)
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")  # what Python says of a proxy's answer to CONNECT
_NO_JSON = object()

Trouble = Refused | Unanswered


def judge_response(response: requests.Response, secret: str) -> Trouble | None:
    """Judge an answer whose text may repeat the routing key; None where the event was taken."""
    text = response.text.replace(secret, "…")
    return judge(response.status_code, text, response.headers, utc_ms())


def judge(status: int, text: str, headers: Mapping[str, str], now: int) -> Trouble | None:
    """Judge an answer by the table of
    https://developer.pagerduty.com/docs/events-api-v2/overview/#response-codes--retry-logic

    `now` in ms, for a `Retry-After` that is a date.
    """
    body = _read(text)
    said = str(headers.get("Retry-After", ""))
    if 200 <= status < 300:
        # "202: Accepted", same table. Relays that pass events on answer with less: nothing, or JSON of their
        # own. A page is what a proxy shows, and the event has gone nowhere.
        taken = not text.strip() or body is not _NO_JSON
        return None if taken else Unanswered("strange_answer", f"HTTP {status} with a page and no JSON")
    if status == 429:
        # "Too many API calls at a time", same table: the event is not lost, it comes again later.
        return Refused("rate_limited", retry_after=retry_after(said, 0, now))
    if status >= 500:
        # "Internal Server Error … retry", same table. It does not say that the event was not processed; under
        # the same dedup_key a second one changes nothing:
        # https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
        return Unanswered("server_error", f"HTTP {status}", retry_after(said, 0, now))
    own = isinstance(body, dict) and not _OWN_FORM.isdisjoint(body)
    if is_proxys_word(status, vendors_own=own):
        return with_retry_after(refused_by_proxy(status), said, now)
    if status in PERMANENT:
        # 400: "Check that the JSON is valid", same table. An unknown routing key is such an
        # answer too, and then every event is refused: somebody has to look at the key, and the
        # fallback is notified meanwhile.
        wrong = _errors(body)
        reason = "auth" if status == 400 and _ROUTING_KEY.search(wrong) else PERMANENT[status]
        return with_retry_after(Refused(reason, wrong or f"HTTP {status}", permanent=True), said, now)
    return Refused("refused", f"HTTP {status}")


def judge_break(error: BaseException) -> Trouble:
    """Judge a connection that could not be made, or that broke."""
    chain = list(causes(error))
    tunnel = next((found for cause in chain if (found := _TUNNEL.search(str(cause)))), None)
    if tunnel is not None:
        return refused_by_proxy(int(tunnel[1]))
    untrusted = next((cause for cause in chain if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if untrusted is not None:
        return tls_failed(untrusted)
    made = not any(isinstance(cause, NewConnectionError | requests.ConnectTimeout) for cause in chain)
    if not made:
        # Not a byte of the event was sent: nobody was paged.
        return not_connected(
            error, to_proxy=any(isinstance(cause, requests.exceptions.ProxyError) for cause in chain)
        )
    if isinstance(error, ValueError):
        # requests could make nothing of the address:
        # https://requests.readthedocs.io/en/latest/api/#exceptions
        return Refused("unavailable", "the address is none that can be reached")
    if isinstance(error, requests.Timeout):
        # PagerDuty may have processed the event; under the same dedup_key a repeat pages nobody twice.
        return Unanswered("timeout")
    return Unanswered("cut", BROKE)


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the latter for lists in lists in lists
        return _NO_JSON


def _errors(body: object) -> str:
    errors = body.get("errors") if isinstance(body, dict) else None
    return shorten("; ".join(str(error) for error in errors), 300) if isinstance(errors, list) else ""
