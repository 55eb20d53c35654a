"""Requests that are turned away before their sender has shown a token: logged, noted, and bounded in both.

Anybody can send such requests, as many as they like. So a minute has so many lines of log, and then one line
with the sum of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

import structlog
from starlette.types import Scope

from gateway.inbound.log_window import LogWindow
from gateway.inbound.webhooks.body import header
from gateway.model.severity import Severity
from gateway.model.turned_away import (
    EVENTS_PATH,
    MAX_ADDRESS,
    MAX_USER_AGENT,
    WEBHOOK_PATH,
    Sender,
    TurnedAwayReason,
)
from gateway.outbound.wording import shorten, tame

log = structlog.get_logger("gateway.inbound")

# By these no sender of webhooks sends: a reader of pages who
# errs sees the answer, a load balancer only probes.
READING = ("GET", "HEAD", "OPTIONS")
MAX_PATH_LOGGED = 200  # characters
MAX_PATH_READ = 1_000
CUT = "…"
# Letters that change between small and capital ones at random are no word either.
_WORD = re.compile(r"(?:(?:[A-Z]?[a-z]+|[A-Z]+)[_.-]?){1,3}|[Vv]?\d{1,2}|")
MAX_WORD = 24  # characters; a longer part of a path is no word of anybody's


class Note(Protocol):
    """Remembers what was turned away; `source` is empty where no token was shown."""

    def __call__(
        self,
        source: str,
        reason: TurnedAwayReason,
        sender: Sender,
        error: str,
        times: int = 1,
        severity: Severity = Severity.CRITICAL,
    ) -> None: ...


def sender_of(scope: Scope) -> Sender:
    """Return who sends, as one line of harmless text: it is shown on terminals."""
    client = scope.get("client")
    agent = header(scope, b"user-agent").decode("latin-1")
    address = str(client[0]) if client else ""
    return Sender(shorten(tame(address), MAX_ADDRESS), shorten(tame(agent), MAX_USER_AGENT))


def path_shown(path: str) -> str:
    """Return a path without what may be a secret, since some senders can be given nothing but an address.

    Of a path that begins with one of ours only that is shown; of another one, the parts that are plain words.
    """
    for ours in (EVENTS_PATH, WEBHOOK_PATH):
        if path == ours or path.startswith(f"{ours}/"):
            return ours if not path[len(ours) :].strip("/") else f"{ours}/{CUT}"
    parts = (
        part if len(part) <= MAX_WORD and _WORD.fullmatch(part) else CUT
        for part in path[:MAX_PATH_READ].split("/")
    )
    return shorten("/".join(parts), MAX_PATH_LOGGED)


class UnknownSenders:
    """Logs and notes the requests that are turned away before a token was shown."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._window = LogWindow(_sum_up)

    def turned_away(self, scope: Scope, status: int, reason: TurnedAwayReason) -> None:
        if scope["method"] in READING:
            return  # no alert was lost by it
        sender, path = sender_of(scope), path_shown(scope["path"])
        self._note("", reason, sender, f"{scope['method']} {path}")
        if self._window.has_room(status, sender.address):
            log.warning(
                "webhook_refused",
                status=status,
                reason=reason.value,
                method=scope["method"],
                path=path,
                address=sender.address,
                user_agent=sender.user_agent,
            )


def _sum_up(requests: int, statuses: Mapping[str, int], addresses: Mapping[str, int]) -> None:
    log.warning("webhooks_refused", requests=requests, statuses=statuses, addresses=addresses)
