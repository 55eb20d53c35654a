"""Alertmanager's door, for its webhooks and for its event recorder: authenticate, cap, parse, normalise, hand over, and answer in
Alertmanager's retry language.

It retries 5xx and drops everything else, 429, 408 and redirects included (notify/webhook, its empty Retrier). So whatever is
our own trouble, or a sender that is too slow or too many, is 503; 401, 413 and 400 are for what would never be taken.
A raw ASGI endpoint: a request object would cost more than parsing a webhook does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

import msgspec
import structlog
from starlette.types import Receive, Scope, Send

from gateway.decisions.intake.normalise import Normaliser
from gateway.errors import BadWebhook, StateUnavailable
from gateway.inbound.request_id import request_id
from gateway.inbound.webhooks.body import BodyBudget, Caps, Unread, header
from gateway.inbound.webhooks.source_auth import SourceAuth
from gateway.intake.parse_events import parse_events
from gateway.intake.parse_webhook import Parsed, parse
from gateway.model.quarantined import MAX_RAW, Quarantined

log = structlog.get_logger("gateway.inbound")

_encode = msgspec.json.encode


class Counter(Protocol):
    """What the door tells the telemetry of each webhook; `status` is the answer's, `reason` a closed word."""

    def webhook(self, status: int, reason: str, alerts: int, truncated: int, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    reason: str
    error: str = ""
    field: str = ""
    remedy: str = ""
    alerts: int = 0
    quarantined: int = 0


REMEDIES = {
    Unread.TOO_LARGE: Reply(413, "too_large", "the webhook is over the cap", remedy="set max_alerts on the receiver, or raise GATEWAY_MAX_BODY"),
    Unread.TOO_SLOW: Reply(503, "too_slow", "the webhook did not arrive in time"),
    Unread.TOO_MANY: Reply(503, "too_many", "too many webhooks at once"),
    Unread.GONE: Reply(503, "gone", "the sender hung up"),
}  # fmt: skip
NO_TOKEN = Reply(401, "unauthorized", "a valid token is needed", "authorization", "authorization: {credentials: …} in http_config: GATEWAY_WEBHOOK_TOKEN, or the token of its source")  # fmt: skip
FAULT = Reply(500, "fault", "a fault of the gateway: its log says more")
NOT_POST = Reply(405, "method", "webhooks come by POST")


READERS = {"/webhooks/alertmanager": parse, "/webhooks/alertmanager/events": parse_events}
Take = Callable[[Parsed], Awaitable[None]]


class AlertmanagerWebhook:
    """`take` makes what was read durable or raises `StateUnavailable`; `source_auth` is that of the rules in force, `now` the
    machine's time in ms."""

    def __init__(self, take: Take, source_auth: SourceAuth, caps: Caps, counter: Counter, now: Callable[[], int]) -> None:
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
                    parsed, reply = await self.receive(scope, receive, trace)
                except Exception:
                    log.exception("request_failed", path=scope["path"])
                    parsed, reply = None, FAULT
                elapsed = (self._now() - started) / 1000
                truncated = parsed.truncated if parsed else 0
                self._counter.webhook(reply.status, reply.reason, reply.alerts, truncated, elapsed)
                _note(reply, parsed, elapsed)
                await _send(send, reply)
        finally:
            self.busy -= 1

    async def receive(self, scope: Scope, receive: Receive, trace: str) -> tuple[Parsed | None, Reply]:
        if scope["method"] != "POST":
            return None, NOT_POST
        normaliser = self.source_auth.admit(header(scope, b"authorization").decode("latin-1"))
        if normaliser is None:
            return None, NO_TOKEN
        encoding = header(scope, b"content-encoding")
        if encoding not in (b"", b"identity"):
            return None, Reply(400, "encoding", "the body is compressed", "content-encoding", "send it as it is")
        body = await self._budget.read(scope, receive)
        if isinstance(body, Unread):
            return None, REMEDIES[body]
        try:
            return await self._take(READERS[scope["path"].rstrip("/")], normaliser, body, trace)
        finally:
            self._budget.land(len(body))

    async def _take(
        self, read: Callable[[bytes, Normaliser, int, str], Parsed], normaliser: Normaliser, body: bytes, trace: str
    ) -> tuple[Parsed | None, Reply]:
        source = normaliser.source.name
        try:
            parsed = read(body, normaliser, self._now(), trace)
            refusal = None
        except BadWebhook as error:
            quarantined = Quarantined(
                source, error.field, error.message, body[:MAX_RAW], whole=True, event=read is parse_events
            )
            parsed = Parsed(source, [], [quarantined])
            refusal = Reply(400, "not_a_webhook", str(error), error.field, "docs/webhooks.md says what is taken; the body is kept in quarantine")  # fmt: skip
        try:
            async with asyncio.timeout(self._caps.take_time):
                await self._hand_over(parsed)
        except TimeoutError:
            return parsed, Reply(503, "store_slow", "the store is too slow")
        except StateUnavailable as error:
            return parsed, Reply(503, "store_away", str(error))
        taken = Reply(200, "taken", alerts=len(parsed.seen), quarantined=len(parsed.quarantined))
        return parsed, refusal or taken


@contextmanager
def _correlated(scope: Scope) -> Iterator[str]:
    """One id for everything that is logged of this webhook."""
    trace = request_id(scope)
    with structlog.contextvars.bound_contextvars(correlation=trace):
        yield trace


def _note(reply: Reply, parsed: Parsed | None, elapsed: float) -> None:
    facts: dict[str, object] = {
        "status": reply.status,
        "reason": reply.reason,
        "alerts": reply.alerts,
        "seconds": round(elapsed, 3),
    }
    if parsed is not None:
        facts |= {"source": parsed.source, "receiver": parsed.receiver[:200], "group": blake2b(parsed.group.encode("utf-8", "replace"), digest_size=4).hexdigest()}  # fmt: skip
        if parsed.truncated:
            facts["truncated"] = parsed.truncated
        if parsed.quarantined:
            facts["quarantined"] = len(parsed.quarantined)
            facts["first_fault"] = parsed.quarantined[0].fault[:300]
    if reply.status == 200 and not (parsed and parsed.quarantined):
        log.info("webhook_received", **facts)
    else:
        said = {"error": reply.error[:300]} if reply.error else {}
        log.warning("webhook_received" if reply.status == 200 else "webhook_refused", **said, **facts)


async def _send(send: Send, reply: Reply) -> None:
    shown: dict[str, object] = {"status": "ok", "alerts": reply.alerts, "quarantined": reply.quarantined}
    if reply.status != 200:
        shown = {"error": reply.error, "field": reply.field, "remedy": reply.remedy}
    body = _encode(shown)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += _MORE_HEADERS.get(reply.status, ())
    if reply.reason in ("too_large", "too_slow", "too_many", "unauthorized", "gone", "encoding", "fault"):
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


_MORE_HEADERS: dict[int, tuple[tuple[bytes, bytes], ...]] = {
    401: ((b"www-authenticate", b'Bearer realm="alert-gateway", Basic realm="alert-gateway"'),),
    405: ((b"allow", b"POST"),),
    503: ((b"retry-after", b"1"),),
}
