"""The gateway's own alerts take the same path as everybody's, at most one per name and labels.

An alert of our own fires for as long as a replica goes on reporting it. The last report of each, and its
time, stand in one row of the store, so that every replica raises and ends what another reported, also after
a restart. A report is raised even if it was over again before the next look.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import NamedTuple

import structlog

from gateway.errors import StateUnavailable
from gateway.model.alert import Observation, fingerprint
from gateway.model.changes import Cell, Changes, Query, Row, Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.own_alert import OwnAlert
from gateway.model.records import load_alert
from gateway.ports import Intake, Store
from gateway.state.transact import transact

log = structlog.get_logger("gateway.own_alerts")

LOOK_SECONDS = 5.0  # between two looks at what other replicas report
SAID_AGAIN = 30 * SECOND  # how often a claim that goes on is written down
STANDS = 3 * MINUTE  # how long a claim stands after it was last written down
CLAIMS = Cell(Table.META, "own_alerts")


class Claim(NamedTuple):
    """A claim that something is wrong; `said_at` is when a replica last said so (ms, store's clock), None
    until it is written down.
    """

    name: str
    labels: Mapping[str, str]
    said_at: int | None = None
    details: str = ""

    @property
    def alert(self) -> OwnAlert:
        return OwnAlert(self.name, self.labels, self.details)

    def stands(self, now: int) -> bool:
        return self.said_at is not None and now - self.said_at < STANDS


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
        """Report that something is wrong; call it again, at next to no cost, for as long as that is true."""
        key = f"{name} {fingerprint(dict(labels))}"
        self._said[key] = Claim(name, labels, details=details)
        if key not in self._standing:
            self._wake.set()

    async def run(self) -> None:
        """Look again and again until cancelled. A store that is away is waited for."""
        while True:
            try:
                await self.look()
            except StateUnavailable as error:
                log.warning("own_alert_delayed", error=str(error))
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def look(self) -> None:
        """Write down what was said here, and bring the alerts in line with all claims that stand.

        A claim that stands no more is forgotten only when its alert no longer fires, so that a replica that
        is killed in between leaves no alert behind. Raises `StateUnavailable`.
        """
        said = self._said.copy()

        async def read() -> _Read:
            gathered = await self._store.gather(Query(cells=(CLAIMS,)))
            before, now = _load(gathered.rows[CLAIMS]), gathered.now
            claims = before | {
                key: claim._replace(said_at=now)
                for key, claim in said.items()
                if _is_news(before.get(key), now)
            }
            return _Read(gathered.rows[CLAIMS].version, before, claims, await self._firing(claims), now)

        seen, claims = (await transact(self._store, "own_alerts", read, _settle)).answer
        self._standing = claims
        self._said = {key: claim for key, claim in self._said.items() if said.get(key) is not claim}
        if seen:
            await self._intake.accept(seen, [])

    async def _firing(self, claims: Claims) -> set[str]:
        """Return those of the claims whose alert fires in the store, as a copy of our own."""
        if not claims:
            return set()
        alerts = [claim.alert for claim in claims.values()]
        found = await self._store.gather(
            Query([alert.copy for alert in alerts], [alert.identity for alert in alerts])
        )
        copies = [load_alert(row.value).copies if row.value else {} for _, row in found.alerts]
        return {key for key, alert, held in zip(claims, alerts, copies, strict=True) if alert.fires(held)}


class _Read(NamedTuple):
    """The claims of the store, the same with what was said here, and the keys of those whose alerts fire."""

    version: bytes
    before: Claims
    claims: Claims
    firing: set[str]
    now: int


def _settle(read: _Read) -> tuple[Changes | None, tuple[list[Observation], Claims]]:
    """Decide which claims are kept, and which alerts are raised or ended for them."""
    now, firing = read.now, read.firing
    claims = {key: claim for key, claim in read.claims.items() if claim.stands(now) or key in firing}
    changed = [claim for key, claim in claims.items() if claim.stands(now) is not (key in firing)]
    seen = [claim.alert.observed(now, firing=claim.stands(now)) for claim in changed]
    if claims == read.before:
        return None, (seen, claims)
    text = json.dumps({key: list(claim) for key, claim in claims.items()})
    return Changes(expect={CLAIMS: read.version}, put={CLAIMS: text.encode()}), (seen, claims)


def _is_news(standing: Claim | None, now: int) -> bool:
    return standing is None or standing.said_at is None or now - standing.said_at >= SAID_AGAIN


def _load(row: Row) -> Claims:
    found = json.loads(row.value) if row.value else {}
    return {key: Claim(*fields) for key, fields in found.items()}
