"""Explain what the rules make of a webhook body, step by step, with the very functions that decide in
production.

Nothing is sent and no store is asked: the body goes through intake into an empty in-memory store, and is
planned there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gateway.decisions.notification.member_status import count_statuses
from gateway.decisions.notification.plan import plan
from gateway.decisions.notification.resolve import Plan
from gateway.decisions.notification.steps_ahead import StepAhead, steps_ahead
from gateway.intake.group_commit import GroupCommit
from gateway.intake.parse_webhook import parse
from gateway.model.alert import Alert
from gateway.model.changes import Table
from gateway.model.quarantined import Quarantined
from gateway.model.records import load_alert
from gateway.model.rules.rulebook import Rulebook, SeverityRule
from gateway.model.verdict import Reason, Taken
from gateway.rules.compiled import compile_rules
from gateway.simulate.later_join import told, wait_of
from gateway.simulate.path import PathStep, path_of
from gateway.state.snapshots import read_snapshots
from gateway.storage.memory import MemoryStore


@dataclass(frozen=True, slots=True)
class ToldWhere:
    """One member at one target.

    `at` is when it is notified there (ms), 0 where it is not; `why` is why the target is due a notification,
    or none.
    """

    target: str
    standing: str
    reason: str
    rule: str
    at: int
    interrupts: bool
    because: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """The decisions on one alert of the webhook; `told` has an entry for each target.

    `sent_severity` is the sender's own word where it is read as another severity. `joining` is for how long
    (ms) one more alert like it waits, once people know of the incident and it has many: 0 where it waits
    for nothing. `ahead` are the steps by which its routes escalate, as if nobody took it.
    """

    name: str
    labels: Mapping[str, str]
    severity: str
    sent_severity: str
    outcome: str
    reason: str
    correlated_by: str
    incident: str
    told: tuple[ToldWhere, ...]
    joining: int = 0
    ahead: tuple[StepAhead, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of one webhook: `path` is a summary by step, `alerts` says it of each alert."""

    alerts: tuple[Explained, ...]
    quarantined: tuple[str, ...]
    path: tuple[PathStep, ...] = ()


async def explain(body: bytes, rules: Rulebook, now: int, source: str = "") -> Explanation:
    """Explain a body that arrives at `now` (ms) from `source`, by default the one without a token of its own.

    Raises `BadWebhook` for a body that is no webhook.
    """
    compiled = compile_rules(rules, now)
    parsed = parse(body, compiled.normalisers[source or rules.shared.name], now)
    # The store begins empty: an explanation knows neither earlier alerts nor what people were told.
    store = MemoryStore(lambda: now)
    verdicts: list[Taken] = []
    intake = GroupCommit(
        store, compiled.correlator, woken=lambda: None, taken=lambda found, _now: verdicts.extend(found)
    )
    await intake.accept(parsed.seen, parsed.quarantined, groups=parsed.groups)
    alerts = {name: load_alert(row.value) for name, row in store.rows[Table.ALERTS].items()}
    snapshots = await read_snapshots(store, list(store.rows[Table.INCIDENTS]), compiled.policy)
    known = [versioned.snapshot for versioned in snapshots if versioned is not None]
    plans = {snapshot.incident.id: plan(snapshot, compiled.policy, now) for snapshot in known}
    ahead = {
        snapshot.incident.id: steps_ahead(plans[snapshot.incident.id], snapshot, compiled.policy, now)
        for snapshot in known
    }
    later = {snapshot.incident.id: told(snapshot, compiled.policy, now) for snapshot in known}
    patience = compiled.correlator.patience
    joining = {
        alert.id: wait_of(alert, later[alert.incident], patience, now)
        for alert in alerts.values()
        if alert.incident in later
    }
    explained = tuple(
        replace(
            _explained(alerts[seen.alert], verdict, plans, rules.labels.severity, now, joining),
            ahead=_of_alert(alerts[seen.alert], ahead, plans),
        )
        for seen, verdict in zip(parsed.observations, verdicts[: len(parsed.seen)], strict=True)
        if seen.alert in alerts
    )
    faults = tuple(_named(quarantined) for quarantined in parsed.quarantined)
    return Explanation(explained, faults, path_of(parsed, verdicts, plans, now))


def _named(quarantined: Quarantined) -> str:
    """Return what is wrong, with the name of the alert where it can be read all the same."""
    try:
        name = json.loads(quarantined.raw)["labels"]["alertname"]
    except (ValueError, LookupError, TypeError):
        name = None
    return f"{name}: {quarantined.fault}" if isinstance(name, str) and name else quarantined.fault


def _told(planned: Plan, episode: str, now: int) -> Iterator[ToldWhere]:
    """Yield what one member is at every target that sees it, or why none does."""
    for target, view in planned.views.items():
        verdict = count_statuses(view, now)[1].get(episode)
        if verdict is not None:
            # A member that is told or suppressed waits for no notification, so it has no time.
            # What a rule holds, an inhibition that may come, says itself until when:
            # the view has no time yet.
            at = (verdict.until or view.due or 0) if verdict.outcome in ("held", "due") else 0
            interrupts, why = view.desired.paged, view.reason.value
            yield ToldWhere(
                target, verdict.outcome, verdict.reason, verdict.rule, at, interrupts, verdict.because, why
            )
    # A member that no target sees is shown with the reason why nobody is told.
    verdict = planned.untargeted.get(episode)
    if verdict is not None:
        # Whoever reads it here can mend it: the rules have a gap.
        gap = "no route takes it; a last route without `match` would"
        because = gap if verdict.reason is Reason.UNROUTED else verdict.because
        yield ToldWhere("", verdict.outcome, verdict.reason, verdict.rule, 0, False, because)


def _of_alert(
    alert: Alert, ahead: Mapping[str, tuple[StepAhead, ...]], plans: Mapping[str, Plan]
) -> tuple[StepAhead, ...]:
    """Return those of the incident's steps whose route takes this very alert."""
    planned = plans.get(alert.incident)
    routes = {
        recipient.route.name
        for view in (planned.views.values() if planned is not None else ())
        for member in view.members
        if member.episode_id == alert.episode_id
        for recipient in member.recipients
    }
    return tuple(step for step in ahead.get(alert.incident, ()) if step.route in routes)


def _explained(
    alert: Alert,
    verdict: Taken,
    plans: Mapping[str, Plan],
    severity: SeverityRule,
    now: int,
    joining: Mapping[str, int],
) -> Explained:
    planned = plans.get(alert.incident)
    return Explained(
        name=alert.name,
        labels=alert.labels,
        severity=alert.severity.word,
        sent_severity=severity.other_word(alert.labels, alert.severity),
        outcome=verdict.outcome.value,
        reason=verdict.reason.value,
        correlated_by=planned.incident.rule if planned is not None else "",
        incident=alert.incident,
        told=tuple(_told(planned, alert.episode_id, now)) if planned is not None else (),
        joining=joining.get(alert.id, 0),
    )
