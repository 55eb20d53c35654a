"""Say in lines why an incident is told or not: to whom, by which rule, and until when."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from gateway.decisions.delivery.redaction import redact_alert
from gateway.decisions.notification.member_status import count_statuses
from gateway.decisions.notification.plan import plan
from gateway.decisions.notification.steps_ahead import steps_ahead
from gateway.decisions.policy import Policy
from gateway.model.instants import moment
from gateway.model.verdict import MemberStatus, Reason, Verdict
from gateway.state.versioned_snapshot import VersionedSnapshot


def why_lines(versioned: VersionedSnapshot, policy: Policy, redact_key: bytes = b"") -> list[str]:
    """Return what the rules in force decide now, the alerts and targets of one name and verdict on one
    line, and who is called by the steps of the escalation that are ahead.

    It is read in a chat: names that the rules hide from vendors are hashed, with `redact_key`.
    """
    snapshot, now = versioned.snapshot, versioned.now
    labels = replace(policy.rules.labels, redact_key=redact_key)
    names = {episode: redact_alert(alert, labels).name for episode, alert in snapshot.alerts.items()}
    planned = plan(snapshot, policy, now)
    wall = snapshot.wall(now)
    counted: Counter[tuple[str, Verdict, str]] = Counter()
    for target, view in planned.views.items():
        for episode, verdict in count_statuses(view, now)[1].items():
            counted[names[episode], verdict, target] += 1
    for episode, verdict in planned.untargeted.items():
        counted[names[episode], verdict, ""] += 1
    alike: dict[tuple[str, Verdict, int], list[str]] = {}
    for (name, verdict, target), count in counted.items():
        alike.setdefault((name, verdict, count), []).append(target)
    return [
        f"Brought together by {snapshot.incident.rule}.",
        *(_line(name, count, targets, verdict, wall) for (name, verdict, count), targets in alike.items()),
        *(
            f"The page at {target} fell into a maintenance of its service, and is sent again"
            f" at {moment(view.ledger.lost_until, wall)}."
            for target, view in planned.views.items()
            if view.ledger.lost_until is not None
        ),
        *(_capital(step.in_words(now)) for step in steps_ahead(planned, snapshot, policy, now)),
    ]


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _line(name: str, count: int, targets: list[str], verdict: Verdict, wall: int) -> str:
    alerts = f"{name} ×{count}" if count > 1 else name
    where = " and ".join(filter(None, targets))
    because = f", {verdict.because}" if verdict.because else ""
    word = "since" if verdict.outcome == MemberStatus.DUE else "until"
    until = f", {word} {moment(verdict.until, wall)}" if verdict.until is not None else ""
    if verdict.outcome == MemberStatus.TOLD and verdict.reason is Reason.DELIVERED:
        rule = f", by {verdict.rule}" if verdict.rule else ""
        return f"{alerts} is told to {where}{rule}{because}{until}"
    rule = f", {verdict.rule}" if verdict.rule else ""
    at = f" at {where}" if where else ""
    return f"{alerts} is {verdict.outcome}{at}: {verdict.reason.value}{rule}{because}{until}"
