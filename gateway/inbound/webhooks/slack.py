"""Take what people press and write in Slack, by HTTP: `/slack/interactivity` and `/slack/commands`.

Slack waits for three seconds and sends nothing twice, so what was pressed is done before it is answered:
https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.actions.slack_desk import SlackDesk
from gateway.actions.slack_heard import Heard
from gateway.inbound.refused import Door, RefusedRequests, Why
from gateway.inbound.signatures import SLACK_WINDOW_SECONDS, signed_by_slack
from gateway.inbound.strangers import show_token

MAX_BODY = 1 << 20  # bytes; a message of ours comes along, whose blocks are under 20 KB
SIGNATURES_KEPT = 10_000

NO_SECRET = "SLACK_SIGNING_SECRET is not set: the gateway cannot know that Slack sent this"  # noqa: S105
NOT_SLACK = "this was not signed by Slack with SLACK_SIGNING_SECRET, or more than five minutes ago"
SEEN = "this request was taken already"


@dataclass(slots=True)
class SlackEndpoints:
    """`secrets` returns the signing secrets that are valid now, `now` the machine's time in ms."""

    desk: SlackDesk
    secrets: Callable[[], Sequence[str]]
    refused: RefusedRequests
    now: Callable[[], int]
    _seen: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def routes(self) -> list[Route]:
        return [
            Route("/slack/interactivity", self._interactivity, methods=["POST"]),
            Route("/slack/commands", self._commands, methods=["POST"]),
        ]

    async def _interactivity(self, request: Request) -> Response:
        body = await self._authentic(request)
        if isinstance(body, Response):
            return body
        try:
            payload = json.loads(_fields(body).get("payload", ""))
        except (ValueError, RecursionError):
            return PlainTextResponse("no payload\n", 400)
        heard = await self.desk.hear(payload if isinstance(payload, dict) else {})
        return _answer(heard)

    async def _commands(self, request: Request) -> Response:
        body = await self._authentic(request)
        if isinstance(body, Response):
            return body
        heard = await self.desk.hear_command(_fields(body))
        return PlainTextResponse("no command\n", 400) if heard is None else _answer(heard)

    async def _authentic(self, request: Request) -> bytes | Response:
        """Return the body of a request that Slack has signed, and that did not come before."""
        secrets = self.secrets()
        if not secrets:
            return PlainTextResponse(f"{NO_SECRET}\n", 503)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                return PlainTextResponse("too long\n", 413)
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        now = self.now() / 1000
        if not signed_by_slack(secrets, timestamp, signature, body, now):
            why = Why.WRONG_TOKEN if signature else Why.NO_TOKEN
            self.refused.refused(request, Door.SLACK, 401, why)
            return PlainTextResponse(f"{NOT_SLACK}\n", 401)
        show_token(request.scope)
        # Somebody may have recorded a request: what it asks for must not be done twice.
        if self._came_before(signature, now):
            self.refused.refused(request, Door.SLACK, 409, Why.REPLAYED)
            return PlainTextResponse(f"{SEEN}\n", 409)
        return body

    def _came_before(self, signature: str, now: float) -> bool:
        # A request whose timestamp lies ahead by the whole window may come again for two windows.
        while self._seen and (
            len(self._seen) >= SIGNATURES_KEPT
            or next(iter(self._seen.values())) < now - 2 * SLACK_WINDOW_SECONDS
        ):
            self._seen.popitem(last=False)
        if signature in self._seen:
            return True
        self._seen[signature] = now
        return False


def _answer(heard: Heard) -> Response:
    then = BackgroundTask(heard.afterwards)
    return Response(background=then) if heard.reply is None else JSONResponse(heard.reply, background=then)


def _fields(body: bytes) -> dict[str, str]:
    """Return the fields of a form, the last value of each."""
    found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100)
    return {name: values[-1] for name, values in found.items()}
