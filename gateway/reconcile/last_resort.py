"""Log as loudly as possible what nobody can be told of, for whoever watches the gateway's output."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.decisions.notification.resolve import Plan
from gateway.model.alert import Alert
from gateway.model.changes import Changes, LogEntry
from gateway.model.incident import Incident
from gateway.model.ledger import NotifiedState
from gateway.model.severity import Severity
from gateway.reconcile.context import log


def log_unheard(before: Incident, planned: Plan, firing: Sequence[Alert], changes: Changes) -> None:
    """Log at the level `critical` that nobody can be told of some alerts of the incident.

    Only the plan that finds a name or a reason for the first time says so: every later one would repeat the
    line.
    """
    unheard = planned.incident.unheard
    known = {(alert.name, alert.reason) for alert in before.unheard}
    if all((alert.name, alert.reason) in known for alert in unheard):
        return
    names = sorted({alert.name for alert in unheard})
    tried = {
        view.target: view.ledger.error
        for view in planned.views.values()
        if view.desired.state is NotifiedState.FIRING
    }
    log.critical(
        "nobody_can_be_told",
        incident=before.id,
        severity=max((alert.severity for alert in firing if alert.name in names), default=Severity.NONE).word,
        alerts=names,
        firing=sum(alert.count for alert in unheard),
        tried=tried,
        because=[alert.because for alert in unheard],
    )
    detail = {"alerts": ", ".join(names), "tried": ", ".join(tried), "because": unheard[0].because}
    changes.log.append(LogEntry(before.id, "nobody_can_be_told", detail))
