"""Deliver one incident to one target: the next step, its intent before it, its answer after it."""

from __future__ import annotations

from secrets import token_hex
from typing import assert_never

import structlog

from gateway.clock import utc_ms
from gateway.decisions.delivery.compose import compose, compose_plainly
from gateway.decisions.delivery.intents import begin, begin_reply
from gateway.decisions.delivery.next_step import (
    LeadOn,
    LookBack,
    Notify,
    Reply,
    Rest,
    Step,
    Withdraw,
    next_step,
)
from gateway.decisions.delivery.read_back import looked
from gateway.decisions.delivery.refusals import ADMITTED
from gateway.decisions.delivery.reposts import removed_too_often
from gateway.decisions.delivery.settle import led_on, withdrawn
from gateway.decisions.delivery.thread_lines import edited_reply
from gateway.decisions.notification.assumptions import as_if_untold
from gateway.decisions.notification.plan import plan
from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Claim, Release
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import NOWHERE, Endpoint, Part
from gateway.model.notification import Answer, Look, Notification, Refused
from gateway.model.verdict import NotifyReason
from gateway.reconcile.context import Context, log, outdated
from gateway.reconcile.job import CredentialReplaced, Job, Sender, sender_for
from gateway.reconcile.observe_send import Sent
from gateway.reconcile.refusals import admission_of
from gateway.reconcile.settle import abandon, finish, write_answer, write_intent
from gateway.reconcile.unchanged import says_the_same, settle_unsent
from gateway.state.snapshots import read_snapshot
from gateway.state.transact import commit_claimed, let_go

STUCK_AFTER = 5  # faults of ours in a row
REPLY_WAIT_MS = MINUTE  # between two looks whether a destination that refuses everything takes a reply


async def deliver(context: Context, claim: Claim) -> bool:
    """Take the next step of one delivery.

    After five failures in a row through our own fault, send only a minimal text. Return False if this step
    was a wait, a look or a withdrawal, so that it does not reset the failure count.
    """
    target, incident_id = claim.subject.target, claim.subject.id
    versioned = await read_snapshot(context.store, incident_id, context.policy)
    if versioned is None or target not in versioned.snapshot.ledgers:
        # The incident was forgotten, or no plan has written a
        # ledger for this target: there is nothing to send.
        await let_go(context.store, claim, None)
        return True
    # By the newer rules of another replica this target may not be notified at all, so that replica decides.
    if outdated(context, versioned.rule_generation, versioned.now):
        await let_go(context.store, claim, versioned.now + 2 * SECOND)
        return False
    # The view is planned anew, so that people are notified of the state of now and not of the state at
    # which the delivery was put on the agenda.
    planned = plan(versioned.snapshot, context.policy, versioned.now)
    view = planned.views[target]
    stored = versioned.snapshot.ledgers[target]
    destinations = context.policy.rules.destinations
    if as_if_untold(stored, destinations, versioned.snapshot.credentialed) is not stored:
        # Only the log was told, and people can be told by now: the plan writes that down first.
        await commit_claimed(context.store, claim, _planned_first(claim, versioned.now))
        return True
    job = Job(
        context,
        claim,
        versioned,
        view,
        planned.incident,
        stored,
        claim.crashes >= STUCK_AFTER,
    )
    sender = sender_for(job)
    if isinstance(sender, CredentialReplaced):
        # Another key or address cannot end what is open under the old one: the operator is told, and what
        # still fires is notified through the new one.
        await abandon(job)
        return True
    step = next_step(view.ledger, view, versioned.now, looks=job.looks(sender))
    # The webhook's correlation id joins the log lines of a delivery to those of the alert's arrival.
    with structlog.contextvars.bound_contextvars(correlation=planned.incident.trace):
        await _take_step(job, sender, step)
    return isinstance(step, (Notify, Reply)) or (isinstance(step, Rest) and step.until is None)


def _planned_first(claim: Claim, now: int) -> Changes:
    changes = Changes(releases=[Release(claim, None)])
    changes.schedule(Subject.plan(claim.subject.id), now, 0)
    return changes


async def _take_step(job: Job, sender: Sender | Refused, step: Step) -> None:
    match step:
        case Rest(until, reason):
            log.debug("delivery_rests", target=job.view.target, incident=job.incident.id, reason=reason.value)
            await let_go(job.context.store, job.claim, until)
        case Notify(why):
            await _notify(job, sender, why)
        case Reply():
            await _reply(job, sender)
        case LookBack(attempts, since):
            await _look(job, sender, attempts, since)
        case Withdraw():
            await _withdraw(job, sender)
        case LeadOn():
            await _lead_on(job, sender, step)
        case _:
            assert_never(step)


