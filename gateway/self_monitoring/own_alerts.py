"""The gateway's own alerts: they take the same path as everybody's, at most one per name and labels.

One fires for as long as somebody goes on saying so. What was said last, and when, stands in one row of the store, so that every
replica raises and ends by it what another said, also after a restart; what comes and goes quickly is heard of all the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import NamedTuple

import structlog

from gateway.errors import StateUnavailable
from gateway.model.alert import fingerprint
from gateway.model.changes import Cell, Changes, CommitOutcome, Query, Row, Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.own_alert import OwnAlert
from gateway.model.records import load_alert
from gateway.ports import Intake, Store

log = structlog.get_logger("gateway.own_alerts")

EVERY = 5.0  # seconds between two looks at what other replicas say
SAID_AGAIN = 30 * SECOND  # how often a claim that goes on is written down
STANDS = 3 * MINUTE  # how long a claim stands after it was last written down
CLAIMS = Cell(Table.META, "own_alerts")


class Claim(NamedTuple):
    """That something is wrong; `said_at` is when some replica last said so, in ms of the store's clock."""

    name: str
    labels: Mapping[str, str]
    said_at: int = 0
    details: str = ""

    @property
    def alert(self) -> OwnAlert:
        return OwnAlert(self.name, self.labels, self.details)

    def stands(self, now: int) -> bool:
        return now - self.said_at < STANDS


Claims = dict[str, Claim]  # by name and labels


class OwnAlerts:
    """Takes reports from anywhere without waiting, and brings the alerts in line with what stands."""

    def __init__(self, intake: Intake, store: Store) -> None:
        self._intake = intake
        self._store = store
        self._said: Claims = {}  # here, and not written down yet
        self._standing: Claims = {}  # what the store has
        self._wake = asyncio.Event()

    def report(self, name: str, labels: Mapping[str, str], details: str = "", /) -> None:
        """To be said again for as long as it is true; it costs next to nothing."""
        key = f"{name} {fingerprint(dict(labels))}"
        self._said[key] = Claim(name, labels, details=details)
        if key not in self._standing:
            self._wake.set()

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
        """Once: what was said here is written down, and what should fire is compared with what does. Raises `StateUnavailable`.

        A claim that stands no more is forgotten when its alert no longer fires: whoever is killed meanwhile leaves nothing behind.
        """
        gathered = await self._store.gather(Query(cells=(CLAIMS,)))
        row, now = gathered.rows[CLAIMS], gathered.now
        before, said = _load(row), self._said.copy()
        claims = before | {key: one._replace(said_at=now) for key, one in said.items() if _is_news(before.get(key), now)}
        firing = await self._firing(claims)
        claims = {key: one for key, one in claims.items() if one.stands(now) or key in firing}
        if claims != before and not await self._write(row, claims):
            return
        self._standing = claims
        self._said = {key: one for key, one in self._said.items() if said.get(key) is not one}
        changed = [one for key, one in claims.items() if one.stands(now) is not (key in firing)]
        seen = [one.alert.observed(now, firing=one.stands(now)) for one in changed]
        if seen:
            await self._intake.accept(seen, [])

    async def _firing(self, claims: Claims) -> set[str]:
        """Those of which our own copy fires in the store."""
        if not claims:
            return set()
        ask = Query([one.alert.copy for one in claims.values()], [one.alert.identity for one in claims.values()])
        found = (await self._store.gather(ask)).alerts
        alerts = [load_alert(row.value).copies if row.value else {} for _, row in found]
        return {key for (key, one), copies in zip(claims.items(), alerts, strict=True) if one.alert.fires(copies)}

    async def _write(self, row: Row, claims: Claims) -> bool:
        """False where another replica was quicker: the next look does it."""
        text = json.dumps({key: list(one) for key, one in claims.items()})
        committed = await self._store.commit(Changes(expect={CLAIMS: row.version}, put={CLAIMS: text.encode()}))
        if committed.outcome is not CommitOutcome.DONE:
            self._wake.set()
        return committed.outcome is CommitOutcome.DONE


def _is_news(standing: Claim | None, now: int) -> bool:
    return standing is None or now - standing.said_at >= SAID_AGAIN


def _load(row: Row) -> Claims:
    found = json.loads(row.value) if row.value else {}
    return {key: Claim(*one) for key, one in found.items()}
