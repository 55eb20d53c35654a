"""Send an alert of our own making down the path, on a private copy in
memory: nothing of it reaches the store, the books, the metrics or anybody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from gateway.decisions.delivery.compose import compose
from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.notification.plan import plan
from gateway.decisions.notification.resolve import Plan
from gateway.intake.group_commit import GroupCommit
from gateway.intake.parse_webhook import parse
from gateway.model.changes import Table
from gateway.model.instants import instant
from gateway.model.own_alert import OwnAlert
from gateway.model.verdict import Outcome, Taken
from gateway.outbound.registry import DESTINATION_KINDS
from gateway.reconcile.work_outcome import keeping_faults
from gateway.rules.compiled import CompiledRules
from gateway.state.snapshots import read_snapshots
from gateway.storage.memory import MemoryStore

RECEIVED = "GatewayHealthCheck"  # the name of the alert in the body
OWN = OwnAlert("GatewayStuck", {"subject": "nothing: this is a check of the gateway's health"})


@dataclass(frozen=True, slots=True)
class PathTested:
    """Which steps work with the rules in force: each needs the one before."""

    can_receive: bool = False
    can_decide: bool = False
    can_route: bool = False
    can_render: bool = False


async def try_the_path(rules: CompiledRules, now: int) -> PathTested:
    """Read a webhook, decide on its alert, plan whom an alert of the gateway's own reaches, and render
    it for each.

    The webhook's alert may be nobody's by the rules, which is no
    fault; an alert of the gateway's own is always somebody's.
    """
    passed: list[bool] = []
    with keeping_faults():
        async for works in _steps(rules, now):
            passed.append(works)
            if not works:
                break
    return PathTested(*passed)


async def _steps(rules: CompiledRules, now: int) -> AsyncIterator[bool]:
    """Yield whether each step of `PathTested` works, in its order."""
    # A reader of its own: what it makes of the alert's words is counted nowhere.
    parsed = parse(_body(now), Normaliser(rules.rules.labels, rules.rules.shared), now)
    yield len(parsed.seen) + len(parsed.quarantined) == 1
    store, verdicts = MemoryStore(lambda: now), list[Taken]()
    intake = GroupCommit(
        store, rules.correlator, woken=lambda: None, taken=lambda found, _now: verdicts.extend(found)
    )
    seen = [*parsed.seen, OWN.observed(now, firing=True)]
    await intake.accept(seen, [])
    yield len([verdict for verdict in verdicts if verdict.outcome is Outcome.OPENED]) == len(seen)
    found = await read_snapshots(store, list(store.rows[Table.INCIDENTS]), rules.policy)
    plans = [plan(versioned.snapshot, rules.policy, now) for versioned in found if versioned is not None]
    yield any(planned.views for planned in plans)
    yield _render(plans, rules, now)


def _render(plans: list[Plan], rules: CompiledRules, now: int) -> bool:
    """Render what each target would be told. Returns whether there was anything to render."""
    rendered = [
        DESTINATION_KINDS[view.kind].render(compose(view, planned.incident, rules.rules.labels, now))
        for planned in plans
        for view in planned.views.values()
        if view.kind in DESTINATION_KINDS
    ]
    return bool(rendered)


def _body(now: int) -> bytes:
    """Return a webhook as Alertmanager writes it: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config"""
    alert = {
        "status": "firing",
        "labels": {"alertname": RECEIVED, "severity": "info"},
        "annotations": {"summary": "A check of the gateway's health: nothing is wrong."},
        "startsAt": instant(now),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": "c7f1d2a94b3e5068",
    }
    whole = {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{RECEIVED}"}}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "gateway",
        "groupLabels": {"alertname": RECEIVED},
        "commonLabels": alert["labels"],
        "commonAnnotations": alert["annotations"],
        "externalURL": "",
        "alerts": [alert],
    }
    return msgspec.json.encode(whole)
