"""Plan the incidents that are due: read them, decide on each, and commit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from gateway.decisions.accounting.verdict_log import VERDICTS
from gateway.decisions.notification.joined import joined_alone
from gateway.model.cause import correlation_of
from gateway.model.cells import CONTROLS
from gateway.model.changes import Changes, Claim, CommitOutcome, Result
from gateway.model.incident import Counted, Incident
from gateway.model.members import Member
from gateway.model.verdict import Reason
from gateway.reconcile.context import Context, log
from gateway.reconcile.plan import claimed_changes
from gateway.reconcile.traced import PlanSpans
from gateway.state.snapshots import OnlyNew, read_snapshots
from gateway.state.transact import commit_claimed
from gateway.state.versioned_snapshot import VersionedSnapshot
from gateway.state.write_lock import Writer


class PlannedClaim(NamedTuple):
    """The plan of a claimed incident: what was read for it (None: there is no such incident), and what it changes."""

    versioned: VersionedSnapshot | None
    changes: Changes


async def plan_incident(context: Context, claim: Claim) -> None:
    async with context.write_lock.taken(Writer.PLAN):
        with PlanSpans(context) as spans:
            versioned, changes = (await read_and_plan(context, [claim], spans))[claim]
            committed = await commit_claimed(context.store, claim, changes)
            if committed.outcome is CommitOutcome.DONE:
                with spans.again(claim.subject.id):
                    say_verdicts(versioned, changes)
            spans.end(committed.outcome.value, [claim.subject.id])
    if committed.outcome is CommitOutcome.DONE:
        context.services.committed(changes)


def say_verdicts(versioned: VersionedSnapshot | None, changes: Changes) -> None:
    """Log what a plan that is committed has changed of the verdicts, under the id of the incident's webhook.

    Alerts that waited to be planned together were held meanwhile. No plan has counted that; a line says it.
    """
    if versioned is None:
        return
    incident = versioned.snapshot.incident
    cause = correlation_of(incident.trace)
    known = {"correlation": cause} if cause else {}
    if incident.joining is not None:
        log.debug("joins_planned", incident=incident.id, reason=Reason.JOINING.value, **known)
    for entry in changes.log:
        if entry.what == VERDICTS:
            log.info("verdicts_changed", incident=entry.subject, **entry.detail, **known)


async def read_and_plan(
    context: Context, claims: Sequence[Claim], spans: PlanSpans
) -> dict[Claim, PlannedClaim]:
    """Plan each by what has joined it where nothing else is new, and whole where that is not enough."""
    due = {claim.subject.id: claim.due for claim in claims}
    decided = await _read_and_plan(context, claims, spans, partial(_joined_alone, context, due))
    left = [claim for claim in claims if claim not in decided]
    return decided | await _read_and_plan(context, left, spans) if left else decided


async def _read_and_plan(
    context: Context, claims: Sequence[Claim], spans: PlanSpans, only_new: OnlyNew | None = None
) -> dict[Claim, PlannedClaim]:
    """Return the plans by claim. With `only_new` those are missing that have to look at every member."""
    incidents = [claim.subject.id for claim in claims]
    read = await read_snapshots(context.store, incidents, context.policy, only_new)
    planned = (
        (claim, versioned, claimed_changes(context, claim, versioned, spans))
        for claim, versioned in zip(claims, read, strict=True)
    )
    return {
        claim: PlannedClaim(versioned, changes)
        for claim, versioned, changes in planned
        if changes is not None
    }


def _joined_alone(
    context: Context, due: dict[str, int], incident: Incident, read: Result
) -> tuple[Member, ...] | None:
    basis = Counted(read.now, 0, read.rows[CONTROLS].version, read.ahead)
    return joined_alone(incident, basis, context.generation, due[incident.id])
