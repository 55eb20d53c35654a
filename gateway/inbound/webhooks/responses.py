"""The answers to a webhook, and how they are written in HTTP."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus

import msgspec
from starlette.types import Receive, Send

from gateway.errors import StateUnavailable
from gateway.inbound.webhooks.body import Unread
from gateway.model.turned_away import (
    AUTHORIZATION_REMEDY,
    MAX_ALERTS_REMEDY,
    PATH_REMEDY,
    WORDINGS,
    TurnedAwayReason,
)

_encode = msgspec.json.encode

OK = int(HTTPStatus.OK)  # to look up a member of an enumeration takes longer than what is done with it here


class WebhookResponse(msgspec.Struct, frozen=True):
    """The answer to one webhook. `reason` is a label of metrics, so its words are few."""

    status: int
    reason: str
    error: str = ""
    field: str = ""
    remedy: str = ""
    alerts: int = 0
    quarantined: int = 0
    left_out: int = 0  # alerts of the group that Alertmanager did not send

    @property
    def shown(self) -> dict[str, object]:
        """Return the body of the answer: what was taken, and what is wrong with the rest."""
        if self.status != OK:
            return {"error": self.error, "field": self.field, "remedy": self.remedy}
        taken: dict[str, object] = {"status": "ok", "alerts": self.alerts, "quarantined": self.quarantined}
        more = {
            "left_out": self.left_out,
            "error": self.error,
            "field": self.field,
            "remedy": self.remedy,
        }
        return taken | {name: said for name, said in more.items() if said}


# Alertmanager comes again after every 5xx (alertmanager.py); another sender may have to be told.
SEND_AGAIN = "send it again, as Alertmanager does by itself"
ASK_THE_STORE = f"{SEND_AGAIN}; `gateway doctor` says how the store is"
UNREAD_RESPONSES = {
    Unread.TOO_LARGE: WebhookResponse(
        413,
        "too_large",
        "the webhook is over the cap",
        remedy=MAX_ALERTS_REMEDY,
    ),
    Unread.TOO_SLOW: WebhookResponse(
        503, "too_slow", "the webhook did not arrive in time", remedy=SEND_AGAIN
    ),
    Unread.TOO_MANY: WebhookResponse(503, "too_many", "too many webhooks at once", remedy=SEND_AGAIN),
    Unread.GONE: WebhookResponse(503, "gone", "the sender hung up"),
}
NO_TOKEN = WebhookResponse(
    401,
    "unauthorized",
    "a valid token is needed",
    "authorization",
    AUTHORIZATION_REMEDY,
)
A_PAGE = WebhookResponse(
    401,
    "unauthorized",
    "a web page asks, and none is let in without a token",
    "origin",
    "set GATEWAY_WEBHOOK_TOKEN, and have the page show it",
)
FAULT = WebhookResponse(500, "fault", "a fault of the gateway: its log says more", remedy=SEND_AGAIN)
NOT_POST = WebhookResponse(405, "method", "webhooks come by POST", "method", PATH_REMEDY)
# Their sender has shown no token (yet), so that it may be anybody.
BEFORE_TOKEN = (NO_TOKEN, A_PAGE, NOT_POST)
COMPRESSED = WebhookResponse(
    400,
    "encoding",
    "the body is compressed",
    "content-encoding",
    WORDINGS[TurnedAwayReason.COMPRESSED].remedy,
)
# The alerts may have been kept all the same: sent again they are known as copies, and nobody is told twice.
STORE_SLOW = WebhookResponse(503, "store_slow", "the store is too slow", remedy=ASK_THE_STORE)


def store_away(error: StateUnavailable) -> WebhookResponse:
    return WebhookResponse(503, "store_away", str(error), remedy=ASK_THE_STORE)


NOT_A_WEBHOOK_REMEDY = "docs/webhooks.md says what is taken; the body is kept in quarantine"
# The rest of the body is not read after these, so the connection cannot carry another request.
CLOSING_REASONS = ("too_large", "too_slow", "too_many", "unauthorized", "method", "gone", "encoding", "fault")
MORE_HEADERS: dict[int, tuple[tuple[bytes, bytes], ...]] = {
    401: ((b"www-authenticate", b'Bearer realm="alert-gateway", Basic realm="alert-gateway"'),),
    405: ((b"allow", b"POST"),),
    # Alertmanager has its own waits and does not read this; other senders of webhooks do.
    503: ((b"retry-after", b"1"),),
}


# What is still on its way after an answer is read and thrown away for so long (seconds): a connection that
# is closed over bytes that nobody read is reset, and most senders lose the answer with it.
LINGER_SECONDS = 10.0
LINGER_BYTES = 256 << 20
LINGERING_REASONS = ("too_large", "too_many", "encoding")  # whoever has shown no token is not read at all


async def send_response(send: Send, response: WebhookResponse, receive: Receive) -> None:
    body = _encode(response.shown)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += MORE_HEADERS.get(response.status, ())
    # A kept connection would let the rest of a refused body be taken for the sender's next webhook.
    if response.reason in CLOSING_REASONS:
        headers.append((b"connection", b"close"))
    lingers = response.reason in LINGERING_REASONS
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": lingers})
    # The answer is whole for its reader; the connection is closed with the last part, which is empty.
    if lingers:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await _throw_away(receive)
        await send({"type": "http.response.body", "body": b""})


async def _throw_away(receive: Receive) -> None:
    """Read the rest of a body, up to a bound, without keeping it."""
    left = LINGER_BYTES
    while left > 0:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        left -= len(message.get("body", b""))
