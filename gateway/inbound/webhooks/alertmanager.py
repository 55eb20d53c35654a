"""The endpoints of Alertmanager's webhook and of its event recorder.

A request is authenticated, capped, parsed, normalised and handed over, and is answered in Alertmanager's
retry language: it sends again after an answer of 5xx and gives up after every other one, 429, 408 and
redirects included (https://github.com/prometheus/alertmanager/blob/main/notify/webhook/webhook.go, its
Retrier has no codes). So 503 stands for trouble of our own and for a sender that is too slow or one of too
many; 401, 413 and 400 stand for what would never be taken.

The endpoint is raw ASGI: a request object would cost more than parsing a webhook does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog
from starlette.types import Receive, Scope, Send

from gateway.errors import StateUnavailable
from gateway.inbound.request_id import request_id
from gateway.inbound.strangers import show_token
from gateway.inbound.webhooks.body import BodyBudget, Caps, Unread, header
from gateway.inbound.webhooks.readers import readers
from gateway.inbound.webhooks.receipt import Receipt
from gateway.inbound.webhooks.responses import (
    A_PAGE,
    BEFORE_TOKEN,
    COMPRESSED,
    FAULT,
    NO_TOKEN,
    NOT_POST,
    STORE_SLOW,
    UNREAD_RESPONSES,
    WebhookResponse,
    send_response,
    store_away,
)
from gateway.inbound.webhooks.source_auth import SourceAuth
from gateway.inbound.webhooks.time_limit import TimeLimit
from gateway.inbound.webhooks.unknown_senders import Note, UnknownSenders, sender_of
from gateway.intake.parse_webhook import Parsed
from gateway.intake.repeats import Repeats
from gateway.model.cause import cause
from gateway.model.path import Lap
from gateway.model.turned_away import (
    IN_QUARANTINE,
    WORDINGS,
    Sender,
    TurnedAwayReason,
)
from gateway.model.verdict import Taken
from gateway.telemetry.correlation import correlated
from gateway.telemetry.current_span import CURRENT

log = structlog.get_logger("gateway.inbound")


class Counter(Protocol):
    """The telemetry of webhooks: the status, reason and seconds of each answer. `reason` is one of few words.

    `misdirected` counts what was sent to a path that takes no webhooks, `laps` times the steps.
    """

    def webhook(self, status: int, reason: str, alerts: int, truncated: int, seconds: float) -> None: ...

    def misdirected(self, status: int, reason: str) -> None: ...

    def laps(self) -> Lap: ...


Take = Callable[[Parsed, str], Awaitable[Sequence[Taken]]]


class AlertmanagerWebhook:
    """The ASGI application behind both paths.

    `take` makes the parsed alerts from an address durable, and returns their verdicts, or raises
    `StateUnavailable`.
    `source_auth` belongs to the rules in force and is replaced with them. `note`
    remembers what was turned away. `now` is the machine's time in ms. `repeats` is the memory of the intake
    that takes the alerts.
    """

    def __init__(
        self,
        take: Take,
        source_auth: SourceAuth,
        caps: Caps,
        counter: Counter,
        note: Note,
        now: Callable[[], int],
        repeats: Repeats | None = None,
    ) -> None:
        self.source_auth = source_auth
        self._hand_over = take
        self._counter = counter
        self._note = note
        self._unknown_senders = UnknownSenders(note)
        self._now = now
        self._readers = readers(repeats or Repeats())
        self._budget = BodyBudget(caps)
        self._take_time = TimeLimit(caps.take_time)
        self.busy = 0

    @property
    def bytes_in_flight(self) -> int:
        return self._budget.bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = self._now()
        self.busy += 1
        try:
            sender, correlation, span = sender_of(scope), request_id(scope), CURRENT.get()
            # What the webhook causes is known by its id in the log, and by its span.
            trace = cause(correlation, span.traceparent if span is not None else "")
            with correlated(correlation):
                try:
                    receipt = await self.receive(scope, receive, trace, sender)
                # A fault of ours in one webhook is answered 500, so that Alertmanager sends its alerts again.
                except Exception:
                    log.exception("request_failed", path=scope["path"])
                    receipt = Receipt(FAULT)
                try:
                    self._tell(scope, sender, receipt, (self._now() - started) / 1000)
                finally:
                    # The alerts are safe by now, or are not: a metric
                    # or a log that fails changes nothing of it.
                    await send_response(send, receipt.response, receive)
        finally:
            self.busy -= 1

    def _tell(self, scope: Scope, sender: Sender, receipt: Receipt, elapsed: float) -> None:
        """Count, log and note what became of a webhook."""
        response, truncated = receipt.response, receipt.parsed.truncated if receipt.parsed else 0
        self._counter.webhook(response.status, response.reason, response.alerts, truncated, elapsed)
        # Nobody knows who these are, so what is written of them is bounded.
        if response in BEFORE_TOKEN:
            self._unknown_senders.turned_away(scope, response.status, TurnedAwayReason(response.reason))
            return
        receipt.log(sender, elapsed)
        receipt.note(self._note, sender)

    def wrong_place(self, scope: Scope, status: int, reason: TurnedAwayReason) -> None:
        """Tell of a request that may be a webhook and went to another path."""
        self._counter.misdirected(status, reason.value)
        self._unknown_senders.turned_away(scope, status, reason)

    async def receive(self, scope: Scope, receive: Receive, trace: str, sender: Sender) -> Receipt:
        if scope["method"] != "POST":
            return Receipt(NOT_POST)
        normaliser = self.source_auth.admit(header(scope, b"authorization").decode("latin-1"))
        if normaliser is None:
            return Receipt(NO_TOKEN)
        if not self.source_auth.open:
            show_token(scope)
        # A browser names the page that makes it send. Such a page could end what fires, and no sender is one.
        elif header(scope, b"origin"):
            return Receipt(A_PAGE)
        source = normaliser.source.name
        encoding = header(scope, b"content-encoding")
        # Compressed bodies would get past the cap; Alertmanager sends none.
        if encoding not in (b"", b"identity"):
            return Receipt(COMPRESSED, source)
        body = await self._budget.read(source, scope, receive)
        if isinstance(body, Unread):
            return Receipt(UNREAD_RESPONSES[body], source)
        try:
            reader = self._readers[scope["path"].rstrip("/")]
            lap = self._counter.laps()
            parsed, refusal = await reader.read(body, normaliser, self._now, trace, lap)
            return await self._take(parsed, refusal, sender.address)
        finally:
            self._budget.land(source, len(body))

    async def _take(self, parsed: Parsed, refusal: WebhookResponse | None, address: str) -> Receipt:
        source = parsed.source
        try:
            with self._take_time.begun():
                verdicts = await self._hand_over(parsed, address)
        # Neither of these counts as taken: Alertmanager sends again until the alerts are safe in the store.
        except TimeoutError:
            return Receipt(STORE_SLOW, source, parsed)
        except StateUnavailable as error:
            return Receipt(store_away(error), source, parsed)
        return Receipt(refusal or _taken(parsed), source, parsed, verdicts)


def _taken(parsed: Parsed) -> WebhookResponse:
    """Answer 200, with what is wrong where something of the webhook reaches nobody."""
    first = parsed.quarantined[0] if parsed.quarantined else None
    remedy = WORDINGS[TurnedAwayReason.TRUNCATED].remedy if parsed.truncated else ""
    return WebhookResponse(
        200,
        "taken",
        error=first.fault if first else "",
        field=first.field if first else "",
        remedy=IN_QUARANTINE if first else remedy,
        alerts=len(parsed.seen),
        quarantined=len(parsed.quarantined),
        left_out=parsed.truncated,
    )
