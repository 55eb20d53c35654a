"""What people and the receiver of webhooks were told, compared with what fired."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.sandbox.server import LocalServer
from tests.soak.alerts import Life
from tests.support.storm import Vendors, told_in_slack

SERVICE = re.compile(r"\bp\d+\b")


class Telling(NamedTuple):
    """That a service fires, from when to when it was said, in Unix time."""

    service: str
    begun: float
    ended: float = inf

    def covers(self, life: Life) -> bool:
        return self.begun <= life.ended and self.ended >= life.fired


@dataclass
class Receiver:
    """Takes the gateway's webhooks and keeps what each incident was told to be."""

    tellings: dict[str, Telling] = field(default_factory=dict)  # by key
    _newest: dict[str, str] = field(default_factory=dict)  # by key, the latest time that was said
    _server: LocalServer = field(default_factory=LocalServer)

    @property
    def url(self) -> str:
        return f"{self._server.url}/hook"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Receiver]:
        app = Starlette(routes=[Route("/hook", self._take, methods=["POST"])])
        async with self._server.running(app, 0):
            yield self

    async def _take(self, request: Request) -> Response:
        try:
            body = msgspec.json.decode(await request.body())
        except ClientDisconnect:  # it was killed while it sent: it sends that again
            return Response(status_code=400)
        data, said = body["data"], str(body["timestamp"])
        if "state" in data and said >= self._newest.get(data["key"], ""):
            self._newest[data["key"]] = said
            before = self.tellings.get(data["key"])
            begun = before or Telling(data["alerts"][0]["labels"]["service"], time.time())
            ended = time.time() if body["type"] == "incident.ended" else inf
            self.tellings[data["key"]] = begun._replace(ended=ended)
        return Response(status_code=204)


@dataclass(frozen=True)
class Told:
    """`lost` counts lives of which nobody was told, `doubled` what was told beyond one of each; `owing` names what was
    told firing and not told ended.
    """

    lost: int
    doubled: int
    owing: tuple[str, ...] = ()
    residue: int = 0

    @property
    def owed(self) -> int:
        return len(self.owing)

    @property
    def well(self) -> bool:
        return not (self.lost or self.doubled or self.owed or self.residue)

    def __str__(self) -> str:
        return f"{self.lost}, {self.doubled}, {self.owed}, {self.residue}"


def told(lives: Sequence[Life], vendors: Vendors, receiver: Receiver, residue: int) -> Told:
    """Compare the lives of the services with what was told of them.

    An end that is told late, after kills, may come when the service fires again: then one telling is of both lives.
    """
    paged = [life for life in lives if life.service[0] == "p"]
    own = [life for life in lives if life.service[0] == "h"]
    channels = [
        (paged, pages(vendors)),
        (paged, posts(vendors)),
        (own, list(receiver.tellings.values())),
    ]
    return Told(
        lost=sum(uncovered(wanted, there) for wanted, there in channels),
        doubled=sum(beyond(wanted, there) for wanted, there in channels),
        owing=tuple(one.service for _, there in channels for one in there if one.ended == inf),
        residue=residue,
    )


def uncovered(lives: Iterable[Life], tellings: Iterable[Telling]) -> int:
    of_service: dict[str, list[Telling]] = {}
    for one in tellings:
        of_service.setdefault(one.service, []).append(one)
    return sum(not any(one.covers(life) for one in of_service.get(life.service, ())) for life in lives)


def beyond(lives: Iterable[Life], tellings: Iterable[Telling]) -> int:
    """Count what was told beyond one of each life; the gateway's own alerts are of no service."""
    wanted = Counter(life.service for life in lives)
    there = Counter(one.service for one in tellings if one.service in wanted)
    return (there - wanted).total()


def pages(vendors: Vendors) -> list[Telling]:
    return [
        Telling(
            service_of(one.title),
            one.opened_at.timestamp(),
            one.resolved_at.timestamp() if one.resolved_at else inf,
        )
        for one in vendors.pagerduty.incidents
    ]


def posts(vendors: Vendors) -> list[Telling]:
    """The messages in Slack; which service each is of is told by PagerDuty's title of its incident."""
    services = {one.dedup_key.partition(".")[0]: service_of(one.title) for one in vendors.pagerduty.incidents}
    found = []
    for message in told_in_slack(vendors):
        incident = str((message.metadata or {})["event_payload"]["incident"])  # type: ignore[index]
        edited = message.edited_at.timestamp() if message.edited_at else inf
        ended = edited if "Resolved" in message.text else inf
        found.append(Telling(services.get(incident, incident), message.posted_at.timestamp(), ended))
    return found


def service_of(title: str) -> str:
    found = SERVICE.search(title)
    return found.group() if found else title
