"""Say of a destination that fails why it does, what to do about it, and which alerts wait for it."""

from __future__ import annotations

from gateway.model.instants import clock
from gateway.model.notification import Refused
from gateway.model.rules.destination import Destination
from gateway.outbound.registry import kind_of
from gateway.state.failing import FailingDestination


def said_of(destination: Destination, failing: FailingDestination) -> str:
    """Return sentences for whoever is told at the fallback."""
    refused = Refused(
        failing.reason, failing.error if failing.error != failing.reason else "", permanent=True
    )
    trouble = kind_of(destination).trouble(refused, destination.credential)
    end = "?" if trouble.endswith("?") else "."
    alerts = ", ".join(failing.alerts)
    waiting = f"{failing.incidents} incidents" if failing.incidents > 1 else "1 incident"
    which = f" ({alerts})" if alerts else ""
    return f"Since {clock(failing.since)}: {trouble.removesuffix('?')}{end} {waiting} could not be told there{which}."
