"""One send with its answer, and what metrics and the log say of it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.clock import elapsed_ms
from gateway.model.credentialed import LOG
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Answer, Delivered, Notification, Refused, Unanswered
from gateway.model.verdict import NotifyReason, Reason
from gateway.reconcile.context import log
from gateway.reconcile.job import Job, Sender

LOG_ONLY = Reason.LOG_ONLY.value


@dataclass(frozen=True, slots=True)
class Sent:
    """One send and its answer; `notification` and `why` are None for a reply,
    `started` in ms of `elapsed_ms`.

    `tried` is False where nothing was sent, because everything is refused there.
    """

    sender: Sender | Refused
    notification: Notification | None
    why: NotifyReason | None
    answer: Answer
    started: int
    tried: bool = True


def observe_send(job: Job, sent: Sent) -> None:
    answer, notification = sent.answer, sent.notification
    destination = job.view.ledger.destination
    if not sent.tried:
        log.info(
            "delivery_withheld", target=job.view.target, incident=job.incident.id, reason=_reason(answer)
        )
        return
    to_log = isinstance(sent.sender, Sender) and sent.sender.endpoint.kind == LOG
    outcome, took = LOG_ONLY if to_log else _reason(answer), elapsed_ms() - sent.started
    job.context.watcher.delivered(destination, outcome, took / 1000)
    if job.stored.attempts:
        job.context.watcher.tried_again(destination)
    first = job.stored.last_notified.state is NotifiedState.NOTHING
    if isinstance(answer, Delivered) and notification is not None and first and not to_log:
        # People hear of the incident only now: this is the delay that the person on call feels.
        job.context.watcher.told(max(0, job.versioned.now - job.incident.opened_at + took))
    generation = job.stored.generation if notification is None else notification.generation
    bound = log.bind(target=job.view.target, incident=job.incident.id, generation=generation)
    for step in answer.left_out:
        # People are told less than they should be, or are not called: somebody has to
        # look at what was refused.
        job.context.watcher.plainer(destination, step.part)
        bound.warning("sent_plainer", without=step.part, refused=step.refused)
    if not isinstance(answer, Delivered):
        answered = not isinstance(answer, Unanswered)
        bound.warning("delivery_failed", reason=answer.reason, detail=answer.detail, answered=answered)
    elif to_log:
        # No person has it: the line before says what was not sent, and why.
        bound.info("told_in_log", state="reply" if notification is None else str(notification.state))
    elif notification is None or sent.why is None:
        bound.info("delivered", state="reply", remote=answer.message_ref.id)
    else:
        job.context.watcher.notified(sent.why)
        state = str(notification.state)
        bound.info("delivered", state=state, why=sent.why.value, remote=answer.message_ref.id)


def _reason(answer: Answer) -> str:
    return "delivered" if isinstance(answer, Delivered) else answer.reason
