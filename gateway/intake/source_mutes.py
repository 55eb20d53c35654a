"""Note on the timelines of alerts what their source keeps quiet by itself, whenever that changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from gateway.model.alert import Alert
from gateway.model.cells import source_state_cell
from gateway.model.changes import Changes, LogEntry, Query
from gateway.model.records import dump, load_alert, load_source_state
from gateway.model.source_peers import SourceState
from gateway.state.shards import Shards
from gateway.state.transact import transact


class _Seen(NamedTuple):
    """The state of the source with its version, and by copy the alerts that fire and are newly quiet."""

    version: bytes
    source_state: SourceState
    firing: Mapping[str, Alert]


async def log_source_mutes(shards: Shards, source: str, quieted: Mapping[str, str]) -> None:
    """Note on the timelines which copies the source keeps quiet.

    `quieted` has, by copy, what keeps it quiet. The source says so whenever it looks at a group; only
    changes are noted. Raises `StateUnavailable`.
    """
    cell = source_state_cell(source)

    async def read() -> _Seen:
        row = (await shards.home.gather(Query(cells=(cell,)))).rows[cell]
        source_state = load_source_state(row.value) if row.value else SourceState()
        copies = [copy for copy, reason in quieted.items() if source_state.quieted.get(copy) != reason]
        return _Seen(row.version, source_state, await _firing(shards, copies) if copies else {})

    def decide(seen: _Seen) -> tuple[Changes | None, None]:
        if not seen.firing:
            return None, None
        known = seen.source_state.quieted | {copy: quieted[copy] for copy in seen.firing}
        after = msgspec.structs.replace(seen.source_state, quieted=known)
        changes = Changes(expect={cell: seen.version}, put={cell: dump(after)})
        for copy, alert in seen.firing.items():
            changes.log.append(
                LogEntry(alert.incident, "quieted_at_source", {"alert": alert.id, "by": quieted[copy]})
            )
        return changes, None

    await transact(shards.home, "source_mutes", read, decide)


async def _firing(shards: Shards, copies: list[str]) -> dict[str, Alert]:
    """Return, by copy, the alert of each of these copies that fires."""
    found: dict[str, Alert] = {}
    for state in shards.states:
        gathered = await state.gather(Query(copies, [""] * len(copies)))
        for copy, (_, row) in zip(copies, gathered.alerts, strict=True):
            alert = load_alert(row.value) if row.value else None
            # An alert that has ended here is quiet anyway, so its timeline needs no note.
            if alert is not None and copy in alert.copies and alert.copies[copy].firing:
                found[copy] = alert
    return found
