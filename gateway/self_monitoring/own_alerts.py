"""The gateway's own alerts take the same path as everybody's, at most one per name and labels.

An alert of our own fires for as long as a replica goes on reporting it. The last report of each, and its
time, stand in one row of the store, so that every replica raises and ends what another reported, also after
a restart. A report is raised even if it was over again before the next look.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import structlog

from gateway.errors import StateUnavailable
from gateway.model.alert import Observation
from gateway.model.changes import Cell, Changes, Query, Row, Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.fingerprint import fingerprint
from gateway.model.own_alert import TEXTS, OwnAlert
from gateway.model.records import load_alert
from gateway.ports import Intake, Store
from gateway.state.looking import look_again_and_again
from gateway.state.transact import transact

log = structlog.get_logger("gateway.own_alerts")

LOOK_SECONDS = 5.0  # between two looks at what other replicas report
REPEAT_MS = 30 * SECOND  # how often a report that goes on is written down
STANDING_MS = 3 * MINUTE  # how long a report stands after it was last written down
REPORTS = Cell(Table.META, "own_alerts")
# The reports whose names the first version does not know: it would stumble over them while
# both run side by side.
LATER_REPORTS = Cell(Table.META, "own_alerts_later")
FIRST_NAMES = frozenset(
    {
        "GatewayAuditDelayed",
        "GatewayBehind",
        "GatewayBooksUnbalanced",
        "GatewayBypassed",
        "GatewayDeliveryFailing",
        "GatewayHeartbeatMissing",
        "GatewayPaused",
        "GatewayRulesRejected",
        "GatewaySilenceEnding",
        "GatewaySourceDoubtful",
        "GatewayStuck",
        "GatewayUnheard",
    }
)


class Report(NamedTuple):
    """A report that something is wrong. `reported_at` is when a replica last wrote the report down (ms, the
    store's clock), and None until then.
    """

    name: str
    labels: Mapping[str, str]
    reported_at: int | None = None
    details: str = ""

    @property
    def alert(self) -> OwnAlert:
        return OwnAlert(self.name, self.labels, self.details)

    @property
    def is_known(self) -> bool:
        """Return whether this version knows the alert; one that only a newer version knows is left to that."""
        return self.name in TEXTS

    def stands(self, now: int) -> bool:
        return self.reported_at is not None and now - self.reported_at < STANDING_MS


Reports = dict[str, Report]  # by name and labels


class OwnAlerts:
    """Takes reports from anywhere without waiting, and brings the alerts in line with what stands;
    `docs_url` is where people read what to do about them.
    """

    def __init__(self, intake: Intake, store: Store, docs_url: str = "") -> None:
        self._intake = intake
        self._store = store
        self._docs_url = docs_url
        self._unwritten: Reports = {}  # here, and not written down yet
        self._standing: Reports = {}  # what the store has
        self._wake = asyncio.Event()

    def report(self, name: str, labels: Mapping[str, str], details: str = "", /) -> None:
        """Report that something is wrong; call it again, at next to no cost, for as long as that is true."""
        key = f"{name} {fingerprint(dict(labels))}"
        self._unwritten[key] = Report(name, labels, details=details)
        if key not in self._standing:
            self._wake.set()

    async def run(self) -> None:
        """Look again and again until cancelled. A store that is away is waited for."""

        def away(error: StateUnavailable) -> None:
            log.debug("own_alert_delayed", error=str(error))

        await look_again_and_again(self.look, self._wake, LOOK_SECONDS, away)

    async def look(self) -> None:
        """Write down what was reported here, and bring the alerts in line with all reports that stand.

        A report that stands no more is forgotten only when its alert no longer fires, so that a replica that
        is killed in between leaves no alert behind. Raises `StateUnavailable`.
        """
        unwritten = self._unwritten.copy()

        async def read() -> _Read:
            gathered = await self._store.gather(Query(cells=(REPORTS, LATER_REPORTS)))
            before, now = _load(gathered.rows), gathered.now
            reports = before | {
                key: report._replace(reported_at=now)
                for key, report in unwritten.items()
                if _is_news(before.get(key), now)
            }
            return _Read(gathered.rows, before, reports, await self._firing(reports), now)

        decide = partial(_settle, self._docs_url)
        seen, reports = (await transact(self._store, "own_alerts", read, decide)).answer
        self._standing = reports
        self._unwritten = {
            key: report for key, report in self._unwritten.items() if unwritten.get(key) is not report
        }
        if seen:
            await self._intake.accept(seen, [])

    async def _firing(self, reports: Reports) -> dict[str, str]:
        """Return the reports whose alert fires in the store, as a copy of our own, with what it says."""
        known = {key: report.alert for key, report in reports.items() if report.is_known}
        if not known:
            return {}
        alerts = list(known.values())
        found = await self._store.gather(
            Query([alert.copy for alert in alerts], [alert.identity for alert in alerts])
        )
        rows = [load_alert(row.value) if row.value else None for _, row in found.alerts]
        return {
            key: held.annotations.get("description", "")
            for key, alert, held in zip(known, alerts, rows, strict=True)
            if held is not None and alert.fires(held.copies)
        }


class _Read(NamedTuple):
    """The reports of the store, the same with what was reported here, and what those say whose alerts fire."""

    rows: Mapping[Cell, Row]
    before: Reports
    reports: Reports
    firing: Mapping[str, str]
    now: int


def _settle(docs_url: str, read: _Read) -> tuple[Changes | None, tuple[list[Observation], Reports]]:
    """Decide which reports are kept, and which alerts are raised, ended, or say something else for them."""
    now, firing = read.now, read.firing
    reports = {key: report for key, report in read.reports.items() if report.stands(now) or key in firing}
    known = {key: report for key, report in reports.items() if report.is_known}
    seen = []
    for key, report in known.items():
        if report.stands(now) is not (key in firing):
            seen.append(report.alert.observed(now, firing=report.stands(now), docs_url=docs_url))
        elif key in firing and not firing[key].startswith(report.details):
            # It is worse by now, or otherwise: people have to read what is so today. What stands behind the
            # details differs between two versions that run side by side, so it is no news.
            seen.append(report.alert.observed(now, firing=True, begins=False, docs_url=docs_url))
    if reports == read.before:
        return None, (seen, reports)
    changes = Changes(
        expect={cell: row.version for cell, row in read.rows.items()}, put=_dump(reports, read.rows)
    )
    return changes, (seen, reports)


def _is_news(standing: Report | None, now: int) -> bool:
    return standing is None or standing.reported_at is None or now - standing.reported_at >= REPEAT_MS


def _load(rows: Mapping[Cell, Row]) -> Reports:
    found = {
        key: fields for row in rows.values() if row.value for key, fields in json.loads(row.value).items()
    }
    return {key: Report(*fields) for key, fields in found.items()}


def _dump(reports: Reports, rows: Mapping[Cell, Row]) -> dict[Cell, bytes]:
    """Return the rows that change; `rows` are as they were read."""
    texts: dict[Cell, dict[str, list[object]]] = {REPORTS: {}, LATER_REPORTS: {}}
    for key, report in reports.items():
        texts[REPORTS if report.name in FIRST_NAMES else LATER_REPORTS][key] = list(report)
    dumped = {cell: json.dumps(text).encode() for cell, text in texts.items()}
    return {cell: value for cell, value in dumped.items() if value != (rows[cell].value or b"{}")}
