"""Requests that are turned away before their sender has shown a token: logged, noted, and bounded in both.

Anybody can send such requests, as many as they like. So a minute has so many lines of log, and then one line
with the sum of the rest.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import Protocol

import structlog
from starlette.types import Scope

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

# By these no sender of webhooks sends: a reader of pages who errs sees the answer, a load balancer only probes.
READING = ("GET", "HEAD", "OPTIONS")
LINES_A_MINUTE = 60
WINDOW_SECONDS = 60.0
MAX_PATH_LOGGED = 200  # characters
MAX_PATH_READ = 1_000
ADDRESSES_IN_SUM = 10
CUT = "…"
_WORD = re.compile(r"(?:[A-Za-z]+[_.-]?){1,3}|[Vv]?\d{1,2}|")
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
        self._window: asyncio.TimerHandle | None = None
        self._lines = 0
        self._unlogged: Counter[int] = Counter()  # by status
        self._addresses: Counter[str] = Counter()  # of what was not logged

    def turned_away(self, scope: Scope, status: int, reason: TurnedAwayReason) -> None:
        if scope["method"] in READING:
            return  # no alert was lost by it
        sender, path = sender_of(scope), path_shown(scope["path"])
        self._note("", reason, sender, f"{scope['method']} {path}")
        if self._window is None:
            self._window = asyncio.get_running_loop().call_later(WINDOW_SECONDS, self._end_window)
        if self._lines < LINES_A_MINUTE:
            self._lines += 1
            log.warning(
                "webhook_refused",
                status=status,
                reason=reason.value,
                method=scope["method"],
                path=path,
                address=sender.address,
                user_agent=sender.user_agent,
            )
            return
        self._unlogged[status] += 1
        if sender.address in self._addresses or len(self._addresses) < ADDRESSES_IN_SUM:
            self._addresses[sender.address] += 1

    def _end_window(self) -> None:
        """Log the sum of what this minute had no more lines for."""
        if self._unlogged:
            log.warning(
                "webhooks_refused",
                requests=self._unlogged.total(),
                statuses={str(status): count for status, count in self._unlogged.items()},
                addresses=dict(self._addresses),
            )
        self._window, self._lines = None, 0
        self._unlogged, self._addresses = Counter(), Counter()
