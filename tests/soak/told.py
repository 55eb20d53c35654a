"""What people and the receiver of webhooks were told, compared with what fired."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Any, NamedTuple

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.sandbox.pagerduty.account import Incident
from gateway.sandbox.server import LocalServer
from tests.soak.alerts import Life
from tests.support.storm import Vendors, told_in_slack

GATEWAY = "alert-gateway"  # the service of the gateway's own alerts


class Telling(NamedTuple):
    """That a service fires, from when to when it was said, in Unix time; `alert` is the first alert of it."""

    service: str
    begun: float
    ended: float = inf
    alert: str = ""

    def covers(self, life: Life) -> bool:
        return self.begun <= life.ended and self.ended >= life.fired


@dataclass
class Receiver:
    """Takes the gateway's webhooks and keeps what each incident was told to be."""

    tellings: dict[str, Telling] = field(default_factory=dict)  # by key
    _newest: dict[str, datetime] = field(default_factory=dict)  # by key, the latest time that was said
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
        self.note(body)
        return Response(status_code=204)

    def note(self, body: dict[str, Any]) -> None:
        """Take the state of a body, unless a later one came before it."""
        # As times and not as text: a whole second is said without a fraction, and would come after its half.
        data, said = body["data"], datetime.fromisoformat(body["timestamp"])
        if "state" not in data or said < self._newest.get(data["key"], said):
            return
        self._newest[data["key"]] = said
        labels = data["alerts"][0]["labels"]
        before = self.tellings.get(data["key"])
        begun = before or Telling(labels["service"], time.time(), alert=labels["alertname"])
        ended = time.time() if body["type"] == "incident.ended" else inf
        self.tellings[data["key"]] = begun._replace(ended=ended)


@dataclass(frozen=True)
class Told:
    """`lost` counts lives of which nobody was told, `doubled` what was told beyond one of each; `owing` names what was
    told firing and not told ended.

    The gateway's own alerts are no lives: they fire for as long as their cause lasts, and minutes longer. `own` names
    those that were told, one for each place, and `standing` those of them that are not told ended.
    """

    lost: int
    doubled: int
    owing: tuple[str, ...] = ()
    residue: int = 0
    own: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()

    @property
    def owed(self) -> int:
        return len(self.owing)

    @property
    def well(self) -> bool:
        """Return whether nothing is amiss with the alerts that were sent."""
        return not (self.lost or self.doubled or self.owed or self.residue)

    def __str__(self) -> str:
        return f"{self.lost}, {self.doubled}, {self.owed}, {self.residue}"


def told(lives: Sequence[Life], vendors: Vendors, receiver: Receiver, residue: int) -> Told:
    """Compare the lives of the services with what was told of them.

    An end that is told late, after kills, may come when the service fires again: then one telling is of both lives.
    """
    channels = {
        "PagerDuty": pages(vendors),
        "Slack": posts(vendors),
        "webhook": [*receiver.tellings.values()],
    }
    return compared(lives, channels, residue)


def compared(lives: Sequence[Life], channels: Mapping[str, Sequence[Telling]], residue: int) -> Told:
    """Compare what was to be told with what was told in each channel, by its name."""
    paged = [life for life in lives if life.service[0] == "p"]
    own = [life for life in lives if life.service[0] == "h"]
    wanted = {"PagerDuty": paged, "Slack": paged, "webhook": own}
    theirs = {name: [one for one in there if one.service != GATEWAY] for name, there in channels.items()}
    ours = [(name, one) for name, there in channels.items() for one in there if one.service == GATEWAY]
    return Told(
        lost=sum(uncovered(wanted[name], there) for name, there in theirs.items()),
        doubled=sum(beyond(wanted[name], there) for name, there in theirs.items()),
        owing=tuple(
            f"{one.service} ({name})" for name, there in theirs.items() for one in there if one.ended == inf
        ),
        residue=residue,
        own=tuple(f"{one.alert} ({name})" for name, one in ours),
        standing=tuple(f"{one.alert} ({name})" for name, one in ours if one.ended == inf),
    )


def uncovered(lives: Iterable[Life], tellings: Iterable[Telling]) -> int:
    of_service: dict[str, list[Telling]] = {}
    for one in tellings:
        of_service.setdefault(one.service, []).append(one)
    return sum(not any(one.covers(life) for one in of_service.get(life.service, ())) for life in lives)


def beyond(lives: Iterable[Life], tellings: Iterable[Telling]) -> int:
    """Count what was told beyond one of each life. A message of which nobody was paged names no service."""
    wanted = Counter(life.service for life in lives)
    there = Counter(one.service for one in tellings if one.service in wanted)
    return (there - wanted).total()


def pages(vendors: Vendors) -> list[Telling]:
    return [
        Telling(
            service_of(one),
            one.opened_at.timestamp(),
            one.resolved_at.timestamp() if one.resolved_at else inf,
            str(one.payload.get("class", "")),
        )
        for one in vendors.pagerduty.incidents
    ]


def posts(vendors: Vendors) -> list[Telling]:
    """The messages in Slack; which service each is of is told by PagerDuty's event of its incident."""
    services = {one.dedup_key.partition(".")[0]: service_of(one) for one in vendors.pagerduty.incidents}
    found = []
    for message in told_in_slack(vendors):
        incident = str((message.metadata or {})["event_payload"]["incident"])  # type: ignore[index]
        edited = message.edited_at.timestamp() if message.edited_at else inf
        ended = edited if "Resolved" in message.text else inf
        found.append(Telling(services.get(incident, incident), message.posted_at.timestamp(), ended))
    return found


def service_of(incident: Incident) -> str:
    """The service that the event names. The title says other names too: those of what could not be told, say."""
    return str(incident.payload.get("component", ""))
