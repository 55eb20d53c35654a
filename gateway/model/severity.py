"""Severities, in their order."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """A comparable severity.

    `NONE` is that of an alert that needs nobody, such as Watchdog or InfoInhibitor.
    """

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
