"""A person's actions on an incident, as values: acknowledge, close by hand, retry a dead letter.

An action is news, as a new alert is: the incident gets a new revision and is planned at once.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.model.alert import Alert
from gateway.model.incident import Acknowledgement, Closure, Incident
from gateway.model.ledger import Ledger
from gateway.model.severity import Severity


def acknowledge(incident: Incident, firing: Iterable[Alert], by: str, now: int) -> Incident | str:
    """Return the acknowledged incident, or a sentence that says why it cannot be acknowledged."""
    if incident.resolved_at:
        return "the incident is resolved"
    # A closed incident is suppressed already: there is nothing that a person could still take.
    if incident.closed is not None:
        return f"the incident was closed by {incident.closed.by}"
    return _new(incident, now, acknowledged=Acknowledgement(by, now, _worst(firing)))


def unacknowledge(incident: Incident, now: int) -> Incident | str:
    if incident.acknowledged is None:
        return "nobody has acknowledged the incident"
    return _new(incident, now, acknowledged=None)


def close(
    incident: Incident, firing: Iterable[Alert], by: str, note: str, length: int, now: int
) -> Incident | str:
    """Return the incident closed for `length` ms although alerts fire, or a sentence that says why not.

    `firing` are the alerts that people see as firing. A closed incident takes no new alerts.
    """
    firing = tuple(firing)
    # Nothing is left to close by hand: the end is told by itself.
    if incident.resolved_at or not firing:
        return "nothing fires in the incident: it ends by itself"
    # A second close would stretch the time after which the first one promised to tell what still fires.
    if incident.closed is not None:
        return f"the incident was already closed by {incident.closed.by}"
    # Nobody has to work on a closed incident; if it is told again, people must not think that
    # somebody has it.
    return _new(incident, now, closed=Closure(by, now, now + length, _worst(firing), note), acknowledged=None)


def retry(ledger: Ledger) -> Ledger | str:
    """Return the ledger of a dead letter with its failures forgotten, so that it is tried again at once."""
    if not ledger.dead:
        return "this target has no dead letter"
    return msgspec.structs.replace(ledger, dead="", attempts=0, next_try=None)


def _new(incident: Incident, now: int, **changes: object) -> Incident:
    return msgspec.structs.replace(incident, revision=incident.revision + 1, last_change_at=now, **changes)


def _worst(firing: Iterable[Alert]) -> Severity:
    return max((alert.severity for alert in firing), default=Severity.NONE)
