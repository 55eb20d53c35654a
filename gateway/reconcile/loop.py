"""The loop claims due subjects under a lease and works them off, each by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from gateway.clock import seconds_to_next_look
from gateway.decisions.delivery.next_step import LEASE
from gateway.decisions.policy import Policy
from gateway.errors import StateUnavailable
from gateway.model.agenda import NEW_RULES, Subject, SubjectKind
from gateway.model.changes import Changes, Claim, Claimed
from gateway.model.lanes import LaneRule, Pace
from gateway.model.store_clock import CLOCK_STEP_MS
from gateway.outbound.registry import PACES
from gateway.reconcile.context import Context, log
from gateway.reconcile.deliver import STUCK_AFTER
from gateway.reconcile.handlers import HANDLERS, Handler, leave_to_newer
from gateway.reconcile.paces import paces_of
from gateway.reconcile.plan_together import Together, apart, plan_together
from gateway.reconcile.traced import agenda_span
from gateway.reconcile.work_outcome import WorkOutcome, outcome_of
from gateway.reconcile.work_under_way import MAX_UNDER_WAY, WorkUnderWay
from gateway.state.commit import commit
from gateway.state.transact import let_go
from gateway.telemetry.own_work import OWN_WORK

CROWD_SECONDS = 0.02  # between two looks in a crowd of webhooks: what belongs together is then planned once
POLL_SECONDS = 1.0  # how long what another replica put on the agenda may go unnoticed
FULL_SECONDS = 0.05  # between two looks while there is room only for shares that have some reserved
STOP_SECONDS = 10.0  # at the end, for what is under way: longer than any send
CRASH_BACKOFF_MS = 2_000  # doubled with each crash of the same subject
MAX_CRASH_BACKOFF_MS = 60_000
AFTER_ABSENCE_MS = 1_000  # from the last claim on: a store that only reads is not asked without end


class Reconciler:
    """Works off the agenda of one shard.

    `paces` by kind of destination; `crowded` returns whether webhooks come in faster than one by one.
    """

    def __init__(
        self, context: Context, paces: Mapping[str, Pace] = PACES, crowded: Callable[[], bool] = lambda: False
    ) -> None:
        self.context = context
        self._crowded = crowded
        self._paces = paces
        self._wake = asyncio.Event()
        self._work = WorkUnderWay(self._wake.set)
        self._crashes: dict[Subject, int] = {}
        self._ahead = 0  # how far people's time was ahead of the store's `now` at the last claim
        self._left: list[Claim] = []  # the store went away under the work on these
        self._claimed_at = 0  # when the store was asked for work last, by its own clock
        self._stopping = False
        self.use(context.policy)

    def use(self, policy: Policy, generation: int = 0) -> None:
        """Put a new rule set in force."""
        self.context.policy = policy
        self.context.generation = generation
        self.context.readers = {}
        self.context.paces = paces_of(policy.rules.destinations, self._paces)

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop`, and finish then what was begun. A store that is away is waited for."""
        while not self._stopping:
            self._wake.clear()
            room = self._work.room
            if not room and not any(self._work.reserved.values()):
                # More leases than can be worked on would keep a subject from a replica that has room for it.
                await self._wake.wait()
                continue
            if self._crowded():
                await asyncio.sleep(CROWD_SECONDS)
            try:
                found = await self._claim(room)
            except StateUnavailable as error:
                # Notifications come late while the store is away; what is due stays on the agenda.
                # The log says so once a minute (`StoreWatch`).
                with OWN_WORK.failed("claim"):
                    log.debug("store_unavailable", error=str(error))
                await asyncio.sleep(POLL_SECONDS / 2)
                continue
            plans, others = _plans_and_others(found.claims)
            if plans:
                self._work.start(plans, self._handle_plans(plans))
            for claim in others:
                self._work.start([claim], self._handle(claim))
            if not found.claims:
                # Nothing is due, or all that is due waits until something ends: sleep until the next time, or
                # until news wakes the loop.
                await self._pause(found.now, found.next_due, 0.001 if room else FULL_SECONDS)
            else:
                await asyncio.sleep(0)
        await self._work.wait(STOP_SECONDS)
        with suppress(StateUnavailable):  # else these leases end by themselves
            await self._give_back()

    def stop(self) -> None:
        """Have `run` end when what is under way is finished, so that no lease is left."""
        self._stopping = True
        self.wake()

    async def run_due(self) -> int:
        """Work off what is due now; for tests and simulations, where the clock is given."""
        count = 0
        while (found := await self._claim(MAX_UNDER_WAY)).claims:
            plans, others = _plans_and_others(found.claims)
            await self._handle_plans(plans)
            for claim in others:
                await self._handle(claim)
            count += len(found.claims)
        return count

    async def _claim(self, limit: int) -> Claimed:
        await self._give_back()
        found = await self.context.store.claim(limit, LEASE, self.lanes())
        if abs(found.ahead - self._ahead) > CLOCK_STEP_MS:
            # People's time has come nearer, or gone further away: every silence and mute
            # ends at another `now`.
            changes = Changes()
            changes.schedule(NEW_RULES, found.now, 0)
            try:
                await commit(self.context.store, changes)
            except StateUnavailable as error:
                with OWN_WORK.failed("claim"):
                    log.debug("store_unavailable", error=str(error))
                return found  # the next claim sees the same, and what is leased now is worked on
        self._ahead = found.ahead
        self._claimed_at = found.now
        return found

    async def _give_back(self) -> None:
        """Give the leases back of what the store's absence has ended the work on, so that it goes on soon.

        What was begun is known by its intent, which was written before it. Raises `StateUnavailable`.
        """
        while self._left:
            # Taken out first: the work on others may end meanwhile, and is added behind.
            claim = self._left.pop()
            try:
                await let_go(self.context.store, claim, self._claimed_at + AFTER_ABSENCE_MS)
            except StateUnavailable:
                self._left.append(claim)
                raise

    async def _pause(self, now: int, next_due: int | None, least: float) -> None:
        due_in = POLL_SECONDS if next_due is None else max(least, (next_due - now) / 1000)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(due_in, seconds_to_next_look(POLL_SECONDS, self.context.shard))):
                await self._wake.wait()

    def lanes(self) -> LaneRule:
        """Return the rule of what may be claimed now."""
        return self._work.lanes(self.context.policy, self.context.paces, self.context.hanging)

    async def _handle_plans(self, claims: Sequence[Claim]) -> None:
        """Plan many in one commit; where that fails, each by itself: none fails its neighbours."""
        try:
            parts = await apart(self.context, claims)
        except StateUnavailable as error:
            # The leases are given back when the store is there again; else they end by themselves.
            with OWN_WORK.failed("plan"):
                log.debug("store_unavailable", plans=len(claims), error=str(error))
            self._left += claims
            return
        for part in parts:
            await self._handle_part(part)

    async def _handle_part(self, part: Together) -> None:
        left = list(part.claims)
        if len(left) > 1:
            outcome, error = await outcome_of(plan_together(self.context, left, part.writer))
            self.context.watcher.batch("plans", outcome)
            planned = [claim.subject for claim in part.claims if claim not in left]
            self._recovered(*planned)
            for subject in planned:
                self._worked_off(subject, WorkOutcome.DONE)
            if outcome is WorkOutcome.DONE:
                return
            # A lost race is normal (debug); an unreachable store or a fault of ours is a warning.
            note = log.debug if outcome is WorkOutcome.NOT_DONE else log.warning
            note("planned_one_by_one", plans=len(left), because=repr(error)[:200], outcome=outcome.value)
        for claim in left:
            await self._handle(claim)

    async def _handle(self, claim: Claim) -> None:
        """Work on one subject; whatever goes wrong with it delays no other."""
        handler = HANDLERS.get(claim.subject.kind, leave_to_newer)
        tried = claim._replace(crashes=self._crashes.get(claim.subject, 0))
        outcome, error = await outcome_of(_traced(self.context, tried, handler))
        self._worked_off(claim.subject, outcome)
        match outcome:
            case WorkOutcome.DONE:
                self._recovered(claim.subject)
            case WorkOutcome.NOT_DONE:
                pass  # it only waited: that says nothing about whether its fault is gone
            case WorkOutcome.STORE_AWAY:
                # The lease is given back when the store is there again; else it ends by itself.
                log.debug("store_unavailable", subject=str(claim.subject), error=str(error))
                self._left.append(claim)
            case WorkOutcome.FAULT:
                assert error is not None
                await self._crashed(claim, error)

    async def _crashed(self, claim: Claim, error: Exception) -> None:
        """Have the subject back off after a fault of ours; after some in a row, report that it is stuck.

        The alert of our own lasts longer than the longest wait between two crashes, so it does not flap.
        """
        crashes = self._crashes[claim.subject] = self._crashes.get(claim.subject, 0) + 1
        log.error("subject_failed", subject=str(claim.subject), crashes=crashes, exc_info=error)
        self.context.watcher.failed(claim.subject, error)
        try:
            now = await self.context.store.now()
            wait = min(MAX_CRASH_BACKOFF_MS, CRASH_BACKOFF_MS << min(crashes, 6))
            await let_go(self.context.store, claim, now + wait)
        except StateUnavailable as away:
            with OWN_WORK.failed("give_back"):
                log.debug("store_unavailable", subject=str(claim.subject), error=str(away))
            self._left.append(claim)
            return
        if crashes >= STUCK_AFTER:
            self.context.report("GatewayStuck", {"subject": claim.subject.group})

    def _worked_off(self, subject: Subject, outcome: WorkOutcome) -> None:
        self.context.watcher.worked_off(subject, outcome.value)
        log.debug("subject_worked_off", subject=str(subject), kind=subject.kind, outcome=outcome.value)

    def _recovered(self, *subjects: Subject) -> None:
        for subject in subjects:
            self._crashes.pop(subject, None)


async def _traced(context: Context, claim: Claim, handler: Handler) -> bool | None:
    with agenda_span(context, claim):
        return await handler(context, claim)


def _plans_and_others(claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
    """Return the plans, which are committed together, and the other subjects."""
    plans = [claim for claim in claims if claim.subject.kind == SubjectKind.PLAN]
    return plans, [claim for claim in claims if claim.subject.kind != SubjectKind.PLAN]
