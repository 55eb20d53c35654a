"""Write on the timeline which steps of an escalation were taken, and which told nobody."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.model.changes import LogEntry
from gateway.model.incident import Incident


def log_escalations(before: Incident, after: Incident) -> Iterator[LogEntry]:
    """Yield an entry for each round that began anew and each step that was taken since."""
    for route, now in after.escalations.items():
        known = before.escalations.get(route)
        if known is not None and now.round > known.round:
            yield LogEntry(after.id, "escalation_begins_anew", {"route": route, "round": now.round})
        taken = known.taken if known is not None and known.round == now.round else {}
        for position in now.taken:
            if position not in taken:
                detail: dict[str, str | int] = {"route": route, "step": position + 1, "round": now.round}
                if position in now.skipped:
                    detail["skipped"] = "already_paged"
                yield LogEntry(after.id, "escalated", detail)
