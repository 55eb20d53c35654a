"""Leave out an update that says what the vendor has already, such as a member that ended and fires again.

PagerDuty keeps each event in the log of its incident, and shows it to people who look for what is new.
"""

from __future__ import annotations

from gateway.decisions.delivery.settle import record_unsaid
from gateway.model.notification import Notification, Refused
from gateway.model.verdict import NotifyReason
from gateway.reconcile.content import mark_of
from gateway.reconcile.context import log
from gateway.reconcile.job import Job, Sender
from gateway.reconcile.settle import finish


def says_the_same(job: Job, sender: Sender | Refused, notification: Notification) -> bool:
    """Return whether what the vendor took last says the very same, through the very same endpoint."""
    stored = job.stored
    if isinstance(sender, Refused) or not stored.content or stored.endpoint != sender.endpoint:
        return False
    # A send that nobody answered may still act, so the newest state is said once more whatever it says.
    if stored.intent is not None or stored.unconfirmed_since is not None or stored.repeat_at is not None:
        return False
    return mark_of(stored.endpoint, notification) == stored.content


async def settle_unsent(job: Job, notification: Notification, why: NotifyReason) -> None:
    """Write down that the target knows it all."""
    log.debug("nothing_new_to_say", target=job.view.target, incident=job.incident.id, why=why.value)
    unsaid = record_unsaid(job.stored, job.view.desired, notification.revision)
    await finish(job, unsaid, job.versioned.now)
