"""The gateway's own alerts: they take the same path as everybody's, at most one per name and destination."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from gateway.decisions.route import OWN_SOURCE
from gateway.errors import StateUnavailable
from gateway.model.alert import Observation, fingerprint, identity
from gateway.model.changes import Ask, Cell, Table
from gateway.model.records import load_alert
from gateway.model.severity import Severity
from gateway.ports import Intake, Store

log = structlog.get_logger("gateway.own_alerts")

RETRY = 5.0  # seconds
REMEMBERED = 10_000

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


class OwnAlerts:
    """Takes reports from anywhere without waiting, and feeds them to intake one after the other."""

    def __init__(self, intake: Intake, store: Store) -> None:
        self._intake = intake
        self._store = store
        self._wanted: dict[tuple[str, str], tuple[Mapping[str, str], bool, int]] = {}
        self._known: dict[tuple[str, str], tuple[bool, Mapping[str, str]]] = {}  # what the store has
        self._wake = asyncio.Event()

    def report(self, name: str, labels: Mapping[str, str], firing: bool, since: int) -> None:
        """`since` in ms; a report that changes nothing costs nothing."""
        key = (name, fingerprint(dict(labels)))
        if key in self._known and self._known[key][0] is firing and key not in self._wanted:
            return
        self._wanted[key] = (labels, firing, since)
        self._wake.set()

    def failing(self) -> list[str]:
        """The destinations that this replica says cannot be reached."""
        alerts = (labels for (name, _), (firing, labels) in self._known.items() if firing and name == "GatewayDeliveryFailing")
        return sorted(labels["destination"] for labels in alerts)

    async def run(self) -> None:
        """Until cancelled. A store that is away is waited for."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.flush()
            except StateUnavailable as error:
                log.warning("own_alert_delayed", error=str(error))
                await asyncio.sleep(RETRY)
                self._wake.set()

    async def flush(self) -> None:
        for key, (labels, firing, since) in list(self._wanted.items()):
            seen = await self._observation(key[0], labels, firing=firing, since=since)
            if seen is not None:
                await self._intake.accept([seen], [])
            if len(self._known) >= REMEMBERED:
                self._known.clear()  # they are looked up in the store again
            self._known[key] = (firing, labels)
            if self._wanted.get(key) == (labels, firing, since):
                del self._wanted[key]

    async def _observation(self, name: str, labels: Mapping[str, str], *, firing: bool, since: int) -> Observation | None:
        """None where an end would end nothing."""
        severity, summary, description = TEXTS[name]
        full = {"alertname": name, "severity": severity.word, "service": "alert-gateway", **labels}
        alert = identity(full)
        now = await self._store.now()
        cell = Cell(Table.ALERTS, alert)
        row = (await self._store.gather(Ask(cells=(cell,)))).rows[cell]
        fires = bool(row.value) and load_alert(row.value).firing
        if fires is firing:
            return None
        return Observation(
            copy=f"{OWN_SOURCE}{fingerprint(full)}",
            alert=alert,
            labels=full,
            annotations={"summary": summary.format_map(full), "description": description},
            severity=severity,
            firing=firing,
            starts_at=now if firing else since or now,
            ends_at=0 if firing else now,
        )
