"""Notice that the store was emptied under the running gateway, begin anew, and tell what was open before.

What is known of before is told to people and never written back: nobody could say what of it is still true.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from typing import NamedTuple, Protocol

import structlog

from gateway.clock import elapsed_ms, utc_ms
from gateway.decisions.delivery.thing import thing_of
from gateway.decisions.delivery.titles import what_and_where
from gateway.errors import StateUnavailable
from gateway.model.alert import Alert
from gateway.model.changes import Table
from gateway.model.counted import counted
from gateway.model.durations import MINUTE
from gateway.model.incident import Incident
from gateway.model.instants import clock, written
from gateway.model.own_alert import STORE_LOST
from gateway.model.records import load_incident
from gateway.model.rules.rulebook import LabelRules
from gateway.ports import Report
from gateway.state.looking import look_again_and_again
from gateway.state.paging import pages
from gateway.state.shards import Shards
from gateway.state.snapshots import read_snapshots

log = structlog.get_logger("gateway.store_loss")

LOOK_SECONDS = 5.0
REMEMBER_MS = MINUTE  # between two looks at what is open
MOST_OF_THE_TIME = (
    20  # one part in so many at most goes into these looks: a store may hold a million incidents
)
TOLD_MS = 10 * MINUTE  # how long a loss is reported
MAX_TITLES = 20


class Losable(Protocol):
    """A shard of a store that others may empty. `lost` is called when a call finds another epoch there."""

    lost: Callable[[], None]

    async def take_epoch(self) -> None: ...


class OpenIncidents(NamedTuple):
    """How many incidents were open at a look (at `at`, ms, None before the first), and the newest titles."""

    number: int = 0
    titles: tuple[str, ...] = ()
    at: int | None = None

    def __str__(self) -> str:
        more = f" and {self.number - len(self.titles)} more" if self.number > len(self.titles) else ""
        titles = f": {'; '.join(self.titles)}{more}" if self.titles else ""
        if self.at is None:
            return "What was open before is not known."
        were = counted(self.number, "incident was", "incidents were")
        return f"{were} open at {written(self.at)}{titles}. What opened after that is not in this list."


NONE_OPEN = OpenIncidents()


@dataclass(slots=True)
class StoreLossWatch:
    """`begin_anew` does what a start does with an empty store. `labels` returns the rules' words for titles."""

    stores: Sequence[Losable]
    shards: Shards
    labels: Callable[[], LabelRules]
    begin_anew: Callable[[], Awaitable[None]]
    report: Report
    clock: Callable[[], int] = elapsed_ms
    wall: Callable[[], int] = utc_ms
    known: OpenIncidents = NONE_OPEN
    _is_lost: bool = False
    _told: str = ""
    _told_until: int = 0
    _lost_at: int = 0
    _remember_at: int | None = None
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        for store in self.stores:
            store.lost = self._lose

    def _lose(self) -> None:
        self._is_lost = True
        self._wake.set()

    async def run(self) -> None:
        """Look again and again until cancelled, and at once when a call finds that the store was emptied."""

        def away(error: StateUnavailable) -> None:
            log.debug("store_unavailable", error=str(error))

        await look_again_and_again(self.look, self._wake, LOOK_SECONDS, away)

    async def look(self) -> None:
        """Look once. Raises `StateUnavailable`."""
        if self._is_lost:
            await self._recover()
        now = self.clock()
        # People hear of it for a while, also where the first message of it is lost with something else.
        if self._told and now < self._told_until:
            self.report(STORE_LOST, {}, self._told)
        if self._remember_at is None or now >= self._remember_at:
            self.known = await self._open_incidents()
            took = self.clock() - now
            self._remember_at = now + max(REMEMBER_MS, took * MOST_OF_THE_TIME)

    def worries(self) -> list[str]:
        """Return a sentence about the loss for as long as people are told of it."""
        if not self._told or self.clock() >= self._told_until:
            return []
        return [f"the store was emptied at {clock(self._lost_at)}: {STORE_LOST} says what was open before"]

    async def _recover(self) -> None:
        for store in self.stores:
            await store.take_epoch()
        await self.begin_anew()
        self._is_lost = False
        self._told, self._told_until = str(self.known), self.clock() + TOLD_MS
        self._lost_at = self.wall()
        log.error("store_lost", incidents=self.known.number, titles=list(self.known.titles))

    async def _open_incidents(self) -> OpenIncidents:
        """Return the incidents that are open now. Raises `StateUnavailable`, also
        where the store was emptied.
        """
        number, newest, at = 0, list[Incident](), self.wall()
        async for rows in pages(self.shards, Table.INCIDENTS):
            incidents = (load_incident(row.value) for row in rows.values())
            found = [incident for incident in incidents if not incident.resolved_at]
            number += len(found)
            newest = nlargest(MAX_TITLES, [*newest, *found], key=lambda incident: incident.opened_at)
        titles: list[str] = []
        for state in self.shards.states:
            # The read of a script comes last: it fails where the pages above were those of an emptied store.
            await state.now()
            snapshots = await read_snapshots(state, [incident.id for incident in newest])
            titles += [
                self._title([*versioned.snapshot.alerts.values()])
                for versioned in snapshots
                if versioned is not None
            ]
        return OpenIncidents(number, tuple(titles), at)

    def _title(self, alerts: list[Alert]) -> str:
        labels = self.labels()
        ordered = sorted(alerts, key=lambda alert: (not alert.firing, -alert.severity, alert.started_at or 0))
        shown = what_and_where(
            [(alert, thing_of(alert.labels, labels), alert.firing) for alert in ordered], labels
        )
        return str(shown["title"])
