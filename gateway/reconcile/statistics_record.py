"""Record the events of the statistics in the commit that they tell of: a plan's, or the settlement of a send.

A fault of ours in this costs figures. It is said and counted, and the
commit stands: else a page would not be sent for it, or be sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from gateway.decisions.delivery.call_events import SettledSend, settlement_events
from gateway.decisions.delivery.plan_events import (
    PlannedIncident,
    PlannedTarget,
    ends_and_reopenings,
    newly_silenced,
)
from gateway.decisions.delivery.quiet_spells import QuietSpells
from gateway.decisions.notification.view import View
from gateway.decisions.statistics.acts import silenced_event
from gateway.model.agenda import Subject
from gateway.model.changes import Changes
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger
from gateway.model.people import plain_name
from gateway.reconcile.context import Context, log
from gateway.reconcile.work_outcome import keeping_faults
from gateway.state.statistics import SEED, person_text, record
from gateway.state.versioned_snapshot import VersionedSnapshot


def record_plan(
    context: Context,
    versioned: VersionedSnapshot,
    incident: Incident,
    views: Iterable[View],
    ledgers: Iterable[Ledger],
    changes: Changes,
) -> None:
    """Add the events to the changes; a plan that changes nothing else adds none.

    `incident` is as it is after the plan, and so are the `ledgers` of the views.
    """
    with _at_no_cost(context, Subject.plan(incident.id)):
        _record_plan(context, versioned, incident, views, ledgers, changes)


def _record_plan(
    context: Context,
    versioned: VersionedSnapshot,
    incident: Incident,
    views: Iterable[View],
    ledgers: Iterable[Ledger],
    changes: Changes,
) -> None:
    known = versioned.snapshot.ledgers
    targets = [
        PlannedTarget(view, known.get(view.target), after) for view, after in zip(views, ledgers, strict=True)
    ]
    planned = PlannedIncident(versioned.snapshot, incident, tuple(targets), versioned.now)
    within = context.policy.rules.precision.resolved_by_itself_within
    record(changes, ends_and_reopenings(planned, within))
    wall = planned.snapshot.wall(planned.now)
    for silence, alerts in newly_silenced(planned):
        by = silence.pseudonym or context.secrets.mark(person_text(plain_name(silence.by)))
        record(changes, [silenced_event(planned.incident, silence, alerts, by, wall)])
    policy = context.policy
    spells = QuietSpells(planned, policy.suppressor, context.labels, policy.rules.partition_by)
    record(changes, spells.begun())
    before = planned.snapshot.incident
    if before.planned_revision != before.revision:
        # Something is new in it: this plan is written in any case.
        record(changes, context.services.unseen(planned.snapshot.alerts.values(), context.labels))


def record_send(context: Context, sent: SettledSend, changes: Changes) -> None:
    """Add the page and the call of a send that the vendor has taken; nothing where it called nobody."""
    partition_by = context.policy.rules.partition_by
    with _at_no_cost(context, Subject.deliver(sent.after.target, sent.after.incident)):
        record(changes, settlement_events(sent, context.secrets.mark(SEED), context.labels, partition_by))


@contextmanager
def _at_no_cost(context: Context, subject: Subject) -> Iterator[None]:
    """No fault of the figures may lose a page or double it."""
    with keeping_faults() as faults:
        yield
    for error in faults:
        log.error("statistics_not_recorded", subject=str(subject), exc_info=error)
        context.watcher.failed(subject, error)
