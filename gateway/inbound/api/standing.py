"""What people know of an incident is told here for the API: by member and target, and in one verdict."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.decisions.notification.member_status import count_statuses
from gateway.decisions.notification.resolve import Plan
from gateway.inbound.api.incident_models import VerdictShown
from gateway.model.alert import Alert
from gateway.model.instants import instant_or_none
from gateway.model.verdict import QUIETING, MemberStatus, Reason, Verdict

NEAREST_FIRST = (
    MemberStatus.TOLD,
    MemberStatus.UNDELIVERABLE,
    MemberStatus.DUE,
    MemberStatus.HELD,
    MemberStatus.SUPPRESSED,
)
"""What a member may be to a target, from told to kept from everybody."""


def standing_of(plan: Plan, alerts: Mapping[str, Alert], now: int) -> Verdict | None:
    """Return the verdict that says what people know of an incident, None where nothing of it fires.

    It is that of the member and target that is nearest to being told: an incident counts as silenced only
    when news of every firing member is kept from everybody.
    """
    verdicts = [
        verdict
        for view in plan.views.values()
        for episode, verdict in count_statuses(view, now)[1].items()
        if alerts[episode].firing
    ]
    verdicts += [verdict for episode, verdict in plan.untargeted.items() if alerts[episode].firing]
    return min(
        verdicts,
        key=_distance,
        default=None,
    )


def _distance(verdict: Verdict) -> tuple[bool, int]:
    """Return how far people are from knowing of it. What only the log was told reaches nobody by itself."""
    status = MemberStatus.SUPPRESSED if verdict.reason is Reason.LOG_ONLY else MemberStatus(verdict.outcome)
    return verdict.reason in QUIETING, NEAREST_FIRST.index(status)


def show_verdicts(plan: Plan, alerts: dict[str, Alert], now: int) -> list[VerdictShown]:
    """Show every member at every target that sees it, and the members that no target sees."""
    shown = []
    for target, view in plan.views.items():
        for episode, verdict in count_statuses(view, now)[1].items():
            shown.append(_verdict(plan.incident.id, alerts[episode], target, verdict))
    for episode, verdict in plan.untargeted.items():
        shown.append(_verdict(plan.incident.id, alerts[episode], None, verdict))
    return shown


def _verdict(incident: str, alert: Alert, target: str | None, verdict: Verdict) -> VerdictShown:
    return VerdictShown(
        incident=incident,
        alert=alert.id,
        name=alert.name,
        target=target,
        standing=verdict.outcome,
        reason=verdict.reason.value,
        rule=verdict.rule,
        until=instant_or_none(verdict.until),
        because=verdict.because,
    )
