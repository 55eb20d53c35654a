"""The subjects of the agenda, and how urgent each is."""

from __future__ import annotations

from gateway.model.severity import Severity

NEW_RULES = "sweep:rules"
NEW_CONTROLS = "sweep:orders"
LATE_TOPICS = "sweep:posts"
UPKEEP = "tend:silences"


def plan_subject(incident: str) -> str:
    return f"plan:{incident}"


def urgency(severity: Severity) -> int:
    """The agenda's priority: 0 is looked at first."""
    return Severity.CRITICAL - severity


def deliver_subject(target: str, incident: str) -> str:
    """The agenda's subject of one delivery; its lane is the target."""
    return f"deliver:{target}|{incident}"


def audit_subject(destination: str) -> str:
    return f"audit:{destination}"


def watch_subject(watchdog: str) -> str:
    """The agenda's."""
    return f"watchdog:{watchdog}"


def poll_subject(source: str) -> str:
    return f"poll:{source}"
