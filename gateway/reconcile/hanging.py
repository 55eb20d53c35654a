"""Which lanes gave no answer: their vendor hangs, and each send there takes as long as one may take."""

from __future__ import annotations

from collections.abc import Awaitable
from enum import StrEnum
from typing import TypeVar

from gateway.clock import elapsed_ms
from gateway.model.durations import SECOND
from gateway.model.ledger import Endpoint
from gateway.model.notification import Delivered, Found, Look, Refused, Unanswered
from gateway.reconcile.context import log
from gateway.reconcile.job import Job

SLOW = 3 * SECOND  # a failure that took longer is no answer, whatever it is called

T = TypeVar("T", Delivered | Refused | Unanswered, Look)


class VendorCall(StrEnum):
    """The purpose of a delivery's call to its vendor."""

    NOTIFY = "notify"
    REPLY = "reply"
    LOOK = "look"
    WITHDRAW = "withdraw"
    LEAD_ON = "lead_on"


TELLING = (VendorCall.NOTIFY, VendorCall.REPLY)  # where these fail, `delivery_failed` says so


async def heard(job: Job, endpoint: Endpoint, made_for: VendorCall, call: Awaitable[T]) -> T:
    """Call the vendor, count and log the kind of its answer, and note whether it gave one.

    Until it gives one, its lane has one call at a time: the others would hang as well, and keep well
    destinations of the same kind from being told.
    """
    started = elapsed_ms()
    answer = await call
    if hangs(answer, elapsed_ms() - started):
        job.context.hanging.add(job.view.target)
    else:
        job.context.hanging.discard(job.view.target)
    kind = type(answer).__name__.lower()
    job.context.watcher.vendor_answered(endpoint.kind, made_for.value, kind)
    reason = answer.reason if isinstance(answer, (Refused, Unanswered)) else ""
    facts = {"target": job.view.target, "incident": job.incident.id, "call": made_for.value}
    if reason and made_for not in TELLING:
        # The vendor was asked what became of a message, to take one back, or to link it, and has not done it: a message
        # may stand twice, or a page leads nowhere.
        log.warning("vendor_answered", **facts, answer=kind, reason=reason)
    else:
        log.debug("vendor_answered", **facts, answer=kind, reason=reason)
    return answer


def hangs(answer: Delivered | Refused | Unanswered | Found, took: int) -> bool:
    """Return whether the vendor gave no answer in the time (ms) that the call took."""
    if isinstance(answer, Unanswered) and answer.reason == "timeout":
        return True
    # A connection that hangs is refused by us in the end; one that is refused at once holds nobody up.
    return isinstance(answer, (Refused, Unanswered)) and took >= SLOW
