"""Severities, in their order, and the words by which senders name them."""

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

    @property
    def sign(self) -> str:
        """Return the sign by which a reader tells at a glance how bad it is."""
        return "⚪🔵🟡🟠🔴"[self]


# The words of other systems stand beside ours: syslog (RFC 5424), X.733, Zabbix, and numbers by which teams
# call their incidents. "high" and "major" are one step below the worst in each of them.
_WORDS = {
    Severity.NONE: "none",
    Severity.INFO: "info information informational notice low debug p4 p5 sev4 sev5",
    Severity.WARNING: "warning warn ticket minor medium moderate average p3 sev3",
    Severity.ERROR: "error err major high p2 sev2",
    Severity.CRITICAL: "critical crit fatal disaster emergency emerg page p0 p1 sev0 sev1",
}
BUILT_IN_WORDS = {word: severity for severity, words in _WORDS.items() for word in words.split()}
