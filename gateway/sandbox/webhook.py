"""A local receiver of webhooks: checks who sent them as Standard Webhooks has it, keeps what it got, and
shows it on a page.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.clock import utc_now
from gateway.sandbox.faults import Fault, FaultKind
from gateway.sandbox.links import safe_link
from gateway.sandbox.vendor import Call, JsonObject, Vendor, fields_of, retry_after_header

KEPT = 5_000
SHOWN = 100
LARGEST = 1 << 20  # bytes; nginx's default
TOLERANCE = 300  # seconds by which the sender's clock may be off, as in the Standard Webhooks libraries


class _Refused(Exception):
    """Answered with this status and text."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(slots=True)
class Received:
    """One message; a repeat under the same id is counted and changes nothing."""

    at: datetime
    id: str
    type: str
    data: JsonObject
    body: JsonObject
    signed: bool
    repeats: int = 0

    @property
    def key(self) -> str:
        return str(self.data.get("key", ""))

    @property
    def link(self) -> str:
        return safe_link(self.data.get("url"))

    @property
    def shown(self) -> str:
        return msgspec.json.format(msgspec.json.encode(self.body)).decode()


class WebhookSandbox(Vendor):
    """Takes POSTs to `url`. With ``token`` and ``secret`` it lets in only who shows the one and has signed
    with the other.
    """

    template = "webhook"

    def __init__(self, token: str, secret: str, now: Callable[[], datetime], seed: int) -> None:
        super().__init__(now, seed)
        self._token = token
        self._secret = secret
        self._kept: deque[Received] = deque(maxlen=KEPT)

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        port: int = 0,
        *,
        token: str = "",
        secret: str = "",
        now: Callable[[], datetime] = utc_now,
        seed: int = 0,
    ) -> AsyncIterator[Self]:
        async with cls(token, secret, now, seed).running(port) as receiver:
            yield receiver

    @property
    def url(self) -> str:
        return f"{self._server.url}/hook"

    @property
    def received(self) -> list[Received]:
        """The messages in the order in which they came, each once."""
        return [*self._kept]

    @property
    def incidents(self) -> dict[str, JsonObject]:
        """The incidents as a receiver that keeps to the rules believes them: by key, the state with the
        latest time.
        """
        newest: dict[str, tuple[datetime, JsonObject]] = {}
        for message in self._kept:
            # As times and not as text: a whole second is said without a fraction, and would come
            # after its half.
            said = _time(message.body)
            if "state" in message.data and said >= newest.get(message.key, (said, {}))[0]:
                newest[message.key] = (said, message.data)
        return {key: data for key, (_, data) in newest.items()}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/hook", self._take, methods=["POST"])]

    def state(self) -> JsonObject:
        return {"received": [fields_of(message) for message in self._kept], "incidents": self.incidents}

    def reset(self) -> None:
        self._kept.clear()

    def page(self, request: Request) -> JsonObject:  # noqa: ARG002 - one page for all
        return {
            "received": self.received[::-1][:SHOWN],
            "earlier": max(0, len(self._kept) - SHOWN),
            "types": Counter(message.type for message in self._kept),
            "incidents": self.incidents,
        }

    def refuse(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.RATE_LIMIT:
            return PlainTextResponse("slow down", 429, retry_after_header(fault.retry_after))
        return PlainTextResponse(fault.error, 422)

    async def _take(self, request: Request) -> Response:
        raw = await request.body()
        message = request.headers.get("webhook-id", "")
        try:
            body = _read(raw)
            call = Call(
                self.now(), ("post", str(body["type"])), (message, str(_data(body).get("key", ""))), body
            )
        except _Refused as refusal:
            call = Call(self.now(), ("post",), (message,), {}, outcome=str(refusal))
            self.calls.append(call)
            return PlainTextResponse(str(refusal), refusal.status)
        return await self.conduct(request, call, lambda call: self._act(call, request.headers, raw))

    def _act(self, call: Call, headers: Mapping[str, str], raw: bytes) -> Response:
        message = headers.get("webhook-id", "")
        try:
            self._check(headers, message, raw)
        except _Refused as refusal:
            call.outcome = str(refusal)
            return PlainTextResponse(call.outcome, refusal.status)
        known = next((kept for kept in self._kept if kept.id == message), None)
        if known is not None:
            known.repeats += 1
            call.outcome = "repeated"
        else:
            body = call.arguments
            self._kept.append(
                Received(self.now(), message, call.method, _data(body), body, bool(self._secret))
            )
            call.outcome = "taken"
        return Response(status_code=204)

    def _check(self, headers: Mapping[str, str], message: str, raw: bytes) -> None:
        if self._token and not hmac.compare_digest(headers.get("authorization", ""), f"Bearer {self._token}"):
            raise _Refused(401, "not the token")
        seconds = headers.get("webhook-timestamp", "")
        if not message or not seconds.isdecimal():
            raise _Refused(400, "webhook-id or webhook-timestamp is missing")
        if abs(self.now().timestamp() - int(seconds)) > TOLERANCE:
            raise _Refused(400, "webhook-timestamp is too far off")
        if self._secret and not self._signed(
            headers.get("webhook-signature", ""), f"{message}.{seconds}.", raw
        ):
            raise _Refused(401, "not signed with the key")

    def _signed(self, shown: str, start: str, raw: bytes) -> bool:
        key = base64.b64decode(self._secret.removeprefix("whsec_"))
        wanted = (
            "v1," + base64.b64encode(hmac.new(key, start.encode() + raw, hashlib.sha256).digest()).decode()
        )
        return any(hmac.compare_digest(signature, wanted) for signature in shown.split(" "))


def _read(raw: bytes) -> JsonObject:
    if len(raw) > LARGEST:
        raise _Refused(413, "too large")
    try:
        body = msgspec.json.decode(raw, type=JsonObject)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _Refused(400, "no JSON object") from None
    if not isinstance(body.get("type"), str) or not isinstance(body.get("data"), dict):
        raise _Refused(422, "type and data are missing")
    try:
        _time(body)
    except ValueError:
        raise _Refused(422, "timestamp is no time") from None
    return body


def _time(body: JsonObject) -> datetime:
    return datetime.fromisoformat(str(body.get("timestamp")))


def _data(body: JsonObject) -> JsonObject:
    data = body["data"]
    assert isinstance(data, dict)
    return data
