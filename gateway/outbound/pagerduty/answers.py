"""Judge PagerDuty's answers: certainly not taken, and why; or nobody knows.

The codes: https://developer.pagerduty.com/docs/events-api-v2/overview/#response-codes--retry-logic
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import requests
from urllib3.exceptions import NewConnectionError

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.proxies import is_proxys_word, refused_by_proxy
from gateway.outbound.wording import retry_after, shorten

# "suggest 3 retries 30 s apart", say the vendor's support pages of rate limits.
RATE_LIMIT_WAIT = 30_000  # ms
PERMANENT = {400: "invalid", 413: "invalid", 401: "auth", 403: "auth", 404: "auth"}
_OWN_FORM = frozenset(
    {"status", "message", "errors", "error"}
)  # one of these is in every answer of the vendor's
_ROUTING_KEY = re.compile(r"routing[ _]key", re.IGNORECASE)
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")  # what Python says of a proxy's answer to CONNECT

Trouble = Refused | Unanswered


def judge_response(response: requests.Response, secret: str) -> Trouble:
    """Judge an answer whose text may repeat the routing key."""
    try:
        body = json.loads(response.text.replace(secret, "…"))
    except ValueError:
        body = None
    return judge(response.status_code, body, response.headers)


def judge(status: int, body: object, headers: Mapping[str, str]) -> Trouble:
    """Judge an answer other than 202, by the table of
    https://developer.pagerduty.com/docs/events-api-v2/overview/#response-codes--retry-logic
    """
    if status == 429:
        # "Too many API calls at a time", same table: the event is not lost, it comes again later.
        said = str(headers.get("Retry-After", ""))
        return Refused("rate_limited", retry_after=retry_after(said, RATE_LIMIT_WAIT))
    if is_proxys_word(status, vendors_own=isinstance(body, dict) and not _OWN_FORM.isdisjoint(body)):
        return refused_by_proxy(status)
    if status in PERMANENT:
        # 400: "Check that the JSON is valid", same table. An unknown routing key is such an answer too, and then
        # every event is refused: somebody has to look at the key, and the fallback is notified meanwhile.
        said = _errors(body)
        reason = "auth" if status == 400 and _ROUTING_KEY.search(said) else PERMANENT[status]
        return Refused(reason, said or f"HTTP {status}", permanent=True)
    if status >= 500 or status < 300:
        # "Internal Server Error … retry", same table. It does not say that the event was not processed; under
        # the same dedup_key a second one changes nothing:
        # https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
        return Unanswered("server_error", f"HTTP {status}")
    return Refused("refused", f"HTTP {status}")


def judge_break(error: BaseException, secret: str) -> Trouble:
    """Judge a connection that could not be made, or that broke."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.exceptions.ProxyError):
        # Not a byte of the event has left the proxy: nobody was paged.
        answered = _TUNNEL.search(str(error))
        return refused_by_proxy(int(answered[1])) if answered else Refused("unavailable", "no connection")
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError):
        # Not a byte of the event was sent: nobody was paged.
        return Refused("unavailable", "no connection")
    if isinstance(error, requests.Timeout):
        # PagerDuty may have processed the event; under the same dedup_key a repeat pages nobody twice.
        return Unanswered("timeout")
    return Unanswered("cut", shorten(str(error).replace(secret, "…"), 200))


def _errors(body: object) -> str:
    errors = body.get("errors") if isinstance(body, dict) else None
    return shorten("; ".join(str(error) for error in errors), 300) if isinstance(errors, list) else ""
