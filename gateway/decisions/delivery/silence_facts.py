"""Say of silences and other suppressions what keeps news away from people, and what did until now."""

from __future__ import annotations

from typing import Any

from gateway.decisions.notification.hidden import hidden_before
from gateway.decisions.notification.view import View
from gateway.model.ledger import NotifiedState
from gateway.model.worded import Quieted


def silence_facts(view: View, now: int) -> dict[str, Any]:
    if view.desired.state is not NotifiedState.FIRING:
        return {}
    quieted, hidden = _quieted(view), hidden_before(view, now)
    facts: dict[str, Any] = {"quieted": quieted, "covered_by": view.desired.covered_by}
    if hidden is not None:
        facts["hidden"] = Quieted(hidden.reason, hidden.rule, hidden.because, hidden.until)
    return facts


def _quieted(view: View) -> Quieted | None:
    """Return what keeps news of members away that were notified before: the first reason with its rule."""
    silenced = view.silenced_after_notify
    verdict = silenced[0].suppressed_by if silenced else None
    if verdict is None:
        return None
    part = f"{len(silenced)} of {len(silenced) + len(view.firing)}" if view.firing else ""
    return Quieted(verdict.reason.value, verdict.rule, verdict.because, verdict.until, part)
