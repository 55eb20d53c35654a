"""Send our own heartbeat to a service outside, for as long as webhooks can be taken and what is due is done.

The service that watches us has to be elsewhere, so that it notices when a machine, a store or a network is
gone: it pages when the requests stop. Every replica sends: the service is content as long as one of them is
well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import structlog

from gateway.errors import StateUnavailable
from gateway.model.changes import Changes
from gateway.model.counted import counted
from gateway.model.durations import SECOND
from gateway.outbound.http_client import HttpClient
from gateway.outbound.http_trouble import no_answer
from gateway.outbound.network import ANSWER_BYTES, Network
from gateway.self_monitoring.auditor import LATE
from gateway.state.shards import Shards
from gateway.state.unheard import unheard_alerts
from gateway.telemetry.own_work import OWN_WORK

log = structlog.get_logger("gateway.heartbeat")

BEAT_SECONDS = 60.0
STORE_SECONDS = 5.0  # a store that takes longer is too slow for webhooks
REQUEST_SECONDS = 10.0
OUTCOMES = ("sent", "failed", "withheld")


class Heartbeat:
    """Sends heartbeats and knows whether they arrive.

    `url` may hold a token: no log, error or metric shows it. `count` hears of every outcome.
    """

    def __init__(self, url: str, shards: Shards, count: Callable[[str], None], network: Network) -> None:
        self._url = url
        self._shards = shards
        self._count = count
        self._client = HttpClient(network, proxy=network.proxy_to(url), connect=REQUEST_SECONDS)
        self.trouble = ""  # why the last one did not arrive

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await self.beat()
            await asyncio.sleep(BEAT_SECONDS)

    async def beat(self) -> None:
        """Beat once, unless something is wrong with us. Nothing else depends on whether it arrives."""
        unfit = await self._unfit()
        self.trouble = unfit or await self._send()
        self._count("withheld" if unfit else "failed" if self.trouble else "sent")
        if self.trouble:
            with OWN_WORK.failed("heartbeat"):
                log.warning("heartbeat_withheld" if unfit else "heartbeat_failed", because=self.trouble)

    async def _unfit(self) -> str:
        """Return why nobody should rely on us now, or an empty text.

        The store is asked what a webhook asks of it: to take a commit that makes history grow.
        """
        try:
            async with asyncio.timeout(STORE_SECONDS):
                for state in self._shards.states:
                    await state.commit(Changes(grows=True))
                # A vendor that takes nothing makes deliveries late; that nobody hears of
                # them is looked at below.
                overdue = (await self._shards.agenda()).overdue
                unheard = (await self._shards.counters()).get("unheard", 0)
            # Every incident is read for it, which may take longer than a webhook may.
            alerts = await unheard_alerts(self._shards) if unheard else []
        except TimeoutError:
            return "the store is too slow"
        except StateUnavailable as error:
            return str(error)
        urgent = sum(alert.count for alert in alerts if alert.urgent and not alert.last_resort)
        # The last resort: whoever watches us is told, where people had to be woken and our own alert about
        # that reaches nobody either.
        if urgent and any(alert.last_resort for alert in alerts):
            return f"nobody can be told of {counted(urgent, 'urgent alert')}, nor that this is so"
        return f"something has been due for {overdue // SECOND} s" if overdue > LATE else ""

    async def _send(self) -> str:
        """Send one request; the answer is empty where it arrived, else why it did not."""
        try:
            answer = await self._client.ask("GET", self._url, seconds=REQUEST_SECONDS, largest=ANSWER_BYTES)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            return no_answer(error)
        return "" if httpx.codes.is_success(answer.status) else f"it was answered {answer.status}"

    async def aclose(self) -> None:
        await self._client.aclose()
