"""Webhook time: gather what the observations touch, decide, commit.

A webhook that is answered 2xx is in the store by then. Webhooks that arrive while a commit is under way are
committed together by the next one, as databases do ("group commit").
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from gateway.decisions.intake.assign_incidents import correlate
from gateway.decisions.intake.batch import deduplicate, incidents_of, placements_of
from gateway.decisions.intake.correlate import Correlator
from gateway.errors import StateUnavailable
from gateway.intake.alert_reader import read_alerts
from gateway.intake.batch_outcome import BatchOutcome, outcome_of
from gateway.intake.commit_part import Part, Read, changes_of
from gateway.model.alert import Observation
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Changes, Query, Result
from gateway.model.quarantined import Quarantined
from gateway.model.truncated_groups import GroupReport
from gateway.model.verdict import Taken
from gateway.ports import Store
from gateway.state.transact import transact

MAX_COMMIT_ALERTS = 250  # more in one commit would keep the store from answering others
CROWDED_SECONDS = 0.05  # how long webhooks count as crowded after some had to share a commit
TRANSACTION = "webhook"

NOTHING_READ = Result(0)

Sink = Callable[[Sequence[Taken], int], None]
BatchCounter = Callable[[str, str], None]

log = structlog.get_logger("gateway.intake")


@dataclass(slots=True, eq=False)
class _Waiting:
    """One webhook on its way into the store."""

    seen: Sequence[Observation]
    quarantined: Sequence[Quarantined]
    heard: Sequence[str] = ()
    groups: Sequence[GroupReport] = ()
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


def count_nowhere(what: str, outcome: str) -> None:
    del what, outcome


class GroupCommit:
    """The intake of one shard.

    `woken` is called after each commit, so that what is due now is looked at now; `taken` with the verdicts
    and the store's time in ms; `count` with what was committed together ("webhooks", "ends") and its
    `BatchOutcome`.
    """

    def __init__(
        self,
        store: Store,
        correlator: Correlator,
        *,
        woken: Callable[[], None],
        taken: Sink,
        count: BatchCounter = count_nowhere,
    ) -> None:
        self._store = store
        self.correlator = correlator
        self._woken = woken
        self._taken = taken
        self._count = count
        self._waiting: deque[_Waiting] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._shared_at = -CROWDED_SECONDS

    @property
    def lost_races(self) -> int:
        """How often webhooks were decided again because another writer was quicker."""
        return self._store.lost_races[TRANSACTION]

    async def accept(
        self,
        seen: Sequence[Observation],
        quarantined: Sequence[Quarantined],
        heard: Sequence[str] = (),
        groups: Sequence[GroupReport] = (),
    ) -> None:
        """Return when everything given is durable. `heard` names the watchdogs that got a heartbeat.

        Raises `StateUnavailable`; then none of it counts as taken.
        """
        webhook = _Waiting(seen, quarantined, heard, groups)
        self._waiting.append(webhook)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        try:
            await webhook.done
        finally:
            if webhook.done.cancelled() and webhook in self._waiting:
                self._waiting.remove(webhook)

    def crowded(self) -> bool:
        """Return whether webhooks come in faster than one by one."""
        return asyncio.get_running_loop().time() - self._shared_at < CROWDED_SECONDS

    async def drain(self) -> None:
        """Wait until everything that was accepted is committed, even if its sender has gone."""
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft()]
            size = len(batch[0].seen)
            while self._waiting and size + len(self._waiting[0].seen) <= MAX_COMMIT_ALERTS:
                batch.append(self._waiting.popleft())
                size += len(batch[-1].seen)
            if len(batch) > 1:
                self._shared_at = asyncio.get_running_loop().time()
            await self._together(batch)

    async def _together(self, batch: list[_Waiting]) -> None:
        """Take a batch in one commit; where that fails for a reason of its own, webhook by webhook.

        A store that is away is no such reason: each webhook alone would only wait for it as long again.
        """
        outcome, error = await self._outcome_of("webhooks", batch)
        if len(batch) > 1 and outcome in (BatchOutcome.STORE_FULL, BatchOutcome.FAULT):
            log.warning(
                "webhooks_one_by_one", webhooks=len(batch), outcome=outcome.value, error=repr(error)[:200]
            )
            for webhook in batch:
                await self._together([webhook])
            return
        if outcome is BatchOutcome.STORE_FULL:
            await self._take_ends(batch)
        for webhook in batch:
            if webhook.done.done():  # its sender has gone
                continue
            if error is None:
                webhook.done.set_result(None)
            else:
                webhook.done.set_exception(error)

    async def _take_ends(self, batch: list[_Waiting]) -> None:
        """Take the ends of webhooks that a full store has refused, so that people hear that it is over.

        The webhooks stay refused: Alertmanager sends them again, and their ends are known by then.
        """
        ends = [_Waiting([seen for seen in webhook.seen if not seen.firing], []) for webhook in batch]
        if not any(webhook.seen for webhook in ends):
            return
        outcome, error = await self._outcome_of("ends", ends)
        if error is not None:
            log.warning("ends_not_taken", outcome=outcome.value, error=repr(error)[:200])

    async def _outcome_of(
        self, what: str, batch: list[_Waiting]
    ) -> tuple[BatchOutcome, BaseException | None]:
        """Take the batch, and return what became of it, with the error for its senders."""
        task = asyncio.create_task(self._take(batch))  # a task, so that whatever goes wrong stays in it
        await asyncio.wait([task])
        if task.cancelled():  # by a library: nobody else knows of this task
            error: BaseException | None = StateUnavailable("the commit was cut off: try again")
        else:
            error = task.exception()
        outcome = outcome_of(error)
        self._count(what, outcome)
        return outcome, error

    async def _take(self, batch: list[_Waiting]) -> None:
        seen = [observation for webhook in batch for observation in webhook.seen]
        starts = range(0, len(seen), MAX_COMMIT_ALERTS)
        # Every part has incidents of its own, which have to say what the others do.
        groups = [group for webhook in batch for group in webhook.groups]
        parts = [Part(seen[start : start + MAX_COMMIT_ALERTS], groups=groups) for start in starts]
        parts = parts or [Part((), groups=groups)]
        parts[-1] = replace(
            parts[-1], quarantined=[quarantined for webhook in batch for quarantined in webhook.quarantined]
        )
        # Heartbeats stand in the first commit, so that none is newer than an end that came with it.
        parts[0] = replace(
            parts[0], heard=tuple(dict.fromkeys(name for webhook in batch for name in webhook.heard))
        )
        for part in parts:
            await self._commit(part)
        self._woken()

    async def _commit(self, part: Part) -> None:
        done = await transact(self._store, TRANSACTION, partial(self._read, part), partial(changes_of, part))
        assert done.committed is not None
        self._taken(done.answer, done.committed.now)

    async def _read(self, part: Part) -> Read:
        cells = [heartbeat_cell(name) for name in part.heard]
        heartbeats = await self._store.gather(Query(cells=cells)) if cells else NOTHING_READ
        changes, verdicts = await self._decide(part)
        return Read(heartbeats, changes, verdicts)

    async def _decide(self, part: Part) -> tuple[Changes, Sequence[Taken]]:
        """Return what the observations change, and the verdict of each: the first half of an alert's path."""
        if not part.seen and not part.groups:
            return Changes(), ()
        resolved, lookup = await read_alerts(self._store, part.seen)
        deduplicated = deduplicate(resolved, lookup, part.groups)
        placements = placements_of(deduplicated, self.correlator)
        query = incidents_of(deduplicated, placements)
        incidents = await self._store.gather(query) if query.cells or query.keys else NOTHING_READ
        return correlate(deduplicated, placements, incidents, self.correlator), deduplicated.verdicts
