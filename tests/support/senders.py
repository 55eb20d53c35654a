"""A sender as Alertmanager is one: a webhook that is not taken comes again, and every answer is kept."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx

from tests.support.processes import alert, body
from tests.support.storm import stamp, team

FIRST, GROWTH, LONGEST = 0.5, 1.5, 5.0  # seconds between tries; Alertmanager's longest is a minute


@dataclass
class Sender:
    """`answers` counts status codes, 0 for none; `tried` and `taken` are when each name was first sent and when it was
    answered 200, in Unix time.
    """

    urls: list[str]
    headers: dict[str, str] = field(default_factory=dict)
    severity: str = "critical"
    answers: Counter[int] = field(default_factory=Counter)
    tried: dict[str, float] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)

    async def fire(self, name: str) -> None:
        """Until it is taken."""
        starts = self.started.setdefault(name, stamp())
        self.tried.setdefault(name, time.time())
        await self._send(body(self._alert(name, starts)))
        self.taken.setdefault(name, time.time())

    async def end(self, names: list[str]) -> None:
        ends = stamp()
        await self._send(body(*[self._alert(name, self.started[name], ends) for name in names]))

    def _alert(self, name: str, starts: str, ends: str = "") -> dict[str, object]:
        return alert(name, starts=starts, ends=ends, team=team(name), severity=self.severity)

    async def fire_in_turn(self, names: list[str], apart: float) -> None:
        """One after another, each by itself, so that one that is not taken holds up no other."""
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(self.fire(name))
                await asyncio.sleep(apart)

    async def _send(self, what: dict[str, object]) -> None:
        wait, tries = FIRST, 0
        # Each try has a connection of its own: one that idles for two seconds without a token is closed, and a try at
        # that very moment would have no answer.
        fresh = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(
            timeout=30, trust_env=False, headers=self.headers, limits=fresh
        ) as client:
            while True:
                url = self.urls[tries % len(self.urls)]
                try:
                    status = (await client.post(f"{url}/webhooks/alertmanager", json=what)).status_code
                except httpx.TransportError:
                    status = 0
                self.answers[status] += 1
                if status == 200:
                    return
                tries += 1
                await asyncio.sleep(wait)
                wait = min(wait * GROWTH, LONGEST)
