"""An incident, what is read for it, and what its targets were told: tests name only what matters to them.

Times in ms after START.
"""

from __future__ import annotations

import msgspec

from gateway.decisions.delivery.compose import compose
from gateway.decisions.delivery.intents import begin
from gateway.decisions.delivery.settle import settle
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.plan import plan
from gateway.decisions.notification.resolve import Plan
from gateway.decisions.notification.view import View
from gateway.decisions.policy import Policy
from gateway.model.alert import Alert
from gateway.model.durations import HOUR
from gateway.model.incident import Acknowledgement, Closure, Incident
from gateway.model.ledger import Endpoint, Ledger, MessageRef
from gateway.model.members import Member
from gateway.model.notification import Delivered, Notification
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.rules.rulebook import LabelRules, Rulebook
from gateway.model.severity import Severity
from tests.support.build import START, rulebook

BY_SLACK = Endpoint("slack", "C1", "SLACK_BOT_TOKEN", "mark")
BY_PAGERDUTY = Endpoint("pagerduty", "pager", "PAGERDUTY_ROUTING_KEY", "mark")
MESSAGE = MessageRef("1.1", "C1")


def alert(
    name: str = "HighErrorRate", *, severity: Severity = Severity.CRITICAL, at: int = 0, ended: int | None = None,
    held: int | None = None, episode: int = 1, annotations: dict[str, str] | None = None, source_url: str = "", **labels: str,
) -> Alert:  # fmt: skip
    """One life of an alert that started `at`; with `ended` it is over, with `held` it is disputed until then."""
    return Alert(
        id="/".join((name, *labels.values())),
        labels={"alertname": name, "severity": severity.word, **labels},
        annotations=annotations or {},
        severity=severity,
        copies={},
        episode=episode,
        firing=ended is None,
        started_at=START + at,
        ended_at=START + ended if ended is not None else None,
        held_until=START + held if held is not None else None,
        incident="inc",
        last_seen=START + at,
        spoken_by="default/a",
        source_url=source_url,
    )


def incident(*alerts: Alert, **more: object) -> Incident:
    """Each alert joined when it started."""
    made = Incident(
        id="inc",
        opened_at=START,
        rule="default (built-in)",
        members=tuple(Member(one.id, one.episode, one.started_at) for one in alerts),
        keys=(),
        revision=1,
        firing=sum(one.firing for one in alerts),
        last_new_at=START,
        last_change_at=START,
    )
    return msgspec.structs.replace(made, **more)


def route(name: str = "everything", **more: object) -> Route:
    """To chat and, where nothing else is said, to the pager."""
    return Route(name, BUILT_IN, **{"notify": ("chat",), "page": ("pager",), **more})  # type: ignore[arg-type]


def planned(
    *alerts: Alert,
    at: int = 0,
    rules: Rulebook | None = None,
    ledgers: tuple[Ledger, ...] = (),
    **more: object,
) -> Plan:
    """The plan of the incident that these alerts make, at that time."""
    snapshot = IncidentSnapshot(
        incident(*alerts, **more),
        {one.episode_id: one for one in alerts},
        {one.target: one for one in ledgers},
    )
    return plan(snapshot, Policy(rules or rulebook()), START + at)


def seen_by(target: str, *alerts: Alert, at: int = 0, rules: Rulebook | None = None, ledgers: tuple[Ledger, ...] = (), **more: object) -> View:  # fmt: skip
    return planned(*alerts, at=at, rules=rules, ledgers=ledgers, **more).views[target]


def telling_of(
    view: View, *alerts: Alert, at: int = 0, labels: LabelRules | None = None, **more: object
) -> Notification:
    return compose(view, incident(*alerts, **more), labels or LabelRules(), START + at)


def told(target: str, *alerts: Alert, at: int, rules: Rulebook | None = None, ledgers: tuple[Ledger, ...] = (), **more: object) -> Ledger:  # fmt: skip
    """The target's ledger once what it should believe at that time was delivered; `ledgers` are those of the
    time before.
    """
    view = seen_by(target, *alerts, at=at, rules=rules, ledgers=ledgers, **more)
    notification = compose(view, incident(*alerts, **more), LabelRules(), START + at)
    endpoint = msgspec.structs.replace(
        BY_SLACK if view.kind == "slack" else BY_PAGERDUTY, address=view.address
    )
    begun = begin(view.ledger, notification, view.desired, endpoint, f"attempt-{at}", START + at)
    return settle(
        begun,
        notification,
        Delivered(MESSAGE),
        START + at,
        looks=view.kind == "slack",
        notes=view.kind == "slack",
    )


def closed(*, at: int, length: int = HOUR, severity: Severity = Severity.CRITICAL) -> Closure:
    return Closure("ann", START + at, START + at + length, severity)


def acknowledged(*, at: int, severity: Severity = Severity.CRITICAL) -> Acknowledgement:
    return Acknowledgement("ann", START + at, severity)
