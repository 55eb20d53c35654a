"""PagerDuty by its Events API: trigger, acknowledge and resolve under one key per incident and generation.

The only file that knows pdpyras. It is synchronous, so each send has a worker thread, and its own retries (unlimited on 429,
sleeping) are cut down to nothing: retrying is the agenda's business.
"""

from __future__ import annotations

import asyncio
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from gateway.model.incident import Note, Remote, Through, Told
from gateway.model.telling import Answer, Delivered, Found, Look, Refused, Telling, Unanswered
from gateway.outbound.pagerduty_event import action, dedup_key, render

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says at import that it is no longer developed
    import pdpyras

WORKERS = 8
RATE_LIMIT_WAIT = 30_000  # ms; "suggest 3 retries 30 s apart" (the vendor's support pages)
KEPT_SESSIONS = 64


class PagerDutyNotifier:
    """A repeated event under the same key is harmless, so nothing is read back. `timeout` in seconds."""

    settles_by_looking = False

    def __init__(self, events_url: str, timeout: float = 8.0) -> None:
        self._url = events_url.rstrip("/")
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(WORKERS, "pagerduty")
        self._local = threading.local()

    async def aclose(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def tell(self, through: Through, secret: str, telling: Telling, *, attempt: str, remote: Remote | None) -> Answer:
        del through, attempt, remote
        key = dedup_key(telling)
        event = render(telling) if telling.state is Told.FIRING else {}
        answer = await self._send(secret, action(telling), key, event)
        taken = isinstance(answer, Delivered) and telling.state is Told.FIRING and telling.acknowledged_by
        return await self._send(secret, "acknowledge", key, {}) if taken else answer

    async def reply(
        self, through: Through, secret: str, notes: tuple[Note, ...], *, attempt: str, remote: Remote, mentions: tuple[str, ...]
    ) -> Answer:
        """There are no threads: what a note says is in the incident's own state."""
        del through, secret, notes, attempt, mentions
        return Delivered(remote)

    async def look(
        self, through: Through, secret: str, *, attempts: tuple[str, ...], since: int, remote: Remote | None
    ) -> Look:
        """Nothing to look for: the key makes repeating harmless."""
        del through, secret, attempts, since, remote
        return Found({})

    async def withdraw(self, through: Through, secret: str, remote: Remote) -> Answer:
        del through
        return await self._send(secret, "resolve", remote.id, {})

    async def _send(self, secret: str, what: str, key: str, event: dict[str, Any]) -> Answer:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout + 1):
                return await loop.run_in_executor(self._pool, self._send_now, secret, what, key, event)
        except TimeoutError:
            return Unanswered("timeout")

    def _send_now(self, secret: str, what: str, key: str, event: dict[str, Any]) -> Answer:
        try:
            self._session(secret).send_event(what, dedup_key=key, **event)
        except pdpyras.PDClientError as error:
            return judge(error, secret)
        except requests.RequestException as error:
            return _cut(error, secret)
        return Delivered(Remote(key))

    def _session(self, secret: str) -> pdpyras.EventsAPISession:
        """One per thread and key: requests' sessions are not made for threads."""
        known: dict[str, pdpyras.EventsAPISession] = self._local.__dict__.setdefault("sessions", {})
        session = known.get(secret)
        if session is None:
            if len(known) >= KEPT_SESSIONS:
                known.clear()
            session = known[secret] = pdpyras.EventsAPISession(secret)
            session.url = self._url
            session.timeout = self._timeout
            session.trust_env = False
            session.max_network_attempts = 0
            session.max_http_attempts = -1  # with it, a limited retry is none; 0 in `retry` would be without limit
            session.retry = {429: 1}
        return session


def judge(error: pdpyras.PDClientError, secret: str) -> Refused | Unanswered:
    """202 is success, 400 will never be taken, 429 comes again, 5xx may have been done."""
    response = error.response
    if response is None:
        return _cut(error.__cause__ or error, secret)
    status = response.status_code
    if status == 429:
        wait = str(response.headers.get("Retry-After", ""))
        return Refused("rate_limited", retry_after=int(wait) * 1000 if wait.isdigit() else RATE_LIMIT_WAIT)
    if status == 400:
        return Refused("invalid", _detail(response, secret), permanent=True)
    if status in (401, 403, 404):
        return Refused("auth", f"HTTP {status}", permanent=True)
    if status >= 500 or status < 300:
        return Unanswered("server_error", f"HTTP {status}")
    return Refused("refused", f"HTTP {status}")


def _cut(error: BaseException, secret: str) -> Refused | Unanswered:
    text = str(error).replace(secret, "…")
    if isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in text or "Failed to establish" in text:
        return Refused("unavailable", "no connection")
    if isinstance(error, requests.Timeout) or "timed out" in text:
        return Unanswered("timeout")
    return Unanswered("cut", text[:200])


def _detail(response: requests.Response, secret: str) -> str:
    try:
        found = response.json()
    except ValueError:
        return "HTTP 400"
    errors = found.get("errors") if isinstance(found, dict) else None
    return str(errors or "HTTP 400").replace(secret, "…")[:300]