def _composed(job: Job) -> Notification:
    if job.plainly:
        return compose_plainly(job.view, job.incident, job.versioned.now)
    return compose(
        job.view, job.incident, job.context.policy.rules.labels, job.versioned.now, job.context.public_url
    )


async def _notify(job: Job, sender: Sender | Refused, why: NotifyReason) -> None:
    notification = _composed(job)
    if says_the_same(job, sender, notification):
        await settle_unsent(job, notification, why)
        return
    endpoint = (
        sender.endpoint
        if isinstance(sender, Sender)
        else job.stored.endpoint or Endpoint(NOWHERE, "", "", "")
    )
    begun = begin(job.stored, notification, job.view.desired, endpoint, token_hex(8), job.versioned.now)
    admission = admission_of(job, sender)
    withheld = admission.withheld or removed_too_often(begun, job.view.desired, job.versioned.now)
    # The intent is committed before the send: after a crash in between, the next replica knows that people
    # may have been notified.
    written = await write_intent(job, begun, admission.refusals)
    # Another replica has changed the ledger or holds the lease: a send now could notify people twice.
    if written is None:
        return
    begun, version = written
    started = utc_ms()
    # The refusal is written like a vendor's answer: dead letter and fallback follow as after any failure.
    if isinstance(sender, Refused):
        answer: Answer = sender
    elif withheld is not None:
        answer = withheld
    else:
        assert begun.intent is not None
        answer = await sender.notifier.notify(
            sender.endpoint,
            sender.secret,
            notification,
            attempt=begun.intent.attempt,
            # A page that calls people anew is another one for the vendor.
            message_ref=None if begun.intent.replaces is not None else begun.message_ref,
        )
    sent = Sent(sender, notification, why, answer, started, tried=withheld is None)
    await write_answer(job, sent, begun, version)


async def _reply(job: Job, sender: Sender | Refused) -> None:
    if admission_of(job, sender) is not ADMITTED:
        # The thread gets its notes when the destination takes messages again.
        await let_go(job.context.store, job.claim, job.versioned.now + REPLY_WAIT_MS)
        return
    begun = begin_reply(job.stored, token_hex(8), job.versioned.now)
    written = await write_intent(job, begun)
    if written is None:
        return
    begun, version = written
    assert begun.message_ref is not None
    assert begun.intent is not None
    started = utc_ms()
    if isinstance(sender, Refused):
        answer: Answer = sender
    else:
        mentions = job.view.destination.via.mentions if job.view.destination else ()
        answer = await sender.notifier.reply(
            sender.endpoint,
            sender.secret,
            begun.intent.notes,
            attempt=begun.intent.attempt,
            message_ref=begun.message_ref,
            edits=edited_reply(begun, begun.intent.notes),
            mentions=mentions,
        )
    await write_answer(job, Sent(sender, None, None, answer, started), begun, version)


async def _look(job: Job, sender: Sender | Refused, attempts: tuple[str, ...], since: int) -> None:
    if isinstance(sender, Refused):
        look: Look = sender
    else:
        begun = (*job.stored.unconfirmed, *([job.stored.intent] if job.stored.intent else []))
        # Slack's channel history leaves out replies, which are listed by their thread alone:
        # https://docs.slack.dev/reference/methods/conversations.replies
        thread = job.stored.message_ref if any(intent.part is Part.REPLY for intent in begun) else None
        # The unanswered attempt went to the stored endpoint, even if the rules name another one by now.
        endpoint = job.stored.endpoint or sender.endpoint
        look = await sender.notifier.look(
            endpoint, sender.secret, attempts=attempts, since=since, message_ref=thread
        )
    notification = _composed(job)
    now = await job.context.store.now()
    after = looked(job.stored, notification, look, now)
    log.info(
        "looked_back",
        target=job.view.target,
        incident=job.incident.id,
        attempts=len(attempts),
        found=str(look),
    )
    await finish(job, after, now)


async def _withdraw(job: Job, sender: Sender | Refused) -> None:
    if isinstance(sender, Refused):
        answer: Answer = sender
    else:
        # Each step withdraws one orphan. The ledger has the answer before the next one is withdrawn.
        answer = await sender.notifier.withdraw(sender.endpoint, sender.secret, job.stored.orphans[0])
    now = await job.context.store.now()
    await finish(job, withdrawn(job.stored, answer, now), now, answer)


async def _lead_on(job: Job, sender: Sender | Refused, step: LeadOn) -> None:
    if isinstance(sender, Refused):
        answer: Answer = sender
    else:
        title = _composed(job).title
        answer = await sender.notifier.lead_on(
            sender.endpoint, sender.secret, step.left, step.message_ref, title
        )
    now = await job.context.store.now()
    await finish(job, led_on(job.stored, answer, now), now)
