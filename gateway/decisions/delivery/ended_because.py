"""Say why alerts have ended that did not recover: their rule was paused, changed or deleted.

Grafana ends such alerts with a reason: pkg/services/ngalert/models/alert_rule.go in its repository.
"""

from __future__ import annotations

from collections.abc import Iterable

BECAUSE = {
    "paused": "its rule was paused",
    "updated": "its rule was changed",
    "ruledeleted": "its rule was deleted",
    "missingseries": "its series is gone",
    "nodata": "its query gives no data",
    "error": "its query fails",
    "keeplast": "its last state was kept",
}


def ended_because(reason: str) -> str:
    """Return the reason of one end in words; empty where the alert recovered."""
    words = [word.strip() for word in reason.split(",") if word.strip()]
    return " and ".join(dict.fromkeys(BECAUSE.get(word.lower(), f"its sender says {word}") for word in words))


def all_ended_because(reasons: Iterable[str]) -> str:
    """Return why none of these recovered, each reason once; empty where any of them did."""
    said = [ended_because(reason) for reason in reasons]
    return ", or ".join(dict.fromkeys(said)) if said and all(said) else ""
