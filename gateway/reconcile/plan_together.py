"""Plan many incidents in few commits: a commit costs more than the plan of a small incident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gateway.model.agenda import SubjectKind
from gateway.model.changes import Cell, Changes, Claim, CommitOutcome, Query, Table
from gateway.model.incident import Incident
from gateway.model.records import load_incident
from gateway.reconcile.context import Context
from gateway.reconcile.plan_claimed import read_and_plan, say_verdicts
from gateway.reconcile.traced import PlanSpans
from gateway.state.commit import commit
from gateway.state.write_lock import Writer

MEMBERS_TOGETHER = 1_000  # in one commit: about 25 ms, in which webhooks and pages wait


class Together(NamedTuple):
    """Plans that are made in one commit. `writer` is a patient one where no person waits for any of them."""

    claims: list[Claim]
    writer: Writer


async def apart(context: Context, claims: Sequence[Claim]) -> list[Together]:
    """Return the plans in the parts that are made together, so that many large ones hold up nothing else.

    Those that only wait for what joins come last. Raises `StateUnavailable`.
    """
    if len(claims) == 1 or not any(claim.subject.id in context.large for claim in claims):
        return [Together(list(claims), Writer.PLAN)]
    cells = [Cell(Table.INCIDENTS, claim.subject.id) for claim in claims]
    rows = (await context.store.gather(Query(cells=cells))).rows
    incidents = [load_incident(rows[cell].value) if rows[cell].value else None for cell in cells]
    parts: list[Together] = []
    for writer in (Writer.PLAN, Writer.PATIENT_PLAN):
        members = 0
        part = Together([], writer)
        for claim, incident in zip(claims, incidents, strict=True):
            if _writer_of(claim, incident) is not writer:
                continue
            size = len(incident.members) if incident is not None else 0
            if part.claims and members + size > MEMBERS_TOGETHER:
                parts.append(part)
                part, members = Together([], writer), 0
            part.claims.append(claim)
            members += size
        parts += [part] if part.claims else []
    return parts


def _writer_of(claim: Claim, incident: Incident | None) -> Writer:
    joining = incident.joining if incident is not None else None
    # It is due earlier where anything else is to be planned.
    return Writer.PATIENT_PLAN if joining is not None and claim.due >= joining.until else Writer.PLAN


async def plan_together(context: Context, claims: list[Claim], writer: Writer = Writer.PLAN) -> bool:
    """Plan many incidents in one commit, and take those that are planned out of `claims`.

    Return False where some are left: another writer was quicker with them. Then `loop._handle_plans` plans
    each by itself, which takes less long, so that it wins.
    """
    async with context.write_lock.taken(writer):
        with PlanSpans(context) as spans:
            await _plan_and_commit(context, claims, spans)
    return not claims


async def _plan_and_commit(context: Context, claims: list[Claim], spans: PlanSpans) -> None:
    incidents = [claim.subject.id for claim in claims]
    planned = await read_and_plan(context, claims, spans)
    while planned:
        together = _merged(decided.changes for decided in planned.values())
        committed = await commit(context.store, together)
        if committed.outcome is CommitOutcome.DONE:
            context.services.committed(together)
            for claim, decided in planned.items():
                with spans.again(claim.subject.id):
                    say_verdicts(*decided)
            claims[:] = [claim for claim in claims if claim not in planned]
            spans.end(committed.outcome.value, incidents)
            return
        lost = set(committed.lost)
        beaten = [claim for claim, decided in planned.items() if lost & decided.changes.expect.keys()]
        spans.end(committed.outcome.value, [claim.subject.id for claim in beaten] or incidents)
        if not beaten:
            return
        # What was decided of the others stands.
        context.store.lost_races[SubjectKind.PLAN] += len(beaten)
        for claim in beaten:
            del planned[claim]


def _merged(changes: Iterable[Changes]) -> Changes:
    together = Changes()
    for part in changes:
        together.merge(part)
    return together
