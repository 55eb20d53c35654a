"""The meaning of a vendor's answer to one notification for everything that goes the same way."""

from __future__ import annotations

import msgspec

from gateway.model.lanes import SHORT_WAIT_MS, Pace
from gateway.model.notification import Answer, Delivered, Refused
from gateway.model.severity import Severity
from gateway.reconcile.job import Job


async def leave_alone(job: Job, answer: Answer, now: int) -> Answer:
    """Have everything that goes there wait as the vendor asks. Return the answer with the time of that wait."""
    if isinstance(answer, Delivered):
        return answer
    limited = isinstance(answer, Refused) and answer.reason == "rate_limited"
    if isinstance(answer, Refused) and not limited:
        # Where we set the time ourselves (a refused login of a mail server), the one notification waits.
        return answer
    store, lane, pace = job.context.store, job.view.target, _pace(job)
    if answer.retry_after:
        # A vendor that names a time is left alone until then.
        await store.close_lane(lane, pace, now + answer.retry_after)
        return answer
    if limited:
        # It came too fast, and nobody says when to come again: the most urgent notification asks soon.
        wait = max(1, await store.close_lane(lane, pace, None) - now)
        if job.view.severity is Severity.CRITICAL:
            # It may ask again before the lane opens for everything else.
            wait = min(wait, SHORT_WAIT_MS)
        return msgspec.structs.replace(answer, retry_after=wait)
    return answer


async def go_on(job: Job, answer: Answer) -> None:
    """Note that a vendor takes notifications again that refused what came too fast."""
    if isinstance(answer, Delivered) and job.claim.refused_before:
        # One that it refuses later waits for a second and not longer.
        await job.context.store.note_taken(job.view.target, _pace(job))


def _pace(job: Job) -> Pace:
    """Return the pace of the job's lane; what no rule names any more has none."""
    return job.context.paces.get(job.view.target.partition(":")[0], Pace(0, 1))
