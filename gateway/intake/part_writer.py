"""One commit of webhooks: gather what the observations touch, decide, commit, and again after a lost race.

Repeats that are known by their bytes are not read: the commit counts them and expects their rows unchanged.
Where one has changed, the race is lost, and all of them are read like the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from gateway.decisions.intake.assign_incidents import OpenedIncident, correlate
from gateway.decisions.intake.batch import deduplicate, incidents_of, placements_of
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.full_store import note_reserve, taken_when_full
from gateway.decisions.intake.learn import Learned, learn
from gateway.intake.alert_reader import read_alerts
from gateway.intake.commit_part import Part, Read, changes_of
from gateway.intake.known_repeats import KnownRepeats, in_order
from gateway.intake.opening_planner import LeaveToAgenda, OpeningPlanner, OpeningPlans
from gateway.intake.repeats import Repeat, Sighting
from gateway.model.alert import Observation
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Changes, Query, Result
from gateway.model.path import Lap, Step
from gateway.model.verdict import Taken
from gateway.ports import Store
from gateway.state.transact import first_then, transact
from gateway.state.write_lock import WriteLock, Writer

TRANSACTION = "webhook"
NOTHING_READ = Result(0)


class Written(NamedTuple):
    """What a commit took. `wall` is what people called the time then, in ms."""

    verdicts: Sequence[Taken]
    something_due: bool  # it has put something on the agenda
    wall: int


class _Decision(NamedTuple):
    """What a part changes, the verdict of each sighting, what is learned from it, the alerts that were
    read, and the incidents that it opens.
    """

    changes: Changes
    verdicts: Sequence[Taken]
    learned: Sequence[Learned] = ()
    alerts: Collection[str] = ()
    opened: Sequence[OpenedIncident] = ()


@dataclass(slots=True)
class PartWriter:
    """Writes to one shard. `keep_ended` is how long what has ended is kept, in ms; `laps` times the steps.
    `planner` plans incidents in the commit that opens them.
    """

    store: Store
    correlator: Correlator
    keep_ended: int
    write_lock: WriteLock
    laps: Callable[[], Lap]
    repeats: KnownRepeats
    planner: OpeningPlanner = field(default_factory=LeaveToAgenda)

    @property
    def lost_races(self) -> int:
        """How often webhooks were decided again because another writer was quicker."""
        return self.store.lost_races[TRANSACTION]

    async def write(self, part: Part) -> Written:
        """Return once the part is durable. Raises `StateUnavailable`."""
        async with self.write_lock.taken(Writer.INTAKE):
            with self.planner.begin() as plans:
                # A lost race may be one of a repeat that is none any more, so the next attempt
                # reads all of them.
                read = first_then(partial(self._read, part, plans), partial(self._read_all, part, plans))
                done = await transact(self.store, TRANSACTION, read, partial(changes_of, part))
                plans.committed()
        committed, answer = done.committed, done.answer
        assert committed is not None
        self.repeats.remember(answer.learned, committed)
        # What was sent is compared with what people call the time.
        return Written(answer.verdicts, answer.something_due, committed.now + committed.ahead)

    async def _read_all(self, part: Part, plans: OpeningPlans) -> Read:
        return await self._read(part.without_repeats(), plans)

    async def _read(self, part: Part, plans: OpeningPlans) -> Read:
        cells = [heartbeat_cell(name) for name in part.heard]
        heartbeats = await self.store.gather(Query(cells=cells)) if cells else NOTHING_READ
        decision = await self._decide(part)
        # A full store takes what must be heard and nothing beside it; the agenda plans that.
        await plans.add(decision.changes, decision.opened if part.share is None else ())
        return Read(heartbeats, decision.changes, decision.verdicts, decision.learned)

    async def _decide(self, part: Part) -> _Decision:
        """Return what the part changes, with the repeats in it that are known by their bytes."""
        observations = _observations(part.seen)
        if len(observations) == len(part.seen):
            return await self._decide_on(observations, part)
        # A full store chooses among observations what it takes. The incidents of a group that is cut short are found
        # by its alerts, also by those that came with another webhook.
        if part.share is not None or any(group.left_out for group in part.groups):
            return await self._decide(part.without_repeats())
        now = self.store.about_now()
        seen = self.repeats.countable(part.seen, now)
        repeats = [sighting for sighting in seen if isinstance(sighting, Repeat)]
        observations = _observations(seen)
        alone = None if observations else self.repeats.changes_of_repeats_alone()
        decision = await self._decide_on(observations, part) if alone is None else _Decision(alone, ())
        if any(repeat.known.alert in decision.alerts for repeat in repeats):
            # The part speaks of an alert in two ways: what holds depends on which of them came first.
            return await self._decide(part.without_repeats())
        renewed = self.repeats.count(repeats, decision.changes, now)
        return decision._replace(
            verdicts=in_order(seen, decision.verdicts), learned=[*decision.learned, *renewed]
        )

    async def _decide_on(self, observations: Sequence[Observation], part: Part) -> _Decision:
        """Return what these observations change: the first half of an alert's path."""
        if not observations and not part.groups:
            return _Decision(Changes(), ())
        resolved, lookup = await read_alerts(self.store, observations)
        self.repeats.note_what_else_is_written(lookup)
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
        changes, opened = correlate(deduplicated, placements, incidents, self.correlator)
        lap(Step.CORRELATE)
        note_reserve(changes, reserve, used, full=part.share is not None)
        learned = learn(resolved, deduplicated, changes)
        return _Decision(changes, deduplicated.verdicts, learned, deduplicated.alerts, opened)


def _observations(sightings: Sequence[Sighting]) -> list[Observation]:
    return [sighting for sighting in sightings if not isinstance(sighting, Repeat)]
