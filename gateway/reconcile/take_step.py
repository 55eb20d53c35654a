"""Take the next step of one delivery: the intent before a send, the call to the vendor, its answer after it."""

from __future__ import annotations

from secrets import token_hex
from typing import assert_never

from gateway.clock import elapsed_ms, utc_ms
from gateway.decisions.delivery.call_events import SettledSend
from gateway.decisions.delivery.compose import compose, compose_plainly
from gateway.decisions.delivery.intents import begin, begin_reply
from gateway.decisions.delivery.next_step import (
    GiveUp,
    LeadOn,
    LookBack,
    Notify,
    Reply,
    Rest,
    Step,
    Withdraw,
)
from gateway.decisions.delivery.read_back import given_up, looked
from gateway.decisions.delivery.refusals import ADMITTED
from gateway.decisions.delivery.reposts import removed_too_often
from gateway.decisions.delivery.settle import led_on
from gateway.decisions.delivery.thread_lines import edited_reply
from gateway.decisions.delivery.withdrawals import withdrawal_tells, withdrawn
from gateway.model.durations import MINUTE
from gateway.model.instants import at_vendors
from gateway.model.ledger import NOWHERE, Endpoint, Intent, Ledger, MessageRef, Part
from gateway.model.notification import Answer, Found, Look, Notification, Refused
from gateway.model.verdict import NotifyReason
from gateway.reconcile.context import log
from gateway.reconcile.hanging import VendorCall, heard
from gateway.reconcile.job import Job, Sender
from gateway.reconcile.observe_send import Sent
from gateway.reconcile.probe_turns import in_turn
from gateway.reconcile.refusals import admission_of, rest
from gateway.reconcile.settle import finish, write_answer, write_intent
from gateway.reconcile.unchanged import says_the_same, settle_unsent
from gateway.state.transact import let_go

REFUSED_WAIT_MS = (
    MINUTE  # between two looks whether a destination that refuses everything takes a reply, or a withdrawal
)


async def take_step(job: Job, sender: Sender | Refused, step: Step) -> None:
    match step:
        case Rest(_, reason):
            log.debug("delivery_rests", target=job.view.target, incident=job.incident.id, reason=reason.value)
            await rest(job, step)
        case Notify(why):
            await _notify(job, sender, why)
        case Reply():
            await _reply(job, sender)
        case LookBack(attempts, since):
            await _look(job, sender, attempts, since)
        case GiveUp():
            await _give_up_look(job)
        case Withdraw():
            await _withdraw(job, sender)
        case LeadOn():
            await _lead_on(job, sender, step)
        case _:
            assert_never(step)


def _composed(job: Job) -> Notification:
    if job.notification is not None:
        return job.notification
    if job.plainly:
        return compose_plainly(job.view, job.incident, job.versioned.now)
    return compose(job.view, job.incident, job.context.labels, job.versioned.now, job.context.public_url)


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
    admission = await in_turn(job, admission_of(job, sender))
    withheld = admission.withheld or removed_too_often(begun, job.view.desired, job.versioned.now)
    # The intent is committed before the send: after a crash in between, the next replica knows that people
    # may have been notified.
    written = await write_intent(job, begun, admission.refusals)
    # Another replica has changed the ledger or holds the lease: a send now could notify people twice.
    if written is None:
        return
    begun = written.ledger
    started = elapsed_ms()
    # The refusal is written like a vendor's answer: dead letter and fallback follow as after any failure.
    if isinstance(sender, Refused):
        answer: Answer = sender
    elif withheld is not None:
        answer = withheld
    else:
        assert begun.intent is not None
        call = sender.notifier.notify(
            sender.endpoint,
            sender.secret,
            notification,
            attempt=begun.intent.attempt,
            # A page that calls people anew is another one for the vendor.
            message_ref=None if begun.intent.replaces is not None else begun.message_ref,
        )
        answer = await heard(job, sender.endpoint, VendorCall.NOTIFY, call)
    sent = Sent(sender, notification, why, answer, started, tried=withheld is None)
    await write_answer(job, sent, written)


