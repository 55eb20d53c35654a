"""The answers to a webhook, and how they are written in HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from starlette.types import Send

from gateway.inbound.webhooks.body import Unread

_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """The answer to one webhook. `reason` is a label of metrics, so its words are few."""

    status: int
    reason: str
    error: str = ""
    field: str = ""
    remedy: str = ""
    alerts: int = 0
    quarantined: int = 0


UNREAD_RESPONSES = {
    Unread.TOO_LARGE: WebhookResponse(
        413,
        "too_large",
        "the webhook is over the cap",
        remedy="set max_alerts on the receiver, or raise GATEWAY_MAX_BODY",
    ),
    Unread.TOO_SLOW: WebhookResponse(503, "too_slow", "the webhook did not arrive in time"),
    Unread.TOO_MANY: WebhookResponse(503, "too_many", "too many webhooks at once"),
    Unread.GONE: WebhookResponse(503, "gone", "the sender hung up"),
}
NO_TOKEN = WebhookResponse(
    401,
    "unauthorized",
    "a valid token is needed",
    "authorization",
    "authorization: {credentials: …} in http_config: GATEWAY_WEBHOOK_TOKEN, or the token of its source",
)
FAULT = WebhookResponse(500, "fault", "a fault of the gateway: its log says more")
NOT_POST = WebhookResponse(405, "method", "webhooks come by POST")
COMPRESSED = WebhookResponse(
    400,
    "encoding",
    "the body is compressed",
    "content-encoding",
    "send it as it is",
)
# The alerts may have been kept all the same: sent again they are known as copies, and nobody is told twice.
STORE_SLOW = WebhookResponse(503, "store_slow", "the store is too slow")
NOT_A_WEBHOOK_REMEDY = "docs/webhooks.md says what is taken; the body is kept in quarantine"
# The rest of the body is not read after these, so the connection cannot carry another request.
CLOSING_REASONS = ("too_large", "too_slow", "too_many", "unauthorized", "gone", "encoding", "fault")
MORE_HEADERS: dict[int, tuple[tuple[bytes, bytes], ...]] = {
    401: ((b"www-authenticate", b'Bearer realm="alert-gateway", Basic realm="alert-gateway"'),),
    405: ((b"allow", b"POST"),),
    # Alertmanager has its own waits and does not read this; other senders of webhooks do.
    503: ((b"retry-after", b"1"),),
}


async def send_response(send: Send, response: WebhookResponse) -> None:
    shown: dict[str, object] = {
        "status": "ok",
        "alerts": response.alerts,
        "quarantined": response.quarantined,
    }
    if response.status != HTTPStatus.OK:
        shown = {"error": response.error, "field": response.field, "remedy": response.remedy}
    body = _encode(shown)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += MORE_HEADERS.get(response.status, ())
    # A kept connection would let the rest of a refused body be taken for the sender's next webhook.
    if response.reason in CLOSING_REASONS:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
