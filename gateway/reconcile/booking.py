"""Write a ledger down with all that it adds to the counters of the store."""

from __future__ import annotations

import msgspec

from gateway.decisions.accounting.invariants import increment_notifications, increment_status_counts
from gateway.decisions.notification.assumptions import assumed
from gateway.decisions.notification.member_status import count_statuses
from gateway.decisions.notification.page_promise import keep_promise
from gateway.decisions.notification.route_matches import increment_routed
from gateway.model.agenda import Subject, urgency
from gateway.model.changes import Changes
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.records import dump
from gateway.reconcile.job import Job


def book(job: Job, before: Ledger, after: Ledger, now: int, changes: Changes) -> Ledger:
    """Write the ledger, and what it adds to the invariant counters, into `changes`.

    Returns the ledger as it is written.
    """
    counts, _ = count_statuses(job.view.with_ledger(assumed(after)), now)
    increment_status_counts(changes, before.status_counts, counts)
    told, tells = assumed(before).last_notified, assumed(after).last_notified
    increment_notifications(changes, told, tells)
    increment_routed(changes, job.view, told, tells)
    if after.dead and not before.dead:
        changes.increment("dead_letters")
    after = keep_promise(after, job.view, now, job.claim.due, changes)
    if after.owed_page is not None and before.owed_page is None:
        # No plan knows of this page yet, so one has to look when its minute is over.
        changes.schedule(Subject.plan(job.incident.id), after.owed_page.deadline, urgency(job.view.severity))
    booked = msgspec.structs.replace(after, status_counts=counts)
    changes.put[ledger_cell(job.incident.id, job.view.target)] = dump(booked)
    return booked
