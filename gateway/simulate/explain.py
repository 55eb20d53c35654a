"""Explain: what the rules make of a webhook body, step by step, with the very functions that decide in production.

Nothing is sent and no store is asked: the body goes through intake into an empty in-memory store, and is planned there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.decisions.notification.member_status import count_statuses
from gateway.decisions.notification.plan import plan
from gateway.decisions.policy import Policy
from gateway.intake.group_commit import GroupCommit
from gateway.intake.parse_webhook import parse
from gateway.model.alert import Alert
from gateway.model.changes import Table
from gateway.model.records import load_alert
from gateway.model.rules.rulebook import Rulebook
from gateway.model.verdict import Taken
from gateway.rules.compiled import compile_rules
from gateway.state.snapshots import read_snapshots
from gateway.storage.memory import MemoryStore


@dataclass(frozen=True, slots=True)
class ToldWhere:
    """What one member is at one target: `at` is when it is told there, ms; 0 where it is not."""

    target: str
    standing: str
    reason: str
    rule: str
    at: int
    interrupts: bool
    because: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """One alert of the body."""

    name: str
    labels: Mapping[str, str]
    severity: str
    outcome: str
    reason: str
    correlated_by: str
    incident: str
    told: tuple[ToldWhere, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    alerts: tuple[Explained, ...]
    quarantined: tuple[str, ...]


async def explain(body: bytes, rules: Rulebook, now: int, source: str = "") -> Explanation:
    """`now` in ms; `source` is who sends it, by default the one without a token of its own. Raises `BadWebhook`."""
    in_force = compile_rules(rules, now)
    parsed = parse(body, in_force.normalisers[source or rules.shared.name], now)
    store = MemoryStore(lambda: now)
    verdicts: list[Taken] = []
    intake = GroupCommit(store, in_force.correlator, woken=lambda: None, taken=lambda found, _now: verdicts.extend(found))
    await intake.accept(parsed.seen, parsed.quarantined)
    alerts = {name: load_alert(row.value) for name, row in store.rows[Table.ALERTS].items()}
    told, rule_of = await _plans(store, in_force.policy, now)
    return Explanation(
        tuple(
            _explained(alerts[seen.alert], verdict, told, rule_of)
            for seen, verdict in zip(parsed.seen, verdicts[: len(parsed.seen)], strict=True)
            if seen.alert in alerts
        ),
        tuple(quarantined.fault for quarantined in parsed.quarantined),
    )


async def _plans(store: MemoryStore, policy: Policy, now: int) -> tuple[dict[str, list[ToldWhere]], dict[str, str]]:
    """By episode, what it is where; by incident, the correlate rule that made it."""
    told: dict[str, list[ToldWhere]] = {}
    rules: dict[str, str] = {}
    for versioned in await read_snapshots(store, list(store.rows[Table.INCIDENTS]), policy):
        assert versioned is not None
        rules[versioned.snapshot.incident.id] = versioned.snapshot.incident.rule
        planned = plan(versioned.snapshot, policy, now)
        for target, view in planned.views.items():
            for episode, verdict in count_statuses(view, now)[1].items():
                due = view.due if verdict.outcome in ("held", "due") else 0
                where = ToldWhere(
                    target, verdict.outcome, verdict.reason, verdict.rule, due, view.desired.paged, verdict.because
                )
                told.setdefault(episode, []).append(where)
        for episode, verdict in planned.untargeted_verdicts.items():
            told.setdefault(episode, []).append(ToldWhere("", verdict.outcome, verdict.reason, verdict.rule, 0, False))
    return told, rules


def _explained(alert: Alert, verdict: Taken, told: Mapping[str, list[ToldWhere]], rule_of: Mapping[str, str]) -> Explained:
    return Explained(
        name=alert.name,
        labels=alert.labels,
        severity=alert.severity.word,
        outcome=verdict.outcome.value,
        reason=verdict.reason.value,
        correlated_by=rule_of.get(alert.incident, ""),
        incident=alert.incident,
        told=tuple(told.get(alert.episode_id, ())),
    )
