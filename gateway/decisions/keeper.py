"""Say who has an incident, or keeps it quiet, for those who ask what is open."""

from __future__ import annotations

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.policy import Policy
from gateway.model.controls import Silence
from gateway.model.instants import moment
from gateway.model.members import Member
from gateway.model.verdict import QUIETING, Reason, Verdict

NOBODY = "nobody has it"


def keeper_of(snapshot: IncidentSnapshot, policy: Policy, now: int) -> str:
    """Return it in words; `now` is the time of the snapshot's rows."""
    incident, taken = snapshot.incident, snapshot.incident.acknowledged
    if incident.snoozed is not None:
        return f"snoozed by {incident.snoozed.by}"
    if incident.closed is not None and incident.closed.until > now:
        return f"closed by {incident.closed.by}"
    if taken is not None:
        return f"{taken.by} has it"
    return _kept_quiet(snapshot, policy, now) or NOBODY


def _kept_quiet(snapshot: IncidentSnapshot, policy: Policy, now: int) -> str:
    """Say what keeps news of all that fires from people, as its messages do; empty where something is
    not covered.

    Of several the one that ends first is named: from then on people hear of it.
    """
    members = {member.episode_id: member for member in snapshot.incident.members}
    covering: list[Verdict] = []
    for episode, alert in snapshot.alerts.items():
        if not alert.firing:
            continue
        member = members.get(episode, Member(alert.id, alert.episode, now))
        verdict = policy.suppressor.verdict(snapshot, member, alert, named=True, now=now)
        # In a storm thousands fire: the first that people hear of says enough.
        if verdict is None or verdict.reason not in QUIETING:
            return ""
        covering.append(verdict)
    if not covering:
        return ""
    first = min(covering, key=lambda verdict: (verdict.until is None, verdict.until or 0))
    ends = f" until {moment(first.until, snapshot.wall(now))}" if first.until is not None else ""
    rule = f"silence {Silence.id_in(first.rule)}" if first.reason is Reason.SILENCED else first.rule
    return f"{first.reason.value}{ends} ({rule})"
