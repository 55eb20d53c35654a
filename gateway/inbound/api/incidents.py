"""The operations of incidents, alerts, verdicts, quarantine, dead letters and rules under `/api/v1`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request

from gateway.actions.incidents import IncidentActions
from gateway.actions.quarantine import Replayer
from gateway.decisions.notification.plan import plan
from gateway.decisions.policy import Policy
from gateway.inbound.api import incident_models as models
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.presenters import (
    moment,
    show_alert,
    show_dead_letter,
    show_incident,
    show_quarantined,
    show_target,
    show_verdicts,
    state_of,
)
from gateway.inbound.api.requests import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    Refusal,
    body,
    choice,
    found_or_refuse,
    limit_of,
    position,
)
from gateway.model.changes import Cell, Query, Row, Table
from gateway.model.records import load_alert, load_incident, load_ledger
from gateway.state.shards import Shards
from gateway.state.snapshots import VersionedSnapshot, read_snapshot

MAX_PAGES_READ = 20  # for one answer, since a filter may pass over every row of a page
OPEN_STATES = ("open", "acknowledged", "closed_by_hand", "quiet")
STATES_DESCRIPTION = f"one of {', '.join((*OPEN_STATES, 'resolved'))}, `active` (all but resolved, the default) or `all`"
PAGE_QUERY = {
    "cursor": "where to go on: `next` of the page before",
    "limit": f"at most {MAX_PAGE_SIZE}, default {DEFAULT_PAGE_SIZE}",
}


@dataclass(slots=True)
class IncidentsApi:
    """The operations of incidents. `policy` and `rules` return what is in force when they are called."""

    shards: Shards
    replayer: Replayer
    actions: IncidentActions
    policy: Callable[[], Policy]
    rules: Callable[[], models.RulesShown]

    def operations(self) -> list[Operation]:
        return [
            *self._incident_operations(),
            *self._alert_operations(),
            *self._undelivered_operations(),
            Operation("GET", "/api/v1/rules", self._rules, models.RulesShown, "The rule set in force"),
        ]

    def _incident_operations(self) -> list[Operation]:
        incident = "/api/v1/incidents/{incident}"
        acknowledge = models.Acknowledge
        return [
            Operation(
                "GET",
                "/api/v1/incidents",
                self._incidents,
                models.IncidentPage,
                "List incidents",
                query={"state": STATES_DESCRIPTION, **PAGE_QUERY},
            ),
            Operation(
                "GET",
                incident,
                self._incident,
                models.IncidentWhole,
                "One incident with its alerts, what each target was told, verdicts and timeline",
            ),
            Operation(
                "POST",
                f"{incident}/acknowledge",
                self._acknowledge,
                models.IncidentShown,
                "Say who has it",
                acknowledge,
            ),
            Operation(
                "POST",
                f"{incident}/unacknowledge",
                self._unacknowledge,
                models.IncidentShown,
                "Give it back",
                acknowledge,
            ),
            Operation(
                "POST",
                f"{incident}/close",
                self._close,
                models.IncidentShown,
                "Close it by hand while alerts still fire",
                models.Close,
            ),
        ]

    def _alert_operations(self) -> list[Operation]:
        firing = {"firing": "`true` (default) or `all`"}
        standing = {"standing": "only told, undeliverable, suppressed, held or due"}
        return [
            Operation(
                "GET",
                "/api/v1/alerts",
                self._alerts,
                models.AlertPage,
                "List alerts",
                query={**firing, **PAGE_QUERY},
            ),
            Operation("GET", "/api/v1/alerts/{alert}", self._alert, models.AlertShown, "One alert"),
            Operation(
                "GET",
                "/api/v1/verdicts",
                self._verdicts,
                models.VerdictPage,
                "Why each member of the active incidents is told, held or suppressed at each target",
                query={**standing, **PAGE_QUERY},
            ),
        ]

    def _undelivered_operations(self) -> list[Operation]:
        return [
            Operation(
                "GET",
                "/api/v1/quarantine",
                self._quarantine,
                models.QuarantineList,
                "What could not be taken as an alert",
                query={"limit": PAGE_QUERY["limit"]},
            ),
            Operation(
                "POST",
                "/api/v1/quarantine/{entry}/replay",
                self._replay,
                models.ReplayShown,
                "Read an entry once more, by the rules as they are now",
            ),
            Operation(
                "GET",
                "/api/v1/dead-letters",
                self._dead_letters,
                models.DeadLetterPage,
                "What a destination refused for good",
                query=PAGE_QUERY,
            ),
            Operation(
                "POST",
                "/api/v1/dead-letters/{incident}/{target}/retry",
                self._retry,
                models.Done,
                "Try a dead letter again",
            ),
        ]

    async def _incidents(self, request: Request) -> models.IncidentPage:
        wanted = choice(request, "state", ("active", "all", "resolved", *OPEN_STATES))
        limit = limit_of(request)
        shown: list[models.IncidentShown] = []

        async def take(row: Row) -> bool:
            incident = load_incident(row.value)
            state = state_of(incident)
            if wanted in ("all", state) or (wanted == "active" and state != "resolved"):
                versioned = await self._read(incident.id)
                if versioned is not None:
                    shown.append(
                        show_incident(versioned.snapshot.incident, list(versioned.snapshot.alerts.values())),
                    )
            return len(shown) < limit

        after = await self._walk(request, Table.INCIDENTS, limit, take)
        return models.IncidentPage(items=_newest(shown), next=after)

    async def _walk(
        self,
        request: Request,
        table: Table,
        limit: int,
        take: Callable[[Row], Awaitable[bool]],
    ) -> str | None:
        """Show the rows of a table from the request's cursor on to `take`, until that returns False.

        Return the cursor of the next row, or None after the last, so that no row is left out between two
        answers. The cursor is the store's own of a page, with the number of rows of that page that were shown
        already.
        """
        cursor, shown = position(request)
        for _ in range(MAX_PAGES_READ):
            begin, (cursor, found) = cursor, await self.shards.page(table, cursor, limit)
            rows = list(found.values())
            for at, row in enumerate(rows[shown:], shown + 1):
                if not await take(row):
                    return f"{begin}.{at}" if at < len(rows) else str(cursor) if cursor else None
            shown = 0
            if not cursor:
                return None
        return str(cursor)

    async def _incident(self, request: Request) -> models.IncidentWhole:
        name, policy = request.path_params["incident"], self.policy()
        versioned = await self._read(name, policy)
        if versioned is None:
            raise Refusal(
                404,
                f"there is no incident {name}",
                "incident",
                "ended incidents are kept for 7 days",
            )
        snapshot = versioned.snapshot
        alerts = list(snapshot.alerts.values())
        planned = plan(snapshot, policy, versioned.now)
        timeline = await self.shards.timeline(name, DEFAULT_PAGE_SIZE, snapshot.incident.opened_at)
        return models.IncidentWhole(
            **show_incident(snapshot.incident, alerts).model_dump(),
            alerts=[show_alert(alert) for alert in alerts],
            ledgers=[show_target(ledger) for ledger in snapshot.ledgers.values()],
            verdicts=show_verdicts(planned, dict(snapshot.alerts), versioned.now),
            timeline=[models.TimelineShown(at=moment(at), what=line.what, detail=dict(line.detail)) for at, line in timeline],
        )

    async def _acknowledge(self, request: Request) -> models.IncidentShown:
        asked = await body(request, models.Acknowledge)
        return await self._shown(
            request,
            await self.actions.acknowledge(request.path_params["incident"], asked.by),
        )

    async def _unacknowledge(self, request: Request) -> models.IncidentShown:
        asked = await body(request, models.Acknowledge)
        return await self._shown(
            request,
            await self.actions.unacknowledge(request.path_params["incident"], asked.by),
        )

    async def _close(self, request: Request) -> models.IncidentShown:
        asked = await body(request, models.Close)
        length = self.policy().rules.closed_by_hand
        changed = await self.actions.close(request.path_params["incident"], asked.by, asked.note, length)
        return await self._shown(request, changed)

    async def _shown(self, request: Request, changed: object) -> models.IncidentShown:
        name = request.path_params["incident"]
        found_or_refuse(changed, "incident", name)
        versioned = await self._read(name)
        if versioned is None:
            raise Refusal(404, f"there is no incident {name}", "incident")
        return show_incident(versioned.snapshot.incident, list(versioned.snapshot.alerts.values()))

    async def _alerts(self, request: Request) -> models.AlertPage:
        wanted, limit = choice(request, "firing", ("true", "all")), limit_of(request)
        shown: list[models.AlertShown] = []

        async def take(row: Row) -> bool:
            alert = load_alert(row.value)
            if alert.firing or wanted == "all":
                shown.append(show_alert(alert))
            return len(shown) < limit

        return models.AlertPage(next=await self._walk(request, Table.ALERTS, limit, take), items=shown)

    async def _alert(self, request: Request) -> models.AlertShown:
        name = request.path_params["alert"]
        row = await self._row(Table.ALERTS, name)
        if row is None:
            raise Refusal(404, f"there is no alert {name}", "alert", "ended alerts are kept for 7 days")
        return show_alert(load_alert(row.value))

    async def _verdicts(self, request: Request) -> models.VerdictPage:
        wanted = choice(request, "standing", ("", "told", "undeliverable", "suppressed", "held", "due"))
        limit, policy = limit_of(request), self.policy()
        shown: list[models.VerdictShown] = []

        async def take(row: Row) -> bool:
            versioned = await self._read(load_incident(row.value).id, policy)
            if versioned is not None and not versioned.snapshot.incident.resolved_at:
                planned = plan(versioned.snapshot, policy, versioned.now)
                found = show_verdicts(planned, dict(versioned.snapshot.alerts), versioned.now)
                shown.extend(verdict for verdict in found if wanted in ("", verdict.standing))
            return len(shown) < limit

        return models.VerdictPage(next=await self._walk(request, Table.INCIDENTS, limit, take), items=shown)

    async def _quarantine(self, request: Request) -> models.QuarantineList:
        entries = await self.shards.quarantine(limit_of(request))
        counts = await self.shards.counters()
        return models.QuarantineList(
            items=[show_quarantined(entry, last_seen, times) for entry, last_seen, times in entries],
            evicted=counts.get("quarantine_evicted", 0),
        )

    async def _replay(self, request: Request) -> models.ReplayShown:
        name = request.path_params["entry"]
        found = await self.replayer.replay(name)
        if found is None:
            raise Refusal(404, f"there is no entry {name}", "entry")
        if found.error:
            raise Refusal(
                409,
                f"it is still not understood: {found.error}",
                "entry",
                "change the rules, or leave it: it makes room by itself",
            )
        return models.ReplayShown(taken=found.taken, too_old=found.too_old)

    async def _dead_letters(self, request: Request) -> models.DeadLetterPage:
        limit = limit_of(request)
        shown: list[models.DeadLetterShown] = []

        async def take(row: Row) -> bool:
            ledger = load_ledger(row.value)
            if ledger.dead:
                shown.append(show_dead_letter(ledger))
            return len(shown) < limit

        return models.DeadLetterPage(next=await self._walk(request, Table.LEDGERS, limit, take), items=shown)

    async def _retry(self, request: Request) -> models.Done:
        incident, target = request.path_params["incident"], request.path_params["target"]
        found_or_refuse(
            await self.actions.retry(incident, target),
            "target",
            f"{target} of incident {incident}",
        )
        return models.Done()

    async def _rules(self, _request: Request) -> models.RulesShown:
        return self.rules()

    async def _read(self, incident: str, policy: Policy | None = None) -> VersionedSnapshot | None:
        state = await self.shards.holding(Cell(Table.INCIDENTS, incident))
        return await read_snapshot(state, incident, policy)

    async def _row(self, table: Table, name: str) -> Row | None:
        cell = Cell(table, name)
        state = await self.shards.holding(cell)
        row = (await state.gather(Query(cells=(cell,)))).rows[cell]
        return row if row.value else None


def _newest(shown: list[models.IncidentShown]) -> list[models.IncidentShown]:
    """Sort by the time of opening, the newest first. A scan of the store may show an incident twice."""
    once = {incident.id: incident for incident in shown}
    return sorted(once.values(), key=lambda incident: (str(incident.opened_at), incident.id), reverse=True)
