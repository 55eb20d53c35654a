"""One commit of webhooks: gather what the observations touch, decide, commit, and again after a lost race."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from gateway.decisions.intake.assign_incidents import correlate
from gateway.decisions.intake.batch import deduplicate, incidents_of, placements_of
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.full_store import note_reserve, taken_when_full
from gateway.intake.alert_reader import read_alerts
from gateway.intake.commit_part import Part, Read, changes_of
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Changes, Query, Result
from gateway.model.path import Lap, Step
from gateway.model.verdict import Taken
from gateway.ports import Store
from gateway.state.transact import transact
from gateway.state.write_lock import WriteLock, Writer

TRANSACTION = "webhook"
NOTHING_READ = Result(0)


class Written(NamedTuple):
    """What a commit took. `wall` is what people called the time then, in ms."""

    verdicts: Sequence[Taken]
    something_due: bool  # it has put something on the agenda
    wall: int


@dataclass(slots=True)
class PartWriter:
    """Writes to one shard. `keep_ended` is how long what has ended is kept, in ms; `laps` times the steps."""

    store: Store
    correlator: Correlator
    keep_ended: int
    write_lock: WriteLock
    laps: Callable[[], Lap]

    @property
    def lost_races(self) -> int:
        """How often webhooks were decided again because another writer was quicker."""
        return self.store.lost_races[TRANSACTION]

    async def write(self, part: Part) -> Written:
        """Return once the part is durable. Raises `StateUnavailable`."""
        read, decide = partial(self._read, part), partial(changes_of, part)
        async with self.write_lock.taken(Writer.INTAKE):
            done = await transact(self.store, TRANSACTION, read, decide)
        assert done.committed is not None
        # What was sent is compared with what people call the time.
        wall = done.committed.now + done.committed.ahead
        return Written(done.answer.verdicts, done.answer.something_due, wall)

    async def _read(self, part: Part) -> Read:
        cells = [heartbeat_cell(name) for name in part.heard]
        heartbeats = await self.store.gather(Query(cells=cells)) if cells else NOTHING_READ
        changes, verdicts = await self._decide(part)
        return Read(heartbeats, changes, verdicts)

    async def _decide(self, part: Part) -> tuple[Changes, Sequence[Taken]]:
        """Return what the observations change, and the verdict of each: the first half of an alert's path."""
        if not part.seen and not part.groups:
            return Changes(), ()
        resolved, lookup = await read_alerts(self.store, part.seen)
        reserve, used = lookup, lookup.reserve_use
        if part.share is not None:
            kept, used = taken_when_full(resolved, lookup.alerts, used, part.share)
            if len(kept) < len(resolved):
                # Read anew, so that nothing is written of what is left out.
                resolved, lookup = await read_alerts(self.store, kept)
        lap = self.laps()
        deduplicated = deduplicate(resolved, lookup, part.groups, self.keep_ended)
        lap(Step.DEDUPLICATE)
        placements = placements_of(deduplicated, self.correlator)
        query = incidents_of(deduplicated, placements)
        incidents = await self.store.gather(query) if query.cells or query.keys else NOTHING_READ
        lap = self.laps()
        changes = correlate(deduplicated, placements, incidents, self.correlator)
        lap(Step.CORRELATE)
        note_reserve(changes, reserve, used, full=part.share is not None)
        return changes, deduplicated.verdicts
