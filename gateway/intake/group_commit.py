"""Webhook time: gather what the observations touch, decide, commit. Whoever is answered 2xx is in the store by then.

Webhooks that arrive while a commit is under way are committed together by the next one. A lost race is normal: gather and
decide again; after three losses a short fence keeps other writers out for one round.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from secrets import token_hex

import msgspec

from gateway.decisions.intake.batch import correlate, deduplicate, incidents_of, place
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.sources.watchdogs import record_heartbeat
from gateway.errors import StateFull, StateUnavailable
from gateway.intake.alert_reader import read_alerts
from gateway.model.alert import Observation
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Changes, CommitOutcome, QuarantineEntry, Query, Result
from gateway.model.quarantined import Quarantined
from gateway.model.verdict import Outcome, Taken
from gateway.ports import Store

ROUND = 250  # alerts a commit: more would keep the store from answering others
RACES = 3
FENCE = 2_000
FENCE_PATIENCE = 50  # tries, a few ms apart
CROWD = 0.05  # seconds since webhooks last had to share a commit

NOTHING_READ = Result(0)

Sink = Callable[[Sequence[Taken], int], None]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one commit takes; `heard` names the watchdogs that got a heartbeat."""

    seen: Sequence[Observation]
    quarantined: Sequence[Quarantined] = ()
    heard: Sequence[str] = ()


@dataclass(slots=True, eq=False)
class _Waiting:
    """One webhook on its way into the store."""

    seen: Sequence[Observation]
    quarantined: Sequence[Quarantined]
    heard: Sequence[str] = ()
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Intake:
    """`woken` is called after each commit, so that what is due now is looked at now; `taken` with the verdicts and `now`."""

    def __init__(self, store: Store, correlator: Correlator, *, woken: Callable[[], None], taken: Sink) -> None:
        self._store = store
        self.correlator = correlator
        self._woken = woken
        self._taken = taken
        self._waiting: deque[_Waiting] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._shared_at = -CROWD
        self.lost_races = 0

    async def accept(self, seen: Sequence[Observation], quarantined: Sequence[Quarantined], heard: Sequence[str] = ()) -> None:
        """Durable on return. Raises `StateUnavailable`; then none of it counts as taken. `heard` names watchdogs."""
        one = _Waiting(seen, quarantined, heard)
        self._waiting.append(one)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        try:
            await one.done
        finally:
            if one.done.cancelled() and one in self._waiting:
                self._waiting.remove(one)

    def crowded(self) -> bool:
        """Webhooks come in faster than one by one."""
        return asyncio.get_running_loop().time() - self._shared_at < CROWD

    async def drain(self) -> None:
        """Until what was accepted is committed, also what nobody waits for any more."""
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft()]
            size = len(batch[0].seen)
            while self._waiting and size + len(self._waiting[0].seen) <= ROUND:
                batch.append(self._waiting.popleft())
                size += len(batch[-1].seen)
            if len(batch) > 1:
                self._shared_at = asyncio.get_running_loop().time()
            await self._together(batch)

    async def _together(self, batch: list[_Waiting]) -> None:
        """One commit for all; when that fails for a reason of their own, one for each, so that none fails its neighbours."""
        result = (await asyncio.gather(self._take(batch), return_exceptions=True))[0]
        if (
            result is not None
            and len(batch) > 1
            and (isinstance(result, StateFull) or not isinstance(result, StateUnavailable))
        ):
            for one in batch:
                await self._together([one])
            return
        if isinstance(result, StateFull):
            await self._take_ends(batch)
        for one in batch:
            if one.done.done():  # its sender has gone
                continue
            if result is None:
                one.done.set_result(None)
            else:
                one.done.set_exception(result)

    async def _take_ends(self, batch: list[_Waiting]) -> None:
        """Of what is refused because the store is full, the ends; Alertmanager sends the whole again, and they are known then."""
        ends = [_Waiting([seen for seen in one.seen if not seen.firing], []) for one in batch]
        if any(one.seen for one in ends):
            await asyncio.gather(self._take(ends), return_exceptions=True)

    async def _take(self, batch: list[_Waiting]) -> None:
        seen = [observation for one in batch for observation in one.seen]
        rounds = [seen[start : start + ROUND] for start in range(0, len(seen), ROUND)] or [[]]
        parts = [_Part(one) for one in rounds]
        parts[-1] = replace(parts[-1], quarantined=[quarantined for one in batch for quarantined in one.quarantined])
        # first of all: no heartbeat is newer than an end that came with it
        parts[0] = replace(parts[0], heard=tuple(dict.fromkeys(name for one in batch for name in one.heard)))
        for part in parts:
            await self._round(part)
        self._woken()

    async def _round(self, part: _Part) -> None:
        for _ in range(RACES):
            if await self._try(part, fence=""):
                return
            self.lost_races += 1
        await self._fenced(part)

    async def _fenced(self, part: _Part) -> None:
        holder = token_hex(8)
        for attempt in range(FENCE_PATIENCE):
            if await self._store.fence(holder, FENCE):
                done = await self._try(part, fence=holder)
                await self._store.fence(holder, 0)
                if done:
                    return
            await asyncio.sleep(0.005 * (attempt + 1))
        raise StateUnavailable("too many writers on one shard: the webhook was not taken")

    async def _try(self, part: _Part, *, fence: str) -> bool:
        """A body that is no webhook is kept, and is no observation."""
        heartbeats = [heartbeat_cell(name) for name in part.heard]
        before = await self._store.gather(Query(cells=heartbeats)) if heartbeats else Result(0)
        changes, verdicts = await self._decide(part.seen)
        for name, cell in zip(part.heard, heartbeats, strict=True):
            record_heartbeat(changes, name, before.rows[cell], before.now)
        quarantined = [
            Taken(quarantined.source, Outcome.QUARANTINED, quarantined.reason)
            for quarantined in part.quarantined
            if not quarantined.whole
        ]
        changes.increment("received", sum(not one.inferred_at for one in part.seen) + len(quarantined))
        for one in quarantined:
            changes.increment(f"seen:{one.outcome}:{one.reason}")
        changes.keep = [keep(quarantined) for quarantined in part.quarantined]
        changes.fence = fence
        committed = await self._store.commit(changes)
        if committed.outcome is not CommitOutcome.DONE:
            return False
        self._taken([*verdicts, *quarantined], committed.now)
        return True

    async def _decide(self, observations: Sequence[Observation]) -> tuple[Changes, Sequence[Taken]]:
        """Return everything that the observations change, and what each of them was: the first half of the path of an alert."""
        if not observations:
            return Changes(), ()
        resolved, lookup = await read_alerts(self._store, observations)
        deduplicated = deduplicate(resolved, lookup)
        placements = place(deduplicated, self.correlator)
        query = incidents_of(deduplicated, placements)
        incidents = await self._store.gather(query) if query.cells or query.keys else NOTHING_READ
        return correlate(deduplicated, placements, incidents, self.correlator), deduplicated.verdicts


def keep(quarantined: Quarantined) -> QuarantineEntry:
    """Strays of one source with one fault are one entry of the quarantine."""
    text = "\xff".join((quarantined.source, quarantined.field, quarantined.error, str(quarantined.whole)))
    return QuarantineEntry(
        blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest(), msgspec.msgpack.encode(quarantined)
    )
