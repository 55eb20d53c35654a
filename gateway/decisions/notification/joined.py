"""Plan only the members that have joined, where nothing else is new, and add them to what the last plan
counted.

A plan looks at every member of its incident, and nearly always only a few have joined since the last
one. Those that were counted then stand in the ledgers by their counts, and the incident says for how
long these hold (`Incident.counted`). So the plan looks at the members that have joined alone, by the
very same steps, and adds their counts. It looks at every member again after any change but a join, when
time alone changes anything, and after ten minutes.

Whether that is enough is seen twice: from the incident before its alerts are read, and from what the plan of
those that joined has found.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.decisions.accounting.invariants import COUNTED_STATUSES
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.intake.patience import SMALL
from gateway.decisions.notification.heard import is_settled
from gateway.decisions.notification.member_status import count_statuses
from gateway.decisions.notification.resolve import Plan, remind_at
from gateway.decisions.notification.view import TargetMember, View
from gateway.model.durations import MINUTE
from gateway.model.incident import Counted, Heard, Incident, StatusCounts
from gateway.model.instants import earliest
from gateway.model.ledger import Ledger
from gateway.model.members import Member
from gateway.model.store_clock import CLOCK_STEP_MS
from gateway.model.verdict import Reason, Verdict

WHOLE_EVERY_MS = 10 * MINUTE
# What a member may be that is counted: it stays so until an end, a send, a person or a time that is known
_SETTLED = frozenset({Reason.DELIVERED, Reason.UPDATE_INTERVAL, Reason.PAGE_WHEN, Reason.ENDED_UNTOLD})


def joined_alone(incident: Incident, basis: Counted, generation: int, due: int) -> tuple[Member, ...] | None:
    """Return the members that have joined since the last plan, None where anything else may be new.

    `basis` is what counts would rest on that are made now. `generation` is that of the rules in force,
    and the plan was `due` then (ms).
    """
    joining, counted = incident.joining, incident.counted
    if joining is None or counted is None or not joining.members:
        return None
    # An end, a person or a version that counted no joins changed the incident as well.
    if incident.planned_revision + joining.commits != incident.revision:
        return None
    # Something else put the incident on the agenda before the joins fell due.
    if due < joining.until:
        return None
    if incident.heard_by != generation or not _holds(counted, basis):
        return None
    # The incidents of one group page together.
    if incident.continues or incident.continued_by:
        return None
    joined = tuple(incident.members[-joining.members :])
    alerts = {member.alert for member in joined}
    # What fires again means something for the life before it, which is a member, too.
    again = len(alerts) < len(joined) or any(
        member.alert in alerts for member in incident.members[: -joining.members]
    )
    return None if again else joined


def _holds(counted: Counted, basis: Counted) -> bool:
    """Return whether what was counted then would be counted so now."""
    if counted.controls != basis.controls or abs(counted.ahead - basis.ahead) > CLOCK_STEP_MS:
        return False
    return basis.at < counted.at + WHOLE_EVERY_MS and not 0 < counted.look_at <= basis.at


def onto_counted(planned: Plan, snapshot: IncidentSnapshot, now: int) -> Plan | None:
    """Return the plan of those that joined (`planned`) as the plan of the whole incident.

    None stands for a plan that has to look at every member: one that joined is more than an update that
    waits, or something at a target is not as the last plan found it.
    """
    before, counted = snapshot.incident, snapshot.incident.counted
    if counted is None or not _are_as_counted(before, snapshot):
        return None
    # An alert that inhibits members has come.
    if snapshot.topic_sources or before.untargeted.members:
        return None
    if planned.untargeted or not _changes_nothing_else(before, planned.incident):
        return None
    if not all(_fires(member, snapshot) for member in snapshot.members):
        return None
    seen = {target: view for target, view in planned.views.items() if view.members}
    if not all(_only_waits(view, before, now) for view in seen.values()):
        return None
    heard = {target: _heard_now(known, target, seen, snapshot) for target, known in before.heard.items()}
    # Ten minutes after all members were looked at they are again, whether more have joined by then or not.
    look_at = earliest(*(at for at in (counted.look_at, planned.look_at, counted.at + WHOLE_EVERY_MS) if at))
    return msgspec.structs.replace(
        planned,
        incident=msgspec.structs.replace(planned.incident, heard=heard),
        views={target: _as_severe_as_before(view, before.heard[target]) for target, view in seen.items()},
        look_at=look_at,
        untargeted_counts=before.untargeted,
        counted={target: snapshot.ledgers[target].status_counts for target in seen},
        updates={
            target: max(now, known.notified_at + known.update_interval)
            for target, known in heard.items()
            if known.told and target not in seen
        },
    )


def _are_as_counted(incident: Incident, snapshot: IncidentSnapshot) -> bool:
    """Return whether each target has the members that the last plan counted there, and nothing is open there."""
    return incident.heard.keys() == set(incident.targets) and all(
        target in snapshot.ledgers
        and target not in snapshot.closed_lanes
        and _is_as_counted(snapshot.ledgers[target], known)
        for target, known in incident.heard.items()
    )


def _is_as_counted(ledger: Ledger, known: Heard) -> bool:
    counts = ledger.status_counts
    # A send that was settled meanwhile has counted those that joined.
    if counts.members != known.members or not counts.reasons.keys() <= _SETTLED:
        return False
    return is_settled(ledger) and ledger.owed_page is None and not ledger.hidden


def _changes_nothing_else(before: Incident, after: Incident) -> bool:
    """Return whether those that joined change nothing about the incident but what was heard of it."""
    return before == msgspec.structs.replace(after, heard=before.heard)


def _fires(member: Member, snapshot: IncidentSnapshot) -> bool:
    alert = snapshot.alerts.get(member.episode_id)
    return alert is not None and alert.firing


def _only_waits(view: View, incident: Incident, now: int) -> bool:
    """Return whether nobody at this target has to hear of those that joined before its next update."""
    known = incident.heard.get(view.target)
    if known is None or view.destination is None or view.destination.via.update_limit is not None:
        return False
    # By another interval those that wait already would be told at another time.
    if known.told and view.update_interval != known.update_interval:
        return False
    # A reminder names all that fires.
    reminds_at = remind_at(view, incident, view.ledger)
    if (reminds_at is not None and reminds_at <= now) or any(map(_may_call_further, view.members)):
        return False
    _, verdicts = count_statuses(view, now)
    return all(_waits(verdict, known) for verdict in verdicts.values())


def _waits(verdict: Verdict, known: Heard) -> bool:
    return verdict.reason is (Reason.UPDATE_INTERVAL if known.told else Reason.PAGE_WHEN)


def _may_call_further(member: TargetMember) -> bool:
    return any(recipient.route.escalate for recipient in member.recipients)


def _as_severe_as_before(view: View, known: Heard) -> View:
    return msgspec.structs.replace(view, at_least=known.severity) if known.told else view


def _heard_now(known: Heard, target: str, seen: Mapping[str, View], snapshot: IncidentSnapshot) -> Heard:
    joined = len(seen[target].members) if target in seen else 0
    notified_at = snapshot.ledgers[target].notified_at or 0 if known.told else 0
    return msgspec.structs.replace(known, notified_at=notified_at, members=known.members + joined)


def added(counted: StatusCounts, joined: StatusCounts) -> StatusCounts:
    """Return the counts of the members of both. Whether the target fails is known of `joined`."""
    # As for every plan that looks at all members
    if not counted.members:
        return joined
    sums = {name: getattr(counted, name) + getattr(joined, name) for name in COUNTED_STATUSES}
    names = sorted(counted.reasons.keys() | joined.reasons.keys())
    reasons = {name: counted.reasons.get(name, 0) + joined.reasons.get(name, 0) for name in names}
    return StatusCounts(**sums, reasons=reasons, failing=joined.failing)


def counted_by(before: Incident, planned: Plan, basis: Counted) -> Counted | None:
    """Return what the counts rest on after a plan, which is the `basis` where it has looked at every member.

    It is None where the next plan looks at every member in any case.
    """
    after = planned.incident
    if planned.counted and before.counted is not None:
        return msgspec.structs.replace(before.counted, look_at=basis.look_at)
    if len(after.members) <= SMALL or after.resolved_at or planned.untargeted_counts.members:
        return None
    if after.heard.keys() != planned.views.keys():
        return None
    # That they were counted once more is worth no write.
    if before.planned_revision == before.revision and before.counted is not None:
        return msgspec.structs.replace(basis, at=before.counted.at)
    return basis
