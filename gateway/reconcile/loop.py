"""The loop claims due subjects under a lease and works them off, each by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from gateway.decisions.delivery.next_step import LEASE
from gateway.decisions.policy import Policy
from gateway.errors import StateUnavailable
from gateway.model.agenda import Subject, SubjectKind
from gateway.model.changes import Claim
from gateway.model.lanes import LaneRule, Pace
from gateway.outbound.registry import PACES
from gateway.reconcile.context import Context, log
from gateway.reconcile.deliver import STUCK_AFTER
from gateway.reconcile.handlers import HANDLERS, leave_to_newer
from gateway.reconcile.paces import paces_of
from gateway.reconcile.plan import plan_together
from gateway.reconcile.work_outcome import WorkOutcome, outcome_of
from gateway.reconcile.work_under_way import WorkUnderWay
from gateway.state.transact import let_go

CROWD_SECONDS = 0.02  # between two looks in a crowd of webhooks: what belongs together is then planned once
POLL_SECONDS = 1.0  # how long what another replica put on the agenda may go unnoticed
MAX_CLAIMS = 64  # subjects claimed at once
MAX_UNDER_WAY = 64  # subjects worked on at once
STOP_SECONDS = 10.0  # at the end, for what is under way: longer than any send
CRASH_BACKOFF_MS = 2_000  # doubled with each crash of the same subject
MAX_CRASH_BACKOFF_MS = 60_000


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
            if self._work.count >= MAX_UNDER_WAY:
                # More leases than can be worked on would keep a subject from a replica that has room for it.
                await self._wake.wait()
                continue
            if self._crowded():
                await asyncio.sleep(CROWD_SECONDS)
            try:
                found = await self.context.store.claim(MAX_CLAIMS, LEASE, self.lanes())
            except StateUnavailable as error:
                # Notifications come late while the store is away; what is due stays on the agenda.
                # The log says so once a minute (`StoreWatch`).
                log.debug("store_unavailable", error=str(error))
                await asyncio.sleep(POLL_SECONDS / 2)
                continue
            plans, others = _apart(found.claims)
            if plans:
                self._work.start("", self._handle_plans(plans))
            for claim in others:
                self._work.start(claim.subject.target, self._handle(claim))
            if not found.claims:
                # Nothing is due: sleep until the next time, or until news wakes the loop.
                await self._pause(found.now, found.next_due)
            else:
                await asyncio.sleep(0)
        await self._work.wait(STOP_SECONDS)

    def stop(self) -> None:
        """Have `run` end when what is under way is finished, so that no lease is left."""
        self._stopping = True
        self.wake()

    async def run_due(self) -> int:
        """Work off what is due now; for tests and simulations, where the clock is given."""
        count = 0
        while (found := await self.context.store.claim(MAX_CLAIMS, LEASE, self.lanes())).claims:
            plans, others = _apart(found.claims)
            await self._handle_plans(plans)
            for claim in others:
                await self._handle(claim)
            count += len(found.claims)
        return count

    async def _pause(self, now: int, next_due: int | None) -> None:
        wait = POLL_SECONDS if next_due is None else min(POLL_SECONDS, max(0.001, (next_due - now) / 1000))
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            pass

    def lanes(self) -> LaneRule:
        """Return the rule of what may be claimed now."""
        return self._work.lanes(self.context.policy, self.context.paces)

    async def _handle_plans(self, claims: Sequence[Claim]) -> None:
        """Plan all of them in one commit; where that fails, each by itself: none fails its neighbours."""
        if len(claims) > 1:
            outcome, error = await outcome_of(plan_together(self.context, claims))
            self.context.watcher.planned_together(outcome)
            if outcome is WorkOutcome.DONE:
                self._recovered(*(claim.subject for claim in claims))
                return
            # A lost race is normal (debug); an unreachable store or a fault of ours is a warning.
            note = log.debug if outcome is WorkOutcome.NOT_DONE else log.warning
            note("planned_one_by_one", plans=len(claims), because=repr(error)[:200], outcome=outcome.value)
        for claim in claims:
            await self._handle(claim)

    async def _handle(self, claim: Claim) -> None:
        """Work on one subject; whatever goes wrong with it delays no other."""
        handler = HANDLERS.get(claim.subject.kind, leave_to_newer)
        tried = claim._replace(crashes=self._crashes.get(claim.subject, 0))
        outcome, error = await outcome_of(handler(self.context, tried))
        match outcome:
            case WorkOutcome.DONE:
                self._recovered(claim.subject)
            case WorkOutcome.NOT_DONE:
                pass  # it only waited: that says nothing about whether its fault is gone
            case WorkOutcome.STORE_AWAY:
                # The lease ends by itself, and whoever claims the subject then goes on.
                log.debug("store_unavailable", subject=str(claim.subject), error=str(error))
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
            await let_go(
                self.context.store,
                claim,
                now + min(MAX_CRASH_BACKOFF_MS, CRASH_BACKOFF_MS << min(crashes, 6)),
            )
        except StateUnavailable:
            return  # the lease ends by itself
        if crashes >= STUCK_AFTER:
            self.context.report("GatewayStuck", {"subject": claim.subject.group})

    def _recovered(self, *subjects: Subject) -> None:
        for subject in subjects:
            self._crashes.pop(subject, None)


def _apart(claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
    """Return the plans, which are committed together, and the other subjects."""
    plans = [claim for claim in claims if claim.subject.kind == SubjectKind.PLAN]
    return plans, [claim for claim in claims if claim.subject.kind != SubjectKind.PLAN]
