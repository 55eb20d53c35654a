"""What the API answers, as the commands are given it."""

from __future__ import annotations

from typing import Any

INCIDENT: dict[str, Any] = {
    "id": "i1",
    "state": "open",
    "severity": "critical",
    "title": "Down [bold]",
    "opened_at": "2026-11-23T10:00:00.123456Z",
    "firing": 2,
    "members": 2,
    "correlated_by": "service",
    "where": "prod-eu › shop",
    "standing": "told",
    "reason": "delivered",
    "acknowledged": None,
    "closed": None,
}
