"""The auditor: looks at the books and the agenda every few seconds, shows them as metrics, and speaks up when they are wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from gateway.decisions.books import failing
from gateway.decisions.route import OWN_SUBJECT
from gateway.errors import StateUnavailable
from gateway.intake import Intake
from gateway.model.rulebook import MINUTE
from gateway.ports import Archive
from gateway.reconcile.context import Report
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger("gateway.audit")

EVERY = 5.0  # seconds
LATE = 2 * MINUTE


@dataclass(slots=True)
class Auditor:
    """`in_flight` and `strange` answer the door's bytes and the alerts with unknown severity words."""

    archive: Archive
    intake: Intake
    metrics: Metrics
    report: Report
    in_flight: Callable[[], int]
    strange: Callable[[], int]
    residues: dict[str, int] = field(default_factory=dict)
    overdue: int = 0
    undeliverable: int = 0
    failing: list[str] = field(default_factory=list)
    store_up: bool = True

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Once: metrics, residues and what is overdue; an alert of our own for what stays wrong for two looks."""
        try:
            counted = await self.archive.counters()
            depth, self.overdue = await self.archive.agenda()
        except StateUnavailable as error:
            log.warning("store_unavailable", error=str(error))
            self._state(store_up=False)
            return
        self._state(store_up=True)
        self.undeliverable = counted.get("standing:undeliverable", 0) + counted.get("standing:ends_undeliverable", 0)
        found = self.metrics.audited(counted, depth, self.overdue)
        for identity, residue in found.items():
            if residue and residue == self.residues.get(identity):
                log.error("books_unbalanced", identity=identity, residue=residue)
            if residue and self.residues.get(identity):
                self.report("GatewayBooksUnbalanced", {"identity": identity})
        self.residues = found
        if self.overdue > LATE:
            self.report("GatewayBehind", {})
        self.failing = failing(counted)
        for destination in self.failing:
            self.report("GatewayDeliveryFailing", {"destination": destination, OWN_SUBJECT: destination})

    def _state(self, *, store_up: bool) -> None:
        self.store_up = store_up
        self.metrics.state(
            store_up=store_up, lost_races=self.intake.lost_races, in_flight=self.in_flight(), strange=self.strange()
        )
