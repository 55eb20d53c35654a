"""Deliver one incident to one target: the next step, its intent before it, its answer after it."""

from __future__ import annotations

from secrets import token_hex
from typing import assert_never

import structlog

from gateway.clock import utc_ms
from gateway.decisions.delivery import deliver
from gateway.decisions.delivery.compose import compose, compose_plainly
from gateway.decisions.delivery.settle import looked, withdrawn
from gateway.decisions.notification.plan import plan
from gateway.model.changes import Claim
from gateway.model.durations import SECOND
from gateway.model.ledger import Part, Through
from gateway.model.telling import Answer, Look, Refused, Telling
from gateway.reconcile.context import Context, log, outdated
from gateway.reconcile.job import Job, Lost, Outlet, outlet_of
from gateway.reconcile.settle import Sent, abandon, finish, write_answer, write_intent
from gateway.state.commit import let_go
from gateway.state.snapshots import read_case


async def deliver_next(context: Context, claim: Claim, rest: str, *, plainly: bool = False) -> bool:
    """`plainly`: this delivery has failed by a fault of ours again and again, so only the least is said.

    True where something was said or nothing is left to say; False where a wait or a look lies between two sends.
    """
    target, _, incident_id = rest.partition("|")
    reading = await read_case(context.store, incident_id, context.policy)
    if reading is None or target not in reading.case.ledgers:
        await let_go(context.store, claim, None)
        return True
    if outdated(context, reading.announced, reading.now):
        await let_go(context.store, claim, reading.now + 2 * SECOND)
        return False
    planned = plan(reading.case, context.policy, reading.now)
    view = planned.views[target]
    job = Job(context, claim, reading, view, planned.incident, reading.case.ledgers[target], plainly)
    outlet = outlet_of(job)
    if isinstance(outlet, Lost):
        await abandon(job)
        return True
    looks = outlet.notifier.settles_by_looking if isinstance(outlet, Outlet) else False
    step = deliver.next_step(view, reading.now, looks=looks)
    with structlog.contextvars.bound_contextvars(correlation=planned.incident.trace):
        await _take_step(job, outlet, step)
    return isinstance(step, (deliver.Tell, deliver.Reply)) or step == deliver.Rest(None)


async def _take_step(job: Job, outlet: Outlet | Refused, step: deliver.Step) -> None:
    match step:
        case deliver.Rest(until):
            await let_go(job.context.store, job.claim, until)
        case deliver.Tell():
            await _tell(job, outlet)
        case deliver.Reply():
            await _reply(job, outlet)
        case deliver.LookBack(attempts, since):
            await _look(job, outlet, attempts, since)
        case deliver.Withdraw():
            await _withdraw(job, outlet)
        case _:
            assert_never(step)


def _composed(job: Job) -> Telling:
    if job.plainly:
        return compose_plainly(job.view, job.incident, job.reading.now)
    return compose(job.view, job.incident, job.context.policy.rules.labels, job.reading.now, job.context.public_url)


async def _tell(job: Job, outlet: Outlet | Refused) -> None:
    telling = _composed(job)
    through = outlet.through if isinstance(outlet, Outlet) else job.stored.through or Through("", "", "", "")
    begun = deliver.begin(job.stored, telling, job.view.want, through, token_hex(8), job.reading.now)
    written = await write_intent(job, begun)
    if written is None:
        return
    begun, version = written
    started = utc_ms()
    if isinstance(outlet, Refused):
        answer: Answer = outlet
    else:
        assert begun.intent is not None
        answer = await outlet.notifier.tell(
            outlet.through, outlet.secret, telling, attempt=begun.intent.attempt, remote=begun.remote
        )
    await write_answer(job, Sent(outlet, telling, answer, started), begun, version)


async def _reply(job: Job, outlet: Outlet | Refused) -> None:
    begun = deliver.begin_reply(job.stored, token_hex(8), job.reading.now)
    written = await write_intent(job, begun)
    if written is None:
        return
    begun, version = written
    assert begun.remote is not None
    assert begun.intent is not None
    started = utc_ms()
    if isinstance(outlet, Refused):
        answer: Answer = outlet
    else:
        mentions = getattr(job.view.destination.via, "mention_on_page", ()) if job.view.destination else ()
        answer = await outlet.notifier.reply(
            outlet.through, outlet.secret, begun.intent.notes, attempt=begun.intent.attempt, remote=begun.remote,
            mentions=mentions,
        )  # fmt: skip
    await write_answer(job, Sent(outlet, None, answer, started), begun, version)


async def _look(job: Job, outlet: Outlet | Refused, attempts: tuple[str, ...], since: int) -> None:
    if isinstance(outlet, Refused):
        look: Look = outlet
    else:
        begun = (*job.stored.suspects, *([job.stored.intent] if job.stored.intent else []))
        thread = job.stored.remote if any(intent.part is Part.REPLY for intent in begun) else None
        through = job.stored.through or outlet.through
        look = await outlet.notifier.look(through, outlet.secret, attempts=attempts, since=since, remote=thread)
    telling = _composed(job)
    now = await job.context.store.now()
    after = looked(job.stored, telling, look, now)
    log.info("looked_back", target=job.view.target, incident=job.incident.id, attempts=len(attempts), found=str(look))
    await finish(job, after, now)


async def _withdraw(job: Job, outlet: Outlet | Refused) -> None:
    if isinstance(outlet, Refused):
        answer: Answer = outlet
    else:
        answer = await outlet.notifier.withdraw(outlet.through, outlet.secret, job.stored.extras[0])
    now = await job.context.store.now()
    await finish(job, withdrawn(job.stored, answer, now), now)
