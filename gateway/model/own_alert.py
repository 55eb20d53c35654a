"""The gateway's own alerts: problems that it finds with itself, sent down the same path as any alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gateway.model.alert import Alert, Copy, Observation
from gateway.model.fingerprint import fingerprint, identity
from gateway.model.severity import Severity

OWN_SOURCE = "gateway/"  # copies of own alerts begin with this
OWN_SUBJECT = "gateway_destination"  # the label of an own alert that names the destination that fails
OWN_WATCHDOG = "watchdog"  # the label of an own alert that names the watchdog whose heartbeat is missing
DELIVERY_FAILING = "GatewayDeliveryFailing"  # the own alert about a destination that fails
SILENCE_ENDING = "GatewaySilenceEnding"  # the own alert about a silence that ends soon: it never pages
STORE_FILLING = "GatewayStoreFilling"  # the own alert about a store that has little room left
LAST_RESORT = "GatewayUnheard"  # the own alert about alerts that nobody could be told of
STORE_LOST = "GatewayStoreLost"  # the own alert about a store that was emptied under the running gateway
CLOCK_DOUBTFUL = "GatewayClockDoubtful"  # the own alert about the clocks of the store and of the gateways
UNKNOWN_SENDERS = (
    "unknown_sender"  # the `reason` of an own alert about senders that showed no token: it never pages
)

TEXTS = {
    "GatewayStuck": (
        Severity.CRITICAL,
        "The gateway cannot work on {subject}",
        "Its log says why (subject_failed).",
    ),
    DELIVERY_FAILING: (
        Severity.ERROR,
        "Notifications cannot be delivered to {destination}",
        (
            "What it should have been told goes to its fallback, where it has one. "
            "`gateway dead-letters` lists what was refused for good, `gateway doctor` says what is wrong."
        ),
    ),
    "GatewayAuditDelayed": (
        Severity.WARNING,
        "The audit trail does not reach {destination}",
        (
            "It is tried again until it is taken. "
            "What is cut off the log before that is lost to it, and counted (gateway_audit_entries)."
        ),
    ),
    LAST_RESORT: (
        Severity.CRITICAL,
        "Nobody could be told of {alert} ({reason})",
        (
            "/health counts such incidents; "
            "/api/v1/incidents and the log (nobody_can_be_told) say which and why."
        ),
    ),
    "GatewayBooksUnbalanced": (
        Severity.ERROR,
        "The books do not balance: {identity}",
        "Please report this: it is a fault of the gateway.",
    ),
    "GatewayBehind": (
        Severity.WARNING,
        "Notifications are late",
        "Something has been due for over two minutes: see gateway_agenda_overdue_seconds.",
    ),
    STORE_FILLING: (
        Severity.ERROR,
        "The store is filling up",
        (
            "A full store takes no new alerts but critical ones: give it more memory, or find "
            "the source that sends so much."
        ),
    ),
    SILENCE_ENDING: (
        Severity.INFO,
        "Silence {silence} by {owner} ends soon, and alerts still fire under it",
        "`gateway silence extend {silence}` gives it more time.",
    ),
    "GatewayHeartbeatMissing": (
        Severity.CRITICAL,
        "No heartbeat of {watchdog}: alerts from {source} may not reach us",
        (
            "Prometheus, its Alertmanager or the way from them to here is broken."
            " This ends by itself with the next heartbeat."
        ),
    ),
    "GatewayPaused": (
        Severity.WARNING,
        "Nobody is paged: {by} paused it",
        "`gateway pause --end` lifts it before its time.",
    ),
    "GatewayBypassed": (
        Severity.WARNING,
        "Nothing is suppressed: {by} ordered a bypass",
        "`gateway bypass --end` lifts it before its time.",
    ),
    "GatewaySourceDoubtful": (
        Severity.WARNING,
        "What source {source} says no longer is not believed",
        "Its alerts go on firing here: no end is inferred until this is over.",
    ),
    "GatewayTurnedAway": (
        Severity.WARNING,  # its labels say where it is worse
        "What source {source} sends is turned away ({reason}) and reaches nobody",
        "Its sender takes it for delivered.",
    ),
    STORE_LOST: (
        Severity.CRITICAL,
        "The store was emptied under the running gateway",
        (
            "What still fires is told again as new, what has ended meanwhile stays open where it was told. "
            "Look after it by hand."
        ),
    ),
    CLOCK_DOUBTFUL: (
        Severity.WARNING,
        "The clocks of the store and of the gateways are doubtful",
        "Nothing comes late by it. Set all machines by NTP.",
    ),
    "GatewayRulesRejected": (
        Severity.WARNING,
        "The rule files have errors",
        "The last good rules stay in force; `gateway check` says what is wrong.",
    ),
}


def is_own(alert: Alert) -> bool:
    """Return whether the alert is about the gateway itself."""
    return alert.spoken_by.startswith(OWN_SOURCE)


DOCS, RUNBOOKS = "docs", "own-alerts.md"  # the folder, and its page that says what to do about each of them

# What stands in a text for a label that an alert of a version before does not have.
UNNAMED = {"alert": "some alerts", "reason": "the log says why"}


class OwnAlert(NamedTuple):
    """One own alert. The name and the labels are its identity; `details` are for people."""

    name: str
    labels: Mapping[str, str]
    details: str = ""

    @property
    def full(self) -> dict[str, str]:
        return {
            "alertname": self.name,
            "severity": TEXTS[self.name][0].word,
            "service": "alert-gateway",
            **self.labels,
        }

    @property
    def copy(self) -> str:
        return f"{OWN_SOURCE}{fingerprint(self.full)}"

    @property
    def identity(self) -> str:
        return identity(self.full)

    def fires(self, copies: Mapping[str, Copy]) -> bool:
        """Return whether it fires, given the copies of its alert in the store."""
        return self.copy in copies and copies[self.copy].firing

    def observed(self, now: int, *, firing: bool, begins: bool = True, docs_url: str = "") -> Observation:
        """Return the observation that this alert begins or ends now, or fires on where it does not begin.

        What to do about it stands in the folder at `docs_url`; without one its file is named.
        """
        full = UNNAMED | self.full
        _, summary, description = TEXTS[self.name]
        return Observation(
            copy=self.copy,
            alert=self.identity,
            labels=self.full,
            annotations={
                "summary": summary.format_map(full),
                "description": f"{self.details} {description.format_map(full)}".strip(),
                "runbook_url": f"{docs_url.rstrip('/') or DOCS}/{RUNBOOKS}#{self.name.lower()}",
            },
            severity=Severity[full["severity"].upper()],
            firing=firing,
            starts_at=now if begins else None,
            ends_at=None if firing else now,
        )
