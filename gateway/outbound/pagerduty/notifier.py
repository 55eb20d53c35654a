"""PagerDuty by its Events API: trigger, acknowledge and resolve under one key per incident and generation.

Its client is synchronous, so each send has a worker thread.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gateway.model.ledger import Endpoint, MessageRef, Note
from gateway.model.notification import Answer, Delivered, Notification, Refused, Unanswered
from gateway.outbound.network import Network
from gateway.outbound.never_looked import NeverLooked
from gateway.outbound.pagerduty.event import dedup_key
from gateway.outbound.pagerduty.plainer_forms import next_omission, steps_without
from gateway.outbound.pagerduty.sessions import Line, Sessions
from gateway.outbound.plainer import Omitted, send_plainer_in_time
from gateway.outbound.thread_call import ThreadCall

WORKERS = 32  # a service that hangs, or dribbles, keeps one until the time of its call is over


class PagerDutyNotifier(NeverLooked):
    """A repeated event under the same key is harmless, so nothing is read back. `timeout` in seconds bounds
    a whole notification. `events_url` is PagerDuty's, for destinations that have none of their own.
    """

    takes_notes = False

    def __init__(self, events_url: str, timeout: float = 8.0, network: Network | None = None) -> None:
        self._events_url = events_url
        self._timeout = timeout
        self._network = network or Network()
        self._pool = ThreadPoolExecutor(WORKERS, "pagerduty")
        self._sessions = Sessions(self._network.tls_when_needed("urllib3"))

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
        """Send the newest state."""
        del attempt, message_ref
        key = dedup_key(notification)

        async def send(omitted: Omitted) -> Answer:
            return await self._send(endpoint, secret, key, *steps_without(notification, omitted))

        return await send_plainer_in_time(
            self._timeout, send, lambda refused, omitted: next_omission(refused, omitted, notification)
        )

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

    async def withdraw(self, endpoint: Endpoint, secret: str, message_ref: MessageRef) -> Answer:
        return await self._send(endpoint, secret, message_ref.id, ("resolve", {}))

    async def _send(
        self, endpoint: Endpoint, secret: str, key: str, *steps: tuple[str, dict[str, Any]]
    ) -> Answer:
        """Send the steps in order, up to the first that is not taken.

        A step that has no worker yet when the time is over is not sent.
        """
        way = self._network.way(endpoint, self._events_url)
        if isinstance(way, Refused):
            return way
        line, loop = Line(secret, way), asyncio.get_running_loop()
        call = ThreadCall(self._network.names, self._timeout)
        try:
            async with asyncio.timeout(self._timeout):
                for what, fields in steps:
                    event = {"event_action": what, "dedup_key": key, **fields}
                    trouble = await loop.run_in_executor(self._pool, self._sessions.send, line, event, call)
                    if trouble is not None:
                        return trouble
        except TimeoutError:
            # PagerDuty may have taken the event. Under the same dedup key a repeat
            # pages nobody a second time.
            return Unanswered("timeout")
        finally:
            # Without its connection the thread is free at once, for the next page.
            call.cut()
        return Delivered(MessageRef(key))
