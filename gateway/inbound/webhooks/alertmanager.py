"""The endpoints of Alertmanager's webhook and of its event recorder.

A request is authenticated, capped, parsed, normalised and handed over, and is answered in Alertmanager's
retry language: it sends again after an answer of 5xx and gives up after every other one, 429, 408 and
redirects included (https://github.com/prometheus/alertmanager/blob/main/notify/webhook/webhook.go, its
Retrier has no codes). So 503 stands for trouble of our own and for a sender that is too slow or one of too
many; 401, 413 and 400 stand for what would never be taken.

The endpoint is raw ASGI: a request object would cost more than parsing a webhook does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from http import HTTPStatus
from typing import Protocol

import structlog
from starlette.types import Receive, Scope, Send

from gateway.decisions.intake.normalise import Normaliser
from gateway.errors import BadWebhook, StateUnavailable
from gateway.inbound.request_id import request_id
from gateway.inbound.webhooks.body import BodyBudget, Caps, Unread, header
from gateway.inbound.webhooks.responses import (
    COMPRESSED,
    FAULT,
    NO_TOKEN,
    NOT_A_WEBHOOK_REMEDY,
    NOT_POST,
    STORE_SLOW,
    UNREAD_RESPONSES,
    WebhookResponse,
    send_response,
)
from gateway.inbound.webhooks.source_auth import SourceAuth
from gateway.intake.parse_events import parse_events
from gateway.intake.parse_webhook import Parsed, parse
from gateway.model.quarantined import MAX_RAW, Quarantined

log = structlog.get_logger("gateway.inbound")


class Counter(Protocol):
    """The telemetry of webhooks: the status, reason and seconds of each answer. `reason` is one of few words."""

    def webhook(self, status: int, reason: str, alerts: int, truncated: int, seconds: float) -> None: ...


MAX_RECEIVER_LOGGED, MAX_FAULT_LOGGED, MAX_ERROR_LOGGED = 200, 300, 300  # characters
GROUP_HASH_BYTES = 4  # a group key holds labels of any length; its hash is enough to find lines of one group

READERS = {"/webhooks/alertmanager": parse, "/webhooks/alertmanager/events": parse_events}
Read = Callable[[bytes, Normaliser, int, str], Parsed]
Take = Callable[[Parsed], Awaitable[None]]


class AlertmanagerWebhook:
    """The ASGI application behind both paths.

    `take` makes the parsed alerts durable or raises `StateUnavailable`. `source_auth` belongs to the rules in
    force and is replaced with them. `now` is the machine's time in ms.
    """

    def __init__(
        self,
        take: Take,
        source_auth: SourceAuth,
        caps: Caps,
        counter: Counter,
        now: Callable[[], int],
    ) -> None:
        self.source_auth = source_auth
        self._hand_over = take
        self._counter = counter
        self._now = now
        self._budget = BodyBudget(caps)
        self._caps = caps
        self.busy = 0

    @property
    def bytes_in_flight(self) -> int:
        return self._budget.bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = self._now()
        self.busy += 1
        try:
            with _correlated(scope) as trace:
                try:
                    parsed, response = await self.receive(scope, receive, trace)
                # A fault of ours in one webhook is answered 500, so that Alertmanager sends its alerts again.
                except Exception:
                    log.exception("request_failed", path=scope["path"])
                    parsed, response = None, FAULT
                elapsed = (self._now() - started) / 1000
                truncated = parsed.truncated if parsed else 0
                self._counter.webhook(response.status, response.reason, response.alerts, truncated, elapsed)
                _log(response, parsed, elapsed)
                await send_response(send, response)
        finally:
            self.busy -= 1

    async def receive(
        self,
        scope: Scope,
        receive: Receive,
        trace: str,
    ) -> tuple[Parsed | None, WebhookResponse]:
        if scope["method"] != "POST":
            return None, NOT_POST
        normaliser = self.source_auth.admit(header(scope, b"authorization").decode("latin-1"))
        if normaliser is None:
            return None, NO_TOKEN
        encoding = header(scope, b"content-encoding")
        # Compressed bodies would get past the cap; Alertmanager sends none.
        if encoding not in (b"", b"identity"):
            return None, COMPRESSED
        body = await self._budget.read(scope, receive)
        if isinstance(body, Unread):
            return None, UNREAD_RESPONSES[body]
        try:
            return await self._take(READERS[scope["path"].rstrip("/")], normaliser, body, trace)
        finally:
            self._budget.land(len(body))

    async def _take(
        self,
        read: Read,
        normaliser: Normaliser,
        body: bytes,
        trace: str,
    ) -> tuple[Parsed | None, WebhookResponse]:
        source = normaliser.source.name
        try:
            parsed = read(body, normaliser, self._now(), trace)
            refusal = None
        except BadWebhook as error:  # the sender never sends it again, so its body is kept for people to read
            quarantined = Quarantined(
                source, error.field, error.message, body[:MAX_RAW], whole=True, event=read is parse_events
            )
            parsed = Parsed(source, [], [quarantined])
            refusal = WebhookResponse(400, "not_a_webhook", str(error), error.field, NOT_A_WEBHOOK_REMEDY)
        try:
            async with asyncio.timeout(self._caps.take_time):
                await self._hand_over(parsed)
        # Neither of these counts as taken: Alertmanager sends again until the alerts are safe in the store.
        except TimeoutError:
            return parsed, STORE_SLOW
        except StateUnavailable as error:
            return parsed, WebhookResponse(503, "store_away", str(error))
        taken = WebhookResponse(200, "taken", alerts=len(parsed.seen), quarantined=len(parsed.quarantined))
        return parsed, refusal or taken


@contextmanager
def _correlated(scope: Scope) -> Iterator[str]:
    """Bind one id to everything that is logged while this webhook is worked on, and yield that id."""
    trace = request_id(scope)
    with structlog.contextvars.bound_contextvars(correlation=trace):
        yield trace


def _log(response: WebhookResponse, parsed: Parsed | None, elapsed: float) -> None:
    """Write one line for a webhook: info when all of it was taken, else a warning with the first fault."""
    facts: dict[str, object] = {
        "status": response.status,
        "reason": response.reason,
        "alerts": response.alerts,
        "seconds": round(elapsed, 3),
    }
    if parsed is not None:
        group = blake2b(parsed.group.encode("utf-8", "replace"), digest_size=GROUP_HASH_BYTES).hexdigest()
        facts |= {"source": parsed.source, "receiver": parsed.receiver[:MAX_RECEIVER_LOGGED], "group": group}
        if parsed.truncated:
            facts["truncated"] = parsed.truncated
        if parsed.quarantined:
            facts["quarantined"] = len(parsed.quarantined)
            facts["first_fault"] = parsed.quarantined[0].fault[:MAX_FAULT_LOGGED]
    if response.error:
        facts["error"] = response.error[:MAX_ERROR_LOGGED]
    if response.status != HTTPStatus.OK:
        log.warning("webhook_refused", **facts)
    elif parsed is not None and parsed.quarantined:
        log.warning("webhook_received", **facts)
    else:
        log.info("webhook_received", **facts)