async def _reply(job: Job, sender: Sender | Refused) -> None:
    if admission_of(job, sender) is not ADMITTED:
        # The thread gets its notes when the destination takes messages again.
        await _wait_until_taken(job)
        return
    begun = begin_reply(job.stored, token_hex(8), job.versioned.now)
    written = await write_intent(job, begun)
    if written is None:
        return
    begun = written.ledger
    assert begun.message_ref is not None
    assert begun.intent is not None
    started = elapsed_ms()
    if isinstance(sender, Refused):
        answer: Answer = sender
    else:
        mentions = job.view.destination.via.mentions if job.view.destination else ()
        call = sender.notifier.reply(
            sender.endpoint,
            sender.secret,
            begun.intent.notes,
            attempt=begun.intent.attempt,
            message_ref=begun.message_ref,
            edits=edited_reply(begun, begun.intent.notes),
            mentions=mentions,
        )
        answer = await heard(job, sender.endpoint, VendorCall.REPLY, call)
    await write_answer(job, Sent(sender, None, None, answer, started), written)


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
        since = at_vendors(since, job.versioned.now, job.versioned.snapshot.ahead, utc_ms())
        call = sender.notifier.look(
            endpoint, sender.secret, attempts=attempts, since=since, message_ref=thread
        )
        look = await heard(job, endpoint, VendorCall.LOOK, call)
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
    await finish(job, after, now, found=_found(job, look, after, notification))


def _found(job: Job, look: Look, after: Ledger, notification: Notification) -> SettledSend | None:
    """Return the send that people have had since before this look, None where none was found that counts."""
    refs = look.message_refs if isinstance(look, Found) else {}
    begun = (*job.stored.unconfirmed, *([job.stored.intent] if job.stored.intent else []))
    found = [one for one in begun if one.attempt in refs]
    sent = next((one for one in found if _counts(one, refs[one.attempt], job.stored, after)), None)
    return SettledSend(job.view, job.incident, job.stored, after, notification, sent) if sent else None


def _counts(sent: Intent, message_ref: MessageRef, before: Ledger, after: Ledger) -> bool:
    """Return whether what was found is what people have: the
    message, or the reply that said notes that nothing else has said.
    """
    if sent.part is Part.MESSAGE:
        return message_ref == after.message_ref
    said = set(before.pending_notes) - set(after.pending_notes)
    return bool(sent.notes) and said.issuperset(sent.notes)


async def _give_up_look(job: Job) -> None:
    """Write down that nobody waits any longer for the vendor to say what became of a send."""
    now = job.versioned.now
    log.warning(
        "read_back_given_up",
        target=job.view.target,
        incident=job.incident.id,
        error=job.stored.error,
        failing_since=job.stored.look_failing_since,
    )
    await finish(job, given_up(job.stored, now), now)


async def _wait_until_taken(job: Job) -> None:
    """Look again in a while, or when the next notification is due: that one is tried whatever was refused
    before.
    """
    now, due = job.versioned.now, job.view.due
    again = now + REFUSED_WAIT_MS
    await let_go(job.context.store, job.claim, again if due is None or due <= now else min(due, again))


async def _withdraw(job: Job, sender: Sender | Refused) -> None:
    if admission_of(job, sender) is not ADMITTED:
        # Everything is refused there, and a withdrawal would be
        # too: people see the extra message for a while longer.
        await _wait_until_taken(job)
        return
    if isinstance(sender, Refused):
        answer: Answer = sender
    else:
        # Each step withdraws one orphan. The ledger has the answer before the next one is withdrawn.
        withdrawal = sender.notifier.withdraw(sender.endpoint, sender.secret, job.stored.orphans[0])
        answer = await heard(job, sender.endpoint, VendorCall.WITHDRAW, withdrawal)
    now = await job.context.store.now()
    said = answer if withdrawal_tells(job.stored, answer) else None
    await finish(job, withdrawn(job.stored, answer, now), now, said)


async def _lead_on(job: Job, sender: Sender | Refused, step: LeadOn) -> None:
    if isinstance(sender, Refused):
        answer: Answer = sender
    else:
        title = _composed(job).title
        call = sender.notifier.lead_on(sender.endpoint, sender.secret, step.left, step.message_ref, title)
        answer = await heard(job, sender.endpoint, VendorCall.LEAD_ON, call)
    now = await job.context.store.now()
    await finish(job, led_on(job.stored, answer, now), now)
