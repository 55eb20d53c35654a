"""Find the incident that somebody means by the first characters of its id, as git does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.actions.open_incidents import read_incident
from gateway.decisions.delivery.redaction import redact_alert
from gateway.decisions.delivery.thing import thing_of
from gateway.decisions.delivery.titles import what_and_where
from gateway.decisions.policy import Policy
from gateway.model.changes import Table
from gateway.model.controls import Rejection
from gateway.state.paging import pages
from gateway.state.shards import Shards

WHOLE = 12  # characters of an id
BEGINNING = f"[0-9a-z]{{1,{WHOLE}}}"  # no sign that a pattern of the store has stands in it
MOST_NAMED = 5  # of the incidents that may be meant


@dataclass(frozen=True, slots=True)
class IncidentIds:
    """The ids of the incidents in the store. `policy` returns the policy in force when it is called, and
    `redact_key` the key of the hashes of what the rules hide.
    """

    shards: Shards
    policy: Callable[[], Policy]
    redact_key: Callable[[], bytes] = bytes

    async def meant(self, begun: str) -> str | Rejection:
        """Return the id of the incident that begins so, the text itself where none does.

        Where several do nothing is meant, and the first of them are named. Raises `StateUnavailable`.
        """
        # A whole id may be that of an incident which is forgotten, and is looked for by nobody.
        if len(begun) >= WHOLE or not re.fullmatch(BEGINNING, begun, re.ASCII):
            return begun
        found = await self._beginning_with(begun)
        if len(found) > 1:
            named = [await self._named(name) for name in found[:MOST_NAMED]]
            more = [f"{len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
            error = f"which? {', '.join((*named, *more))} begin with {begun}"
            return Rejection("incident", error, "give more of its characters")
        return found[0] if found else begun

    async def _beginning_with(self, begun: str) -> list[str]:
        found: set[str] = set()
        for state in self.shards.states:
            async for rows in pages(state, Table.INCIDENTS, f"{begun}*"):
                found.update(rows)
        return sorted(found)

    async def _named(self, name: str) -> str:
        versioned = await read_incident(self.shards, name)
        if versioned is None:
            return name
        snapshot = versioned.snapshot
        labels = replace(self.policy().rules.labels, redact_key=self.redact_key())
        # It may be read in a chat: what the rules hide from vendors is hidden.
        shown = [redact_alert(alert, labels) for alert in snapshot.alerts.values()]
        shown.sort(key=lambda alert: (not alert.firing, -alert.severity, alert.started_at or 0))
        said = what_and_where(
            [(alert, thing_of(alert.labels, labels), alert.firing) for alert in shown], labels
        )
        return f"{name} ({said['title']})"
