"""PagerDuty by its Events API: trigger, acknowledge and resolve under one key per incident and generation.

The only file that knows pdpyras. It is synchronous, so each send has a worker thread, and its own retries
(unlimited on 429, sleeping) are cut down to nothing: retrying is the agenda's business.
"""

from __future__ import annotations

import asyncio
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from gateway.model.ledger import Endpoint, MessageRef, Note, NotifiedState
from gateway.model.notification import Answer, Delivered, Found, Look, Notification, Refused, Unanswered
from gateway.outbound.pagerduty.answers import Trouble, judge_break, judge_response
from gateway.outbound.pagerduty.event import action, dedup_key, render

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pdpyras prints a deprecation warning at import
    import pdpyras

WORKERS = 32  # a service that hangs keeps one for the length of the timeout
KEPT_SESSIONS = 64


class PagerDutyNotifier:
    """A repeated event under the same key is harmless, so nothing is read back. `timeout` in seconds bounds
    a whole notification.
    """

    settles_by_looking = False
    takes_notes = False

    def __init__(self, events_url: str, timeout: float = 8.0, proxy: str | None = None) -> None:
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(WORKERS, "pagerduty")
        self._sessions = _Sessions(events_url.rstrip("/"), timeout, proxy)

    async def aclose(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._sessions.close()

    async def notify(
        self,
        endpoint: Endpoint,
        secret: str,
        notification: Notification,
        *,
        attempt: str,
        message_ref: MessageRef | None,
    ) -> Answer:
        """Send the newest state. A trigger goes before an acknowledgement, which has to meet something open."""
        del endpoint, attempt, message_ref
        key = dedup_key(notification)
        firing = notification.state is NotifiedState.FIRING
        steps = [(action(notification), render(notification) if firing else {})]
        steps += [("acknowledge", {})] if firing and notification.acknowledged_by else []
        return await self._send(secret, key, *steps)

    async def reply(
        self,
        endpoint: Endpoint,
        secret: str,
        notes: tuple[Note, ...],
        *,
        attempt: str,
        message_ref: MessageRef,
        edits: MessageRef | None,
        mentions: tuple[str, ...],
    ) -> Answer:
        """There are no threads: what a note says is in the incident's own state."""
        del endpoint, secret, notes, attempt, edits, mentions
        return Delivered(message_ref)

    async def look(
        self,
        endpoint: Endpoint,
        secret: str,
        *,
        attempts: tuple[str, ...],
        since: int,
        message_ref: MessageRef | None,
    ) -> Look:
        """Find nothing: the key makes repeating harmless."""
        del endpoint, secret, attempts, since, message_ref
        return Found({})

    async def withdraw(self, endpoint: Endpoint, secret: str, message_ref: MessageRef) -> Answer:
        del endpoint
        return await self._send(secret, message_ref.id, ("resolve", {}))

    async def _send(self, secret: str, key: str, *steps: tuple[str, dict[str, Any]]) -> Answer:
        """Send the steps in order, up to the first that is not taken.

        A step that has no worker yet when the time is over is not sent.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                for what, event in steps:
                    trouble = await loop.run_in_executor(self._pool, self._send_now, secret, what, key, event)
                    if trouble is not None:
                        return trouble
        except TimeoutError:
            # The worker's thread may still send. Under the same
            # dedup key a repeat pages nobody a second time.
            return Unanswered("timeout")
        return Delivered(MessageRef(key))

    def _send_now(self, secret: str, what: str, key: str, event: dict[str, Any]) -> Trouble | None:
        if not secret:
            return Refused("auth", "the routing key is empty", permanent=True)
        session = self._sessions.take(secret)
        try:
            session.send_event(what, dedup_key=key, **event)
        except pdpyras.PDClientError as error:
            if error.response is not None:
                return judge_response(error.response, secret)
            return judge_break(error.__cause__ or error, secret)
        except requests.RequestException as error:
            return judge_break(error, secret)
        finally:
            self._sessions.give_back(secret, session)
        return None


class _Sessions:
    """Kept connections, each used by one thread at a time: requests' sessions are not made for threads."""

    def __init__(self, url: str, timeout: float, proxy: str | None) -> None:
        self._url = url
        self._timeout = timeout
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._lock = threading.Lock()
        self._idle: list[tuple[str, pdpyras.EventsAPISession]] = []
        self._kept = KEPT_SESSIONS

    def take(self, secret: str) -> pdpyras.EventsAPISession:
        with self._lock:
            # The session used last is taken first: PagerDuty has had the least time to close its connection.
            for at in range(len(self._idle) - 1, -1, -1):
                if self._idle[at][0] == secret:
                    return self._idle.pop(at)[1]
        return self._made(secret)

    def give_back(self, secret: str, session: pdpyras.EventsAPISession) -> None:
        with self._lock:
            self._idle.append((secret, session))
            over = [self._idle.pop(0) for _ in range(len(self._idle) - self._kept)]
        for _, idle in over:
            idle.close()

    def close(self) -> None:
        """Close idle sessions now; those in use are closed when they are given back."""
        with self._lock:
            over, self._idle, self._kept = self._idle, [], 0
        for _, idle in over:
            idle.close()

    def _made(self, secret: str) -> pdpyras.EventsAPISession:
        session = pdpyras.EventsAPISession(secret)
        session.url = self._url
        session.timeout = self._timeout
        # requests would take proxies and passwords (.netrc) from the environment:
        # https://requests.readthedocs.io/en/latest/api/#requests.Session.trust_env
        session.trust_env = False
        session.proxies = self._proxies
        session.max_network_attempts = 0
        # For a 429, pdpyras reads 0 as unlimited; -1 overall plus one allowed 429 means no retry at all.
        session.max_http_attempts = -1
        session.retry = {429: 1}
        return session
