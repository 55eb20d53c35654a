"""Requests to the API, to `/metrics` and from vendors that are refused
before anything is done: logged and counted, bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import structlog
from starlette.requests import Request

from gateway.inbound.log_window import LogWindow
from gateway.inbound.webhooks.unknown_senders import path_shown, sender_of

log = structlog.get_logger("gateway.inbound")


class Door(StrEnum):
    """The door at which a token is shown; webhooks have their own (`gateway_webhooks_total`)."""

    API = "api"
    METRICS = "metrics"
    HEALTH = "health"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"


class Why(StrEnum):
    NO_TOKEN = "no_token"  # noqa: S105 - a reason
    WRONG_TOKEN = "wrong_token"  # noqa: S105 - a reason
    ROLE = "role"
    HOST = "host"
    ORIGIN = "origin"
    NO_JSON = "content-type"
    REPLAYED = "replayed"


class RefusedRequests:
    """Counts every refused request, and logs as many as anybody may cause. `count` takes a door and a reason."""

    def __init__(self, count: Callable[[str, str], None]) -> None:
        self._count = count
        self._window = LogWindow(_sum_up)

    def refused(self, request: Request, door: Door, status: int, why: Why, person: str = "") -> None:
        self._count(door.value, why.value)
        sender = sender_of(request.scope)
        if self._window.has_room(status, sender.address):
            log.warning(
                "request_refused",
                door=door.value,
                status=status,
                reason=why.value,
                method=request.method,
                path=path_shown(request.url.path),
                address=sender.address,
                user_agent=sender.user_agent,
                person=person,
            )

    def token_refused(self, request: Request, door: Door) -> None:
        shown = "authorization" in request.headers
        self.refused(request, door, 401, Why.WRONG_TOKEN if shown else Why.NO_TOKEN)


def _sum_up(requests: int, statuses: Mapping[str, int], addresses: Mapping[str, int]) -> None:
    log.warning("requests_refused", requests=requests, statuses=statuses, addresses=addresses)
