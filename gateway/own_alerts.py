"""The gateway's own alerts: they take the same path as everybody's, at most one per name and labels.

Which of them fire stands in one row of the store, so that every replica sees what another raised, also after a restart. A claim
stands for a while after it was last made: whoever sees that all is well ends it then, so that what comes and goes is heard of.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import NamedTuple

import structlog

from gateway.decisions.route import OWN_SOURCE
from gateway.errors import StateUnavailable
from gateway.model.alert import Observation, fingerprint, identity
from gateway.model.changes import Ask, Cell, Changes, Fate, Row, Table
from gateway.model.rulebook import MINUTE, SECOND
from gateway.model.severity import Severity
from gateway.ports import Intake, Store

log = structlog.get_logger("gateway.own_alerts")

EVERY = 5.0  # seconds between two looks at what other replicas say
SAID_AGAIN = 30 * SECOND  # how often a claim that goes on is written down
STANDS = 3 * MINUTE  # how long a claim stands after it was last made
FIRING = Cell(Table.META, "own_alerts")

TEXTS = {
    "GatewayStuck": (Severity.CRITICAL, "The gateway cannot work on {subject}", "Its log says why (subject_failed)."),
    "GatewayDeliveryFailing": (
        Severity.ERROR,
        "Notifications cannot be delivered to {destination}",
        "What it should have been told goes to its fallback, where it has one. /api/v1/dead-letters lists what was refused for good.",
    ),
    "GatewayBooksUnbalanced": (Severity.ERROR, "The books do not balance: {identity}", "Please report this: it is a fault of the gateway."),
    "GatewayBehind": (Severity.WARNING, "Notifications are late", "Something has been due for over two minutes: see gateway_agenda_overdue_seconds."),
    "GatewayRulesRejected": (Severity.WARNING, "The rule files have errors", "The last good rules stay in force; `gateway check` says what is wrong."),
}  # fmt: skip


class Claim(NamedTuple):
    """An own alert that fires; `said_at` is when some replica last said so, in ms of the store's clock."""

    name: str
    labels: Mapping[str, str]
    said_at: int

    @property
    def full(self) -> dict[str, str]:
        return {"alertname": self.name, "severity": TEXTS[self.name][0].word, "service": "alert-gateway", **self.labels}


class OwnAlerts:
    """Takes reports from anywhere without waiting, and feeds what changes to intake, one after the other."""

    def __init__(self, intake: Intake, store: Store) -> None:
        self._intake = intake
        self._store = store
        self._claims: dict[str, Claim] = {}  # said here since the last look
        self._ends: set[str] = set()  # said here to be over
        self._firing: dict[str, Claim] = {}  # what the store has
        self._wake = asyncio.Event()

    def report(self, name: str, labels: Mapping[str, str], firing: bool) -> None:
        """A report that changes nothing costs next to nothing."""
        key = f"{name} {fingerprint(dict(labels))}"
        if firing:
            self._claims[key] = Claim(name, labels, 0)
            self._ends.discard(key)
            if key not in self._firing:
                self._wake.set()
        elif key in self._firing or key in self._claims:
            self._claims.pop(key, None)
            self._ends.add(key)

    def failing(self) -> list[str]:
        """The destinations that cannot be reached, as far as anybody knows."""
        return sorted(one.labels["destination"] for one in self._firing.values() if one.name == "GatewayDeliveryFailing")

    async def run(self) -> None:
        """Until cancelled. A store that is away is waited for."""
        while True:
            try:
                await self.look()
            except StateUnavailable as error:
                log.warning("own_alert_delayed", error=str(error))
            try:
                async with asyncio.timeout(EVERY):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def look(self) -> None:
        """Once: what others say is taken in, what was said here is raised, said again or ended. Raises `StateUnavailable`."""
        gathered = await self._store.gather(Ask(cells=(FIRING,)))
        row, now = gathered.rows[FIRING], gathered.now
        self._firing = _load(row)
        claims = {key: one for key, one in self._claims.items() if self._is_news(key, now)}
        over = [key for key in self._ends & self._firing.keys() if now - self._firing[key].said_at >= STANDS]
        self._ends &= self._firing.keys()
        seen = [_observation(one, now, firing=True) for key, one in claims.items() if key not in self._firing]
        seen += [_observation(self._firing[key], now, firing=False) for key in over]
        if seen:
            await self._intake.accept(seen, [])
        if claims or over:
            said = {key: one._replace(said_at=now) for key, one in claims.items()}
            if not await self._write(row, {key: one for key, one in (self._firing | said).items() if key not in over}):
                return
        self._claims = {key: one for key, one in self._claims.items() if key not in claims and self._is_news(key, now)}
        self._ends -= set(over)

    def _is_news(self, key: str, now: int) -> bool:
        return key not in self._firing or now - self._firing[key].said_at >= SAID_AGAIN

    async def _write(self, row: Row, firing: Mapping[str, Claim]) -> bool:
        """False where another replica was quicker: the next look does it."""
        text = json.dumps({key: list(one) for key, one in firing.items()})
        committed = await self._store.commit(Changes(expect={FIRING: row.version}, put={FIRING: text.encode()}))
        if committed.fate is not Fate.DONE:
            self._wake.set()
            return False
        self._firing = dict(firing)
        return True


def _load(row: Row) -> dict[str, Claim]:
    found = json.loads(row.value) if row.value else {}
    return {key: Claim(*one) for key, one in found.items()}


def _observation(claim: Claim, now: int, *, firing: bool) -> Observation:
    full = claim.full
    severity, summary, description = TEXTS[claim.name]
    return Observation(
        copy=f"{OWN_SOURCE}{fingerprint(full)}",
        alert=identity(full),
        labels=full,
        annotations={"summary": summary.format_map(full), "description": description},
        severity=severity,
        firing=firing,
        starts_at=now,
        ends_at=0 if firing else now,
    )
