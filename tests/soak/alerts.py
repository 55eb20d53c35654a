"""A fixed set of alerts that fire and end for ever: each fires for half a turn and rests for the other half.

A tenth of a second belongs to one alert that begins and one that ends, so that at any time about as many fire.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from math import inf
from typing import NamedTuple

import httpx

from tests.support.processes import alert, body
from tests.support.storm import TEAMS, stamp

PAGED = 1_000  # alerts that page and stand in Slack, some to an incident
OF_A_SERVICE = 20
OWN = 1_000  # alerts with an incident each, told to a webhook: what an incident leaves behind adds up quickest here
TICK = 0.05  # seconds between two webhooks
LEAST = (
    45.0  # seconds between two webhooks of one alert, so that people are told of each life whatever is killed
)
FIRST_WAIT, LONGEST_WAIT = 0.5, 5.0  # seconds between tries, as Alertmanager's

RULES = """
destinations:
  chat:  {slack: {channel: "#{team}-alerts", allow: [t0, t1, t2, t3, t4, t5, t6, t7]}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
  hook:  {webhook: {url: {env: HOOK_URL}}}
routes:
  - {name: paged, match: ['severity="critical"'], notify: [chat], page: [pager], group_wait: 1s, update_interval: 2s, resolve_after: 1s}
  - {name: told, match: ['severity="warning"'], notify: [hook], group_wait: 200ms, update_interval: 500ms, resolve_after: 500ms}
correlate:
  - {name: of-a-service, by: [service], window: 1h}
"""


@dataclass(slots=True)
class Endless:
    """One of the alerts. `lock`: its webhooks are taken in the order in which they were made; `taken_at` is when the
    last one was, by the loop's clock.
    """

    name: str
    service: str
    severity: str
    team: str
    begins: bool  # it is the first of its service, so that a new incident begins with it
    starts: str = ""
    taken_at: float = -LEAST
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def fired(self) -> dict[str, object]:
        self.starts = stamp()
        return self._said("")

    def ended(self) -> dict[str, object]:
        return self._said(stamp())

    def _said(self, ends: str) -> dict[str, object]:
        labels = {"severity": self.severity, "team": self.team}
        return body(alert(self.service, starts=self.starts, ends=ends, name=self.name, **labels))


def paged() -> list[Endless]:
    found = []
    for place in range(PAGED):
        number = place // OF_A_SERVICE
        begins = place % OF_A_SERVICE == 0
        found.append(Endless(f"Paged{place}", f"p{number}", "critical", f"t{number % TEAMS}", begins=begins))
    return found


def own() -> list[Endless]:
    return [Endless(f"Own{place}", f"h{place}", "warning", "none", begins=True) for place in range(OWN)]


def in_turn(alerts: list[Endless]) -> Iterator[tuple[Endless, bool]]:
    """One that begins, then one that began half a turn ago and ends."""
    half = len(alerts) // 2
    place = 0
    while True:
        yield alerts[place % len(alerts)], True
        if place >= half:
            yield alerts[(place - half) % len(alerts)], False
        place += 1


class Life(NamedTuple):
    """From when to when somebody has to be told of a service, in Unix time: it was taken that it fires, and then
    that it has ended.
    """

    service: str
    fired: float
    ended: float = inf


@dataclass
class Load:
    """20 webhooks a second to the gateways; one that is not taken comes again. `lives` has one entry for each time that
    a service began to fire.
    """

    urls: list[str]
    least: float = LEAST
    lives: list[Life] = field(default_factory=list)
    _open: dict[str, int] = field(default_factory=dict)  # by service, where its life stands in `lives`
    webhooks: int = 0
    refused: int = 0
    sets: list[list[Endless]] = field(default_factory=lambda: [paged(), own()])
    firing: set[str] = field(default_factory=set)

    async def run(self, seconds: float) -> None:
        """Send for so long, and return when everything is taken."""
        turns = cycle([in_turn(alerts) for alerts in self.sets])
        loop = asyncio.get_running_loop()
        over = due = loop.time()
        over += seconds
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client, asyncio.TaskGroup() as group:
            while loop.time() < over:
                endless, fires = next(next(turns))
                group.create_task(self._tell(client, endless, fires=fires))
                # A machine that was away for a while is not asked for all of that at once.
                due = max(due + TICK, loop.time() - 1)
                await asyncio.sleep(max(0.0, due - loop.time()))

    async def end_all(self) -> None:
        """End what still fires, and return when that is taken."""
        still = [one for alerts in self.sets for one in alerts if one.name in self.firing]
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client, asyncio.TaskGroup() as group:
            for endless in still:
                group.create_task(self._tell(client, endless, fires=False))
                await asyncio.sleep(TICK / 2)

    async def _tell(self, client: httpx.AsyncClient, endless: Endless, *, fires: bool) -> None:
        (self.firing.add if fires else self.firing.discard)(endless.name)
        async with endless.lock:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, endless.taken_at + self.least - loop.time()))
            await self._until_taken(client, endless.fired() if fires else endless.ended())
            endless.taken_at = loop.time()
            if endless.begins:
                self._note(endless.service, fires=fires)

    def _note(self, service: str, *, fires: bool) -> None:
        if fires:
            self._open[service] = len(self.lives)
            self.lives.append(Life(service, time.time()))
        else:
            place = self._open.pop(service)
            self.lives[place] = self.lives[place]._replace(ended=time.time())

    async def _until_taken(self, client: httpx.AsyncClient, said: dict[str, object]) -> None:
        wait, tries = FIRST_WAIT, self.webhooks
        self.webhooks += 1
        while True:
            url = self.urls[tries % len(self.urls)]
            try:
                answer = await client.post(f"{url}/webhooks/alertmanager", json=said)
                if answer.status_code == 200:
                    return
            except httpx.TransportError:
                pass
            self.refused += 1
            tries += 1
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, LONGEST_WAIT)
