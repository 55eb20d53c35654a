"""Webhook time: webhooks that arrive while a commit is under way are committed together by the next one.

Databases do the same ("group commit"). A webhook that is answered 2xx is in the store by then. A large
webhook takes several rounds, and senders take turns in them (`turns.py`): one that sends much delays nobody
who sends little.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import replace

import structlog

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.partition import HOME
from gateway.errors import StateUnavailable
from gateway.intake.batch_outcome import BatchOutcome, Done, outcome_of
from gateway.intake.commit_part import Part, joined
from gateway.intake.commit_span import commit_span
from gateway.intake.known_repeats import KnownRepeats
from gateway.intake.listeners import BatchCounter, Sink, count_nowhere, tell
from gateway.intake.opening_planner import OpeningPlanner
from gateway.intake.part_writer import PartWriter
from gateway.intake.pieces import NO_TURN, Piece, WaitingWebhook, hand_out, next_round
from gateway.intake.repeats import Repeats, Sighting
from gateway.intake.turns import Turn, Turns
from gateway.model.path import Lap, no_laps
from gateway.model.quarantined import Quarantined
from gateway.model.reserve import Reserve
from gateway.model.retention import KEEP_ENDED_MS
from gateway.model.truncated_groups import GroupReport
from gateway.model.verdict import Outcome, Taken
from gateway.ports import Store
from gateway.state.write_lock import WriteLock

# How soon after one commit of several webhooks another such commit makes a crowd of them, and for how long
CROWDED_SECONDS = 0.05

log = structlog.get_logger("gateway.intake")


class GroupCommit:
    """The intake of one shard.

    `woken` is called after a commit that has put something on the agenda, so that it is looked at now;
    `taken` with the verdicts and the store's time in ms; `count` with what was committed
    together ("webhooks", "reserve") and its `BatchOutcome`. `laps` times the steps. The
    loop calls them: what fails there is logged, and refuses no webhook that is durable.
    `repeats` is the memory of what was sent before, which all shards share.
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
        repeats: Repeats | None = None,
    ) -> None:
        known = KnownRepeats(repeats or Repeats(), shard)
        self._writer = PartWriter(store, correlator, keep_ended, write_lock or WriteLock(), laps, known)
        self._woken = woken
        self._taken = taken
        self._count = count
        self._reserve = reserve or Reserve()
        self._shard = shard
        self._turns: Turns[WaitingWebhook] = Turns()
        self._worker: asyncio.Task[None] | None = None
        self._shared_at = self._crowded_at = -CROWDED_SECONDS
        self._something_due = False

    @property
    def correlator(self) -> Correlator:
        """The rules in force by which alerts come together."""
        return self._writer.correlator

    @correlator.setter
    def correlator(self, correlator: Correlator) -> None:
        self._writer.correlator = correlator

    def plan_by(self, planner: OpeningPlanner) -> None:
        """Have the planner plan incidents in the commit that opens them, from now on."""
        self._writer.planner = planner

    @property
    def lost_races(self) -> int:
        """How often webhooks were decided again because another writer was quicker."""
        return self._writer.lost_races

    async def accept(
        self,
        seen: Sequence[Sighting],
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
        return asyncio.get_running_loop().time() - self._crowded_at < CROWDED_SECONDS

    async def drain(self) -> None:
        """Wait until everything that was accepted is committed, even if its sender has gone."""
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        while self._turns:
            pieces = next_round(self._turns)
            if len(pieces) > 1:
                now = asyncio.get_running_loop().time()
                # Two that share one commit may have met by chance: nobody is to wait for that.
                if now - self._shared_at < CROWDED_SECONDS:
                    self._crowded_at = now
                self._shared_at = now
            await self._together(pieces)
            ended = [piece.webhook for piece in pieces if piece.last]
            if any(webhook.refused is None for webhook in ended):
                self._wake()
            for webhook in ended:
                if webhook.done.done():  # its sender has gone
                    continue
                if webhook.refused is None:
                    webhook.done.set_result(None)
                else:
                    webhook.done.set_exception(webhook.refused)

    def _wake(self) -> None:
        """Have the agenda looked at where a commit since the last time has put something on it."""
        if self._something_due:
            self._something_due = False
            tell(self._woken)

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
        self._wake()
        taken = len(done.verdicts)
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
        written = await self._writer.write(part)
        self._something_due = self._something_due or written.something_due
        tell(self._taken, written.verdicts, written.wall)
        return [verdict for verdict in written.verdicts if verdict.outcome is not Outcome.QUARANTINED]
