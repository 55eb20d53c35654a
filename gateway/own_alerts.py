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

from gateway.decisions.route import OWN_SOURCE
from gateway.errors import StateUnavailable
from gateway.model.alert import Observation, fingerprint, identity
from gateway.model.changes import Ask, Cell, Changes, Fate, Row, Table
from gateway.model.records import load_alert
from gateway.model.rulebook import MINUTE, SECOND
from gateway.model.severity import Severity
from gateway.ports import Intake, Store

log = structlog.get_logger("gateway.own_alerts")

EVERY = 5.0  # seconds between two looks at what other replicas say
SAID_AGAIN = 30 * SECOND  # how often a claim that goes on is written down
STANDS = 3 * MINUTE  # how long a claim stands after it was last written down
CLAIMS = Cell(Table.META, "own_alerts")

TEXTS = {
    "GatewayStuck": (Severity.CRITICAL, "The gateway cannot work on {subject}", "Its log says why (subject_failed)."),
    "GatewayDeliveryFailing": (
        Severity.ERROR,
        "Notifications cannot be delivered to {destination}",
        "What it should have been told goes to its fallback, where it has one. /api/v1/dead-letters lists what was refused for good.",
    ),
    "GatewayUnheard": (Severity.CRITICAL, "Nobody could be told of some incidents", "Every destination of them fails. /health counts them, the log names them (nobody_can_be_told)."),
    "GatewayBooksUnbalanced": (Severity.ERROR, "The books do not balance: {identity}", "Please report this: it is a fault of the gateway."),
    "GatewayBehind": (Severity.WARNING, "Notifications are late", "Something has been due for over two minutes: see gateway_agenda_overdue_seconds."),
    "GatewaySilenceEnding": (Severity.INFO, "Silence {silence} by {owner} ends soon, and alerts still fire under it", "`gateway silence extend {silence}` gives it more time."),
    "GatewayPaused": (Severity.WARNING, "Nobody is paged: {by} paused it", "`gateway pause --end` lifts it before its time."),
    "GatewayBypassed": (Severity.WARNING, "Nothing is suppressed: {by} ordered a bypass", "`gateway bypass --end` lifts it before its time."),
    "GatewaySourceDoubtful": (Severity.WARNING, "What source {source} says no longer is not believed", "Its alerts go on firing here: no end is inferred until this is over."),
    "GatewayRulesRejected": (Severity.WARNING, "The rule files have errors", "The last good rules stay in force; `gateway check` says what is wrong."),
}  # fmt: skip


class Claim(NamedTuple):
    """That something is wrong; `said_at` is when some replica last said so, in ms of the store's clock."""

    name: str
    labels: Mapping[str, str]
    said_at: int = 0
    details: str = ""

    @property
    def full(self) -> dict[str, str]:
        return {"alertname": self.name, "severity": TEXTS[self.name][0].word, "service": "alert-gateway", **self.labels}

    @property
    def copy(self) -> str:
        return f"{OWN_SOURCE}{fingerprint(self.full)}"

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
        gathered = await self._store.gather(Ask(cells=(CLAIMS,)))
        row, now = gathered.rows[CLAIMS], gathered.now
        before, said = _load(row), self._said.copy()
        claims = before | {key: one._replace(said_at=now) for key, one in said.items() if _is_news(before.get(key), now)}
        firing = await self._firing(claims)
        claims = {key: one for key, one in claims.items() if one.stands(now) or key in firing}
        if claims != before and not await self._write(row, claims):
            return
        self._standing = claims
        self._said = {key: one for key, one in self._said.items() if said.get(key) is not one}
        seen = [_observation(one, now) for key, one in claims.items() if one.stands(now) is not (key in firing)]
        if seen:
            await self._intake.accept(seen, [])

    async def _firing(self, claims: Claims) -> set[str]:
        """Those of which our own copy fires in the store."""
        if not claims:
            return set()
        ask = Ask([one.copy for one in claims.values()], [identity(one.full) for one in claims.values()])
        found = (await self._store.gather(ask)).alerts
        alerts = [load_alert(row.value).copies if row.value else {} for _, row in found]
        return {
            key
            for (key, one), copies in zip(claims.items(), alerts, strict=True)
            if one.copy in copies and copies[one.copy].firing
        }

    async def _write(self, row: Row, claims: Claims) -> bool:
        """False where another replica was quicker: the next look does it."""
        text = json.dumps({key: list(one) for key, one in claims.items()})
        committed = await self._store.commit(Changes(expect={CLAIMS: row.version}, put={CLAIMS: text.encode()}))
        if committed.fate is not Fate.DONE:
            self._wake.set()
        return committed.fate is Fate.DONE


def _is_news(standing: Claim | None, now: int) -> bool:
    return standing is None or now - standing.said_at >= SAID_AGAIN


def _load(row: Row) -> Claims:
    found = json.loads(row.value) if row.value else {}
    return {key: Claim(*one) for key, one in found.items()}


def _observation(claim: Claim, now: int) -> Observation:
    """It fires while the claim stands, and ends then."""
    full, firing = claim.full, claim.stands(now)
    severity, summary, description = TEXTS[claim.name]
    return Observation(
        copy=claim.copy,
        alert=identity(full),
        labels=full,
        annotations={
            "summary": summary.format_map(full),
            "description": f"{claim.details} {description.format_map(full)}".strip(),
        },
        severity=severity,
        firing=firing,
        starts_at=now,
        ends_at=0 if firing else now,
    )
