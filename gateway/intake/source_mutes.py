"""What a source says to quiet by itself is put on the timelines of the alerts, once for each thing that quiets one."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.errors import StateUnavailable
from gateway.model.alert import Alert
from gateway.model.cells import memory_cell
from gateway.model.changes import Ask, Changes, Fate, LogEntry
from gateway.model.records import dump, load_alert, load_memory
from gateway.model.source_peers import Memory
from gateway.state.commit import commit
from gateway.state.shards import Slots

RACES = 5


async def note_quieted(slots: Slots, source: str, quieted: Mapping[str, str]) -> None:
    """`quieted` by copy. It is said at each of the source's looks at a group, and noted when it changes.

    Raises `StateUnavailable`.
    """
    cell = memory_cell(source)
    for _ in range(RACES):
        row = (await slots.home.gather(Ask(cells=(cell,)))).rows[cell]
        memory = load_memory(row.value) if row.value else Memory()
        news = {copy: by for copy, by in quieted.items() if memory.quieted.get(copy) != by}
        firing = await _firing(slots, list(news)) if news else {}
        if not firing:
            return
        known = memory.quieted | {copy: news[copy] for copy in firing}
        changes = Changes(expect={cell: row.version}, put={cell: dump(msgspec.structs.replace(memory, quieted=known))})
        for copy, alert in firing.items():
            changes.log.append(LogEntry(alert.incident, "quieted_at_source", {"alert": alert.id, "by": news[copy]}))
        if (await commit(slots.home, changes)).fate is Fate.DONE:
            return
    raise StateUnavailable("what is remembered of the source changes too quickly: try again")


async def _firing(slots: Slots, copies: list[str]) -> dict[str, Alert]:
    """By copy, the alerts of those that fire."""
    found: dict[str, Alert] = {}
    for state in slots.states:
        gathered = await state.gather(Ask(copies, [""] * len(copies)))
        for copy, (_, row) in zip(copies, gathered.alerts, strict=True):
            alert = load_alert(row.value) if row.value else None
            if alert is not None and copy in alert.copies and alert.copies[copy].firing:
                found[copy] = alert
    return found
