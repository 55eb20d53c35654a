"""Find the targets that only a bypass lets an incident through to, so that it leaves nothing behind.

A bypass shows what rules and people keep quiet. What was shown for its sake alone is taken back when it is
over: a page of it would go on calling people about what nobody wanted to be called for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.audience import Audience, seat
from gateway.decisions.notification.members import RoutedMember, suppress
from gateway.decisions.policy import Policy


def mark_bypassed(
    audience: Audience,
    routed: Sequence[RoutedMember],
    snapshot: IncidentSnapshot,
    policy: Policy,
    now: int,
) -> Audience:
    """Return the audience, with each view marked that would show nothing firing without the bypass in force."""
    bypass = snapshot.controls.bypass(snapshot.wall(now))
    if bypass is None:
        return audience
    usual = replace(snapshot, controls=snapshot.controls.without_bypass())
    shown = {
        target
        for target, view in seat(suppress(routed, usual, policy, now), usual, policy, now).views.items()
        if view.firing
    }
    views = {
        target: msgspec.structs.replace(
            view, bypassed=bool(view.firing) and target not in shown, bypassed_by=bypass.by
        )
        for target, view in audience.views.items()
    }
    return replace(audience, views=views)
