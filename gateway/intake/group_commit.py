"""Webhook time: gather what the observations touch, decide, commit.

A webhook that is answered 2xx is in the store by then. Webhooks that arrive while a commit is under way are
committed together by the next one, as databases do ("group commit"). A large webhook takes several rounds,
and senders take turns in them (`turns.py`): one that sends much delays nobody who sends little.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import replace
from functools import partial

import structlog

from gateway.decisions.intake.assign_incidents import correlate
from gateway.decisions.intake.batch import deduplicate, incidents_of, placements_of
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.full_store import note_reserve, taken_when_full
from gateway.decisions.partition import HOME
from gateway.errors import StateUnavailable
from gateway.intake.alert_reader import read_alerts
from gateway.intake.batch_outcome import BatchOutcome, Done, outcome_of
from gateway.intake.commit_part import Part, Read, changes_of, joined
from gateway.intake.commit_span import commit_span
from gateway.intake.listeners import BatchCounter, Sink, count_nowhere, tell
from gateway.intake.pieces import NO_TURN, Piece, WaitingWebhook, hand_out, next_round
from gateway.intake.turns import Turn, Turns
from gateway.model.alert import Observation
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Changes, Query, Result
from gateway.model.path import Lap, Step, no_laps
from gateway.model.quarantined import Quarantined
from gateway.model.reserve import Reserve
from gateway.model.retention import KEEP_ENDED_MS
from gateway.model.truncated_groups import GroupReport
from gateway.model.verdict import Outcome, Taken
from gateway.ports import Store
from gateway.state.transact import transact
from gateway.state.write_lock import WriteLock, Writer

CROWDED_SECONDS = 0.05  # how long webhooks count as crowded after some had to share a commit
TRANSACTION = "webhook"

NOTHING_READ = Result(0)


log = structlog.get_logger("gateway.intake")


class GroupCommit:
    """The intake of one shard.

    `woken` is called after each commit, so that what is due now is looked at now;
    `taken` with the verdicts and the store's time in ms; `count` with what was committed
    together ("webhooks", "reserve") and its `BatchOutcome`. `laps` times the steps. The
    loop calls them: what fails there is logged, and refuses no webhook that is durable.
    """

    def __init__(
        self,
        store: Store,
        correlator: Correlator,
        *,
        woken: Callable[[], None],
        taken: Sink,
        count: BatchCounter = count_nowhere,
        reserve: Reserve | None = None,
        keep_ended: int = KEEP_ENDED_MS,
        write_lock: WriteLock | None = None,
        laps: Callable[[], Lap] = no_laps,
        shard: int = HOME,
    ) -> None:
        self._store = store
        self.correlator = correlator
        self._woken = woken
        self._taken = taken
        self._count = count
        self._reserve = reserve or Reserve()
        self._keep_ended = keep_ended
        self._write_lock = write_lock or WriteLock()
        self._laps = laps
        self._shard = shard
        self._turns: Turns[WaitingWebhook] = Turns()
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
        turn: Turn = NO_TURN,
    ) -> Sequence[Taken]:
        """Return the verdicts when everything given is durable. `heard` names the watchdogs with a heartbeat.

        Raises `StateUnavailable`; then not all of it counts as taken, and what is sent again is known as far
        as it was. A caller that is cancelled leaves what has not had its turn.
        """
        webhook = WaitingWebhook(seen, quarantined, heard, groups, turn)
        self._turns.add(turn, webhook)
        if self._worker is None or self._worker.done():
            # It works for whoever waits, so it belongs to no webhook, nor to its log lines or trace.
            self._worker = asyncio.create_task(self._work(), context=Context())
        try:
            await webhook.done
        finally:
            if webhook.done.cancelled():
                self._turns.remove(turn, webhook)
        return webhook.verdicts

    def crowded(self) -> bool:
        """Return whether webhooks come in faster than one by one."""
        return asyncio.get_running_loop().time() - self._shared_at < CROWDED_SECONDS

    async def drain(self) -> None:
        """Wait until everything that was accepted is committed, even if its sender has gone."""
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        while self._turns:
            pieces = next_round(self._turns)
            if len(pieces) > 1:
                self._shared_at = asyncio.get_running_loop().time()
            await self._together(pieces)
            ended = [piece.webhook for piece in pieces if piece.last]
            if any(webhook.refused is None for webhook in ended):
                tell(self._woken)
            for webhook in ended:
                if webhook.done.done():  # its sender has gone
                    continue
                if webhook.refused is None:
                    webhook.done.set_result(None)
                else:
                    webhook.done.set_exception(webhook.refused)

    async def _together(self, pieces: list[Piece]) -> None:
        """Take pieces in one commit; where that fails for a reason of its own, piece by piece.

        A store that is away is no such reason: each webhook alone would only wait for it as long again.
        """
        done = await self._done("webhooks", pieces, joined([piece.part for piece in pieces]))
        outcome, error = done.outcome, done.error
        if len(pieces) > 1 and outcome in (BatchOutcome.STORE_FULL, BatchOutcome.FAULT):
            log.warning(
                "webhooks_one_by_one", webhooks=len(pieces), outcome=outcome.value, error=repr(error)[:200]
            )
            for piece in pieces:
                await self._together([piece])
            return
        if outcome is BatchOutcome.STORE_FULL and await self._take_what_must_be_heard(pieces[0]):
            return
        hand_out(done.verdicts, pieces)
        for piece in pieces if error is not None else ():
            self._refuse(piece, error, ends_count=outcome is BatchOutcome.STORE_FULL)

    def _refuse(self, piece: Piece, error: BaseException | None, *, ends_count: bool) -> None:
        """Keep why the webhook of this piece is refused. The rest of it is not looked at any more, but for
        what a full store takes.
        """
        webhook = piece.webhook
        webhook.refused = webhook.refused or error
        if not ends_count:
            self._turns.remove(webhook.turn, webhook)
            piece.last = True

    async def _take_what_must_be_heard(self, piece: Piece) -> bool:
        """Take the ends and the critical alerts of a webhook that a full store has refused, as far as the
        share of its source goes. Return whether that was all of it.

        Where it was not, the webhook stays refused: Alertmanager sends it again, and what was taken is known
        by then, so that it counts once.
        """
        part = replace(piece.part, share=self._reserve.share)
        done = await self._done("reserve", [piece], part)
        if done.error is not None:
            log.warning("ends_not_taken", outcome=done.outcome.value, error=repr(done.error)[:200])
            return False
        taken = len(done.verdicts)
        if taken:
            tell(self._woken)
        left_out = len(part.seen) - taken
        log.info("taken_by_a_full_store", source=piece.webhook.turn.source, taken=taken, left_out=left_out)
        piece.webhook.verdicts += done.verdicts
        return left_out == 0

    async def _done(self, what: str, pieces: Sequence[Piece], part: Part) -> Done:
        """Commit the part, made of pieces, and return what became of it."""
        with commit_span(what, pieces, self._shard) as ended:
            # A task, so that whatever goes wrong stays in it
            task = asyncio.create_task(self._commit(part))
            await asyncio.wait([task])
            if task.cancelled():  # by a library: nobody else knows of this task
                error: BaseException | None = StateUnavailable("the commit was cut off: try again")
            else:
                error = task.exception()
            outcome = outcome_of(error)
            tell(self._count, what, outcome)
            ended(outcome)
        return Done(outcome, error, task.result() if error is None else ())

    async def _commit(self, part: Part) -> Sequence[Taken]:
        """Return the verdicts of the observations that were taken, in their order."""
        read, decide = partial(self._read, part), partial(changes_of, part)
        async with self._write_lock.taken(Writer.INTAKE):
            done = await transact(self._store, TRANSACTION, read, decide)
        assert done.committed is not None
        # What was sent is compared with what people call the time.
        tell(self._taken, done.answer, done.committed.now + done.committed.ahead)
        return [verdict for verdict in done.answer if verdict.outcome is not Outcome.QUARANTINED]

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
        reserve, used = lookup, lookup.reserve_use
        if part.share is not None:
            kept, used = taken_when_full(resolved, lookup.alerts, used, part.share)
            if len(kept) < len(resolved):
                # Read anew, so that nothing is written of what is left out.
                resolved, lookup = await read_alerts(self._store, kept)
        lap = self._laps()
        deduplicated = deduplicate(resolved, lookup, part.groups, self._keep_ended)
        lap(Step.DEDUPLICATE)
        placements = placements_of(deduplicated, self.correlator)
        query = incidents_of(deduplicated, placements)
        incidents = await self._store.gather(query) if query.cells or query.keys else NOTHING_READ
        lap = self._laps()
        changes = correlate(deduplicated, placements, incidents, self.correlator)
        lap(Step.CORRELATE)
        note_reserve(changes, reserve, used, full=part.share is not None)
        return changes, deduplicated.verdicts
