"""Find what fires and that nobody could be told of, though somebody has to be told.

An alert that is told at one of its targets is heard: what fails there is the other destination. An alert that
is kept quiet everywhere is not to be told, and one that waits for its first try may still be heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.audience import Audience
from gateway.decisions.notification.member_status import SILENT_FAILURE_MS, fails
from gateway.decisions.notification.view import TargetMember, View
from gateway.decisions.route import DisallowedChannel, interrupts
from gateway.model.alert import Alert
from gateway.model.durations import SECOND
from gateway.model.incident import UnheardAlert
from gateway.model.own_alert import LAST_RESORT, is_own
from gateway.model.severity import Severity
from gateway.model.verdict import Reason

FIRST_TRY_MS = 30 * SECOND  # a destination that fails is tried so often: by then a new member was among it
MOST_KEPT = 10  # of one incident


class _Unheard(NamedTuple):
    """One member: why nobody could be told of it, in a sentence too, and the destinations that were tried."""

    alert: Alert
    reason: Reason
    because: str
    destinations: tuple[str, ...]
    urgent: bool


def unheard_alerts(
    views: Mapping[str, View], audience: Audience, snapshot: IncidentSnapshot, now: int
) -> tuple[UnheardAlert, ...]:
    """Return what fires in the incident and is told nowhere, the most urgent first."""
    # Nothing failed and no channel is amiss, as nearly always: whoever is not told yet will be.
    if not audience.unreachable and not any(fails(view, now) for view in views.values()):
        return ()
    wanted: dict[str, list[tuple[View, TargetMember]]] = {}
    for view in views.values():
        for member in view.firing:
            wanted.setdefault(member.episode_id, []).append((view, member))
    found = (
        _unheard(alert, wanted.get(episode, []), audience.unreachable.get(episode), snapshot, now)
        for episode, alert in snapshot.alerts.items()
        if alert.firing and not _is_told(episode, snapshot)
    )
    return _grouped(unheard for unheard in found if unheard is not None)


def next_looks(view: View) -> Iterator[int]:
    """Yield when a view that fails may leave something unheard by time alone (ms)."""
    if view.ledger.failing_since is not None and not view.ledger.dead:
        yield view.ledger.failing_since + SILENT_FAILURE_MS + 1
        for member in view.firing:
            yield member.due + FIRST_TRY_MS


def _is_told(episode: str, snapshot: IncidentSnapshot) -> bool:
    """Return whether a vendor has taken it anywhere. An unanswered send may have reached nobody."""
    return any(ledger.last_notified.members.get(episode) for ledger in snapshot.ledgers.values())


def _unheard(
    alert: Alert,
    wanted: list[tuple[View, TargetMember]],
    unreachable: tuple[DisallowedChannel, ...] | None,
    snapshot: IncidentSnapshot,
    now: int,
) -> _Unheard | None:
    """Return why nobody could be told of one member, None where somebody may be yet, or nobody has to be."""
    # One target that is not failing for it, a fallback for instance: it is told there in a moment.
    if not all(_is_tried_in_vain(view, member, now) for view, member in wanted):
        return None
    amiss = [
        disallowed
        for disallowed in unreachable or ()
        if not disallowed.page or interrupts(disallowed.route, [(alert.severity, alert.labels)])
    ]
    critical = alert.severity is Severity.CRITICAL
    if not wanted and not amiss:
        # Something keeps it quiet; or no route takes it, which nobody may have meant for a critical alert.
        if unreachable != () or not critical:
            return None
        return _Unheard(alert, Reason.UNROUTED, "no route names a destination for it", (), urgent=True)
    # What was refused counts until the next try, though there is news since.
    stored = [snapshot.ledgers.get(view.target, view.ledger) for view, _ in wanted]
    dead = any(ledger.dead for ledger in stored)
    reason = Reason.DEAD_LETTER if dead else Reason.WAITING_TO_SEND if wanted else Reason.TEMPLATE_VALUE
    said = [f"{ledger.target}: {ledger.error or ledger.dead}" for ledger in stored]
    pages = any(
        view.desired.paged and recipient.page for view, member in wanted for recipient in member.recipients
    )
    return _Unheard(
        alert,
        reason,
        ", ".join([*said, *(disallowed.described for disallowed in amiss)]),
        tuple(view.ledger.destination for view, _ in wanted),
        urgent=critical or pages or any(disallowed.page for disallowed in amiss),
    )


def _is_tried_in_vain(view: View, member: TargetMember, now: int) -> bool:
    if view.ledger.dead:
        return True
    # It may have joined what fails for others just now, and be among what the next try brings.
    return fails(view, now) and now >= member.due + FIRST_TRY_MS


def _grouped(found: Iterable[_Unheard]) -> tuple[UnheardAlert, ...]:
    groups: dict[tuple[str, str, str], list[_Unheard]] = {}
    for unheard in found:
        groups.setdefault((unheard.alert.name, unheard.reason.value, unheard.because), []).append(unheard)
    made = [
        UnheardAlert(
            name,
            reason,
            because,
            len(group),
            group[0].destinations,
            urgent=any(unheard.urgent for unheard in group),
            last_resort=name == LAST_RESORT and all(is_own(unheard.alert) for unheard in group),
        )
        for (name, reason, because), group in groups.items()
    ]
    return tuple(sorted(made, key=lambda alert: (not alert.urgent, -alert.count, alert.name))[:MOST_KEPT])
