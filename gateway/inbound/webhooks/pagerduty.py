"""Take what people do in PagerDuty, by its webhooks: `/webhooks/pagerduty`.

PagerDuty repeats what is answered by 429, by 5xx or not within five seconds, for two days. It drops what
is answered otherwise, and after three drops sends nothing for a day: so a webhook of its own is always
answered by 2xx, or by 503 while the store is away
(https://developer.pagerduty.com/docs/webhooks-overview#webhook-behavior).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.actions.pagerduty_desk import KINDS, Outcome, PagerDutyDesk
from gateway.errors import StateUnavailable
from gateway.inbound.refused import Door, RefusedRequests, Why
from gateway.inbound.signatures import signed_by_pagerduty
from gateway.inbound.strangers import show_token
from gateway.inbound.webhooks.responses import WebhookResponse
from gateway.outbound.pagerduty.webhook import read_webhook

log = structlog.get_logger("gateway.pagerduty")

PATH = "/webhooks/pagerduty"
MAX_BODY = 1 << 20  # bytes; PagerDuty sends none above 256 KB
ANSWER_SECONDS = 4.0
SECRET_REMEDY = "set PAGERDUTY_WEBHOOK_SECRET to the secret that PagerDuty showed when the webhook was made"  # noqa: S105
NO_SECRET = WebhookResponse(
    503,
    "no_secret",
    "PAGERDUTY_WEBHOOK_SECRET is not set: the gateway cannot know that PagerDuty sent this",
    remedy=SECRET_REMEDY,
)
NOT_PAGERDUTY = WebhookResponse(
    403,
    "unsigned",
    "this was not signed by PagerDuty with PAGERDUTY_WEBHOOK_SECRET",
    "x-pagerduty-signature",
    f"{SECRET_REMEDY}; other senders post to /webhooks/alertmanager",
)
TOO_LONG = WebhookResponse(
    413, "too_large", "the webhook is over the cap of 1 MiB", remedy="PagerDuty sends none above 256 KB"
)
STORE_SLOW = WebhookResponse(503, "store_slow", "the store does not answer", remedy="send it again")


@dataclass(frozen=True, slots=True)
class PagerDutyEndpoint:
    """`secrets` returns the secrets that are valid now; `count` counts each event by its kind and outcome."""

    desk: PagerDutyDesk
    secrets: Callable[[], Sequence[str]]
    refused: RefusedRequests
    count: Callable[[str, str], None]

    def routes(self) -> list[Route]:
        return [Route(PATH, self._webhook, methods=["POST"])]

    async def _webhook(self, request: Request) -> Response:
        secrets = self.secrets()
        # PagerDuty sends it again for two days: nothing is lost if somebody sets the secret meanwhile.
        if not secrets:
            return _refusal(NO_SECRET)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                return _refusal(TOO_LONG)
        signatures = request.headers.get("x-pagerduty-signature", "")
        if not signed_by_pagerduty(secrets, signatures, body):
            self.refused.refused(
                request, Door.PAGERDUTY, 403, Why.WRONG_TOKEN if signatures else Why.NO_TOKEN
            )
            return _refusal(NOT_PAGERDUTY)
        show_token(request.scope)
        return await self._hear(body)

    async def _hear(self, body: bytes) -> Response:
        try:
            found = json.loads(body)
            event = read_webhook(found if isinstance(found, dict) else {})
        except (ValueError, RecursionError) as error:
            # It is PagerDuty's, and an answer of 400 would count towards its switching us off.
            log.warning("pagerduty_webhook_not_understood", error=str(error)[:200])
            return PlainTextResponse("not understood\n", 202)
        if event is None:
            self.count("other", Outcome.FOREIGN)
            return PlainTextResponse("of no incident of ours\n")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                outcome = await self.desk.hear(event)
        except (TimeoutError, StateUnavailable) as error:
            # PagerDuty sends it again; until then what somebody did there is not known here.
            log.warning("pagerduty_webhook_delayed", kind=event.kind, error=str(error) or "it took too long")
            return _refusal(STORE_SLOW)
        self.count(event.kind if event.kind in KINDS else "other", outcome)
        log.info("pagerduty_heard", incident=event.incident, kind=event.kind, outcome=outcome.value)
        return PlainTextResponse(f"{outcome.value}\n")


def _refusal(response: WebhookResponse) -> Response:
    return JSONResponse(response.shown, response.status)
