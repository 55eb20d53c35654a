"""What a source says to quiet by itself is put on the timelines of the alerts, once for each thing that quiets one."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.errors import StateUnavailable
from gateway.model.alert import Alert
from gateway.model.cells import source_state_cell
from gateway.model.changes import Changes, CommitOutcome, LogEntry, Query
from gateway.model.records import dump, load_alert, load_source_state
from gateway.model.source_peers import SourceState
from gateway.state.commit import commit
from gateway.state.shards import Shards

RACES = 5


async def log_source_mutes(shards: Shards, source: str, quieted: Mapping[str, str]) -> None:
    """`quieted` by copy. It is said at each of the source's looks at a group, and noted when it changes.

    Raises `StateUnavailable`.
    """
    cell = source_state_cell(source)
    for _ in range(RACES):
        row = (await shards.home.gather(Query(cells=(cell,)))).rows[cell]
        source_state = load_source_state(row.value) if row.value else SourceState()
        news = {copy: by for copy, by in quieted.items() if source_state.quieted.get(copy) != by}
        firing = await _firing(shards, list(news)) if news else {}
        if not firing:
            return
        known = source_state.quieted | {copy: news[copy] for copy in firing}
        changes = Changes(expect={cell: row.version}, put={cell: dump(msgspec.structs.replace(source_state, quieted=known))})
        for copy, alert in firing.items():
            changes.log.append(LogEntry(alert.incident, "quieted_at_source", {"alert": alert.id, "by": news[copy]}))
        if (await commit(shards.home, changes)).outcome is CommitOutcome.DONE:
            return
    raise StateUnavailable("what is remembered of the source changes too quickly: try again")


async def _firing(shards: Shards, copies: list[str]) -> dict[str, Alert]:
    """By copy, the alerts of those that fire."""
    found: dict[str, Alert] = {}
    for state in shards.states:
        gathered = await state.gather(Query(copies, [""] * len(copies)))
        for copy, (_, row) in zip(copies, gathered.alerts, strict=True):
            alert = load_alert(row.value) if row.value else None
            if alert is not None and copy in alert.copies and alert.copies[copy].firing:
                found[copy] = alert
    return found
