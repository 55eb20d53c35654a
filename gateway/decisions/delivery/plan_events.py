"""The events of the statistics that a plan finds: ends, closes by hand that ran out, silences, and services
that were never seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.decisions.delivery.alert_subject import subject_of
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.view import View
from gateway.decisions.statistics.acts import act_event, end_event, implied_labels
from gateway.model.alert import Alert
from gateway.model.controls import Silence
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger
from gateway.model.own_alert import is_own
from gateway.model.people import Actor, Through
from gateway.model.rules.rulebook import LabelRules
from gateway.model.statistics.events import SERVICE_SEEN, AnyEvent, ServiceSeen
from gateway.model.verdict import Reason

NOBODY = Actor("", Through.API, human=False)


@dataclass(frozen=True, slots=True)
class PlannedTarget:
    """A target as a plan concluded it, with its ledger before the plan (None: it had none) and after it."""

    view: View
    before: Ledger | None
    after: Ledger


@dataclass(frozen=True, slots=True)
class PlannedIncident:
    """The plan of an incident at the time `now` (ms): the snapshot before it, and what came of it."""

    snapshot: IncidentSnapshot
    incident: Incident
    targets: tuple[PlannedTarget, ...]
    now: int


def ends_and_reopenings(planned: PlannedIncident, within: int | None) -> Iterator[AnyEvent]:
    """Yield the end of what is over, with the labels that it implies, or that a close by hand ran out.

    What was over by itself `within` this time (ms) was noise; None implies nothing.
    """
    before, after, snapshot = planned.snapshot.incident, planned.incident, planned.snapshot
    if after.resolved_at and not before.resolved_at:
        end = end_event(after, [*snapshot.alerts.values()], planned.now)
        yield end
        yield from implied_labels(after, [target.after for target in planned.targets], end, within)
    if before.closed is not None and after.closed is None and not after.resolved_at:
        # Its time ran out, or it got worse: what people had put aside is theirs again.
        reopened = act_event("reopened", after, snapshot.firing, NOBODY, None, planned.now, note=False)
        if reopened is not None:
            yield reopened


def newly_silenced(planned: PlannedIncident) -> Iterator[tuple[Silence, list[Alert]]]:
    """Yield each silence that covers from this plan on what people were told of, with the alerts."""
    found: dict[str, dict[str, Alert]] = {}
    for target in planned.targets:
        members = target.view.silenced_after_notify
        known = known_as_hidden(target.before) if members else frozenset()
        for member in members:
            verdict = member.suppressed_by
            if verdict is None or verdict.reason is not Reason.SILENCED:
                continue
            if (verdict.rule, member.episode_id) not in known:
                found.setdefault(Silence.id_in(verdict.rule), {})[member.episode_id] = member.alert
    for silence in planned.snapshot.controls.controls.silences if found else ():
        if silence.id in found:
            yield silence, [*found[silence.id].values()]


def known_as_hidden(ledger: Ledger | None) -> frozenset[tuple[str, str]]:
    """Return which rules hid which episodes before, as far as the ledger knows."""
    hidden = ledger.hidden if ledger is not None else ()
    return frozenset((known.rule, episode) for known in hidden for episode in known.episodes)


def service_seen(alert: Alert, labels: LabelRules) -> ServiceSeen | None:
    """Return the event of the first alert of this name of its service.

    It is None for an alert that names no service, and for own alerts.
    """
    if is_own(alert):
        return None
    subject = subject_of(alert, labels)
    if subject.entity.service is None:
        return None
    return ServiceSeen(
        id=f"{SERVICE_SEEN}{subject.entity.service}|{subject.alertname}",
        at=0,
        shard=0,
        seq=0,
        service=subject.entity.service,
        alertname=subject.alertname,
    )
