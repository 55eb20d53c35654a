"""Severity: four steps, the order that everything is compared in."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """Comparable; `NONE` is an alert that says of itself that it needs nobody (Watchdog, InfoInhibitor)."""

    NONE = 0
    INFO = 1
    WARNING = 2
    ERROR = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        return self.name.lower()


BUILT_IN_WORDS = {
    "none": Severity.NONE,
    "info": Severity.INFO,
    "warning": Severity.WARNING,
    "ticket": Severity.WARNING,
    "error": Severity.ERROR,
    "critical": Severity.CRITICAL,
    "page": Severity.CRITICAL,
    "sev1": Severity.CRITICAL,
    "p1": Severity.CRITICAL,
    "emergency": Severity.CRITICAL,
}
