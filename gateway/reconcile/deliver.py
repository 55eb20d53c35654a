"""Deliver one incident to one target: look at the state again, decide the next step, and take it."""

from __future__ import annotations

from gateway.clock import elapsed_seconds
from gateway.decisions.delivery.next_step import Notify, Reply, Rest, next_step
from gateway.decisions.notification.assumptions import as_if_untold
from gateway.decisions.notification.plan import plan
from gateway.model.agenda import Subject
from gateway.model.cause import correlation_of
from gateway.model.changes import Changes, Claim, Release
from gateway.model.digest import cell_of_digest
from gateway.model.durations import SECOND
from gateway.model.path import Step
from gateway.reconcile.context import Context, outdated
from gateway.reconcile.digest import read_digest
from gateway.reconcile.job import CredentialReplaced, Job, sender_for
from gateway.reconcile.settle import abandon
from gateway.reconcile.take_step import take_step
from gateway.reconcile.traced import delivery_span
from gateway.state.snapshots import read_snapshot
from gateway.state.transact import commit_claimed, let_go
from gateway.state.versioned_snapshot import VersionedSnapshot
from gateway.telemetry.correlation import correlated
from gateway.telemetry.current_span import CURRENT

STUCK_AFTER = 5  # faults of ours in a row


async def deliver(context: Context, claim: Claim) -> bool:
    """Take the next step of one delivery.

    After five failures in a row through our own fault, send only a minimal text. Return False if this step
    was a wait, a look or a withdrawal, so that it does not reset the failure count.
    """
    target, incident_id, began = claim.subject.target, claim.subject.id, elapsed_seconds()
    if cell_of_digest(incident_id) is not None:
        return await _deliver_digest(context, claim)
    versioned = await read_snapshot(context.store, incident_id, context.policy)
    if versioned is None or target not in versioned.snapshot.ledgers:
        # The incident was forgotten, or no plan has written a
        # ledger for this target: there is nothing to send.
        await let_go(context.store, claim, None)
        return True
    # By the newer rules of another replica this target may not be notified at all, so that replica decides.
    if outdated(context, versioned.rule_generation):
        await let_go(context.store, claim, versioned.now + 2 * SECOND)
        return False
    with delivery_span(context, versioned.snapshot, began):
        return await _deliver(context, claim, versioned)


async def _deliver(context: Context, claim: Claim, versioned: VersionedSnapshot) -> bool:
    target = claim.subject.target
    # The view is planned anew, so that people are notified of the state of now and not of the state at
    # which the delivery was put on the agenda.
    planned = plan(versioned.snapshot, context.policy, versioned.now, context.watcher.laps())
    view = planned.views[target]
    stored = versioned.snapshot.ledgers[target]
    destinations = context.policy.rules.destinations
    if as_if_untold(stored, destinations, versioned.snapshot.credentialed) is not stored:
        # Only the log was told, and people can be told by now: the plan writes that down first.
        await commit_claimed(context.store, claim, _planned_first(claim, versioned.now))
        return True
    job = Job(context, claim, versioned, view, planned.incident, stored, claim.crashes >= STUCK_AFTER)
    return await _take(job)


async def _deliver_digest(context: Context, claim: Claim) -> bool:
    job = await read_digest(context, claim)
    return True if job is None else await _take(job)


async def _take(job: Job) -> bool:
    """Take the next step of the job; the answer is that of `deliver`."""
    sender = sender_for(job)
    if isinstance(sender, CredentialReplaced):
        # Another key or address cannot end what is open under the old one: the operator is told, and what
        # still fires is notified through the new one.
        await abandon(job)
        return True
    step = next_step(job.view.ledger, job.view, job.versioned.now, looks=job.looks(sender))
    if (span := CURRENT.get()) is not None:
        span.note(destination=job.view.ledger.destination, step=type(step).__name__)
    lap = job.context.watcher.laps()
    # The webhook's correlation id joins the log lines of a delivery to those of the alert's arrival.
    with correlated(correlation_of(job.incident.trace)):
        await take_step(job, sender, step)
    lap(Step.DELIVER)
    return isinstance(step, (Notify, Reply)) or (isinstance(step, Rest) and step.until is None)


def _planned_first(claim: Claim, now: int) -> Changes:
    changes = Changes(releases=[Release(claim, None)])
    changes.schedule(Subject.plan(claim.subject.id), now, 0)
    return changes
