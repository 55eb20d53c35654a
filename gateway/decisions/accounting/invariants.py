"""The gateway's four invariants: the counters that they are made of, and whether these balance.

1. Observations: everything received was classified.
2. Open episodes: every episode that fires is in an incident that was planned, or that waits for its plan.
3. Statuses ("standings"): each member of an incident has exactly one status at each target.
4. Ends: every notification of a firing is followed by one of its end, or the end is still open.

Counters change in the same commit as the records that they count, so an imbalance is a fault of the gateway.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.model.changes import Changes
from gateway.model.incident import Incident, StatusCounts
from gateway.model.ledger import LastNotified

INVARIANTS = ("observations", "open_episodes", "standings", "ends")  # the values of a metric's label
COUNTED_STATUSES = tuple(field.name for field in msgspec.structs.fields(StatusCounts) if field.type is int)
FAILING_PREFIX = "failing:"  # the rest is the destination; the counter is the number of its ledgers that fail


def increment_status_counts(changes: Changes, before: StatusCounts, after: StatusCounts) -> None:
    for name in COUNTED_STATUSES:
        changes.increment(f"standing:{name}", getattr(after, name) - getattr(before, name))
    for reason in before.reasons.keys() | after.reasons.keys():
        changes.increment(f"reason:{reason}", after.reasons.get(reason, 0) - before.reasons.get(reason, 0))
    for destination, by in ((before.failing, -1), (after.failing, 1)):
        if before.failing != after.failing and destination:
            changes.increment(f"{FAILING_PREFIX}{destination}", by)


def increment_unheard(changes: Changes, before: Incident, after: Incident | None) -> None:
    """Count the incidents of which nobody could be told."""
    changes.increment("unheard", bool(after is not None and after.unheard_since) - bool(before.unheard_since))


def increment_planned(changes: Changes, before: Incident) -> None:
    """Count the incident's open episodes as planned; they no longer wait for a plan."""
    if before.planned_revision != before.revision:
        changes.increment("open:waiting", -before.firing)
        changes.increment("open:planned", before.firing)


def increment_unplanned(changes: Changes, before: Incident) -> None:
    """Count the incident's open episodes as waiting for a plan again, because a person changed it."""
    if before.planned_revision == before.revision:
        changes.increment("open:planned", -before.firing)
        changes.increment("open:waiting", before.firing)


def increment_notifications(changes: Changes, before: LastNotified, after: LastNotified) -> None:
    """Count the episodes (`tellings`) and the ends (`ends_told`) that a target was notified of.

    An episode that was first notified when it had ended counts as both. A notification that was assumed to
    have arrived and turned out not to have (`decisions/notification/assumptions.py`) is counted back.
    """
    taken_back = sum(firing for episode, firing in before.members.items() if episode not in after.members)
    changes.increment("tellings", -taken_back)
    for episode, firing in after.members.items():
        if episode not in before.members:
            changes.increment("tellings")
        # Its end is shown for the first time: whoever was paged for this episode knows that it is over.
        if not firing and before.members.get(episode, True):
            changes.increment("ends_told")
        # Its end was shown and it fires again: that is a new notification, which needs an end of its own.
        if firing and before.members.get(episode) is False:
            changes.increment("tellings")


def failing_destinations(counted: Mapping[str, int]) -> list[str]:
    """Return the destinations of which at least one ledger fails."""
    return sorted(
        name.removeprefix(FAILING_PREFIX)
        for name, count in counted.items()
        if name.startswith(FAILING_PREFIX) and count > 0
    )


def imbalances(counted: Mapping[str, int]) -> dict[str, int]:
    """Return how far each invariant is off; every figure other than 0 is a fault of the gateway."""

    def value(name: str) -> int:
        return counted.get(name, 0)

    classes = sum(by for name, by in counted.items() if name.startswith("seen:"))
    statuses = {name: value(f"standing:{name}") for name in COUNTED_STATUSES}
    with_status = sum(statuses[name] for name in ("told", "undeliverable", "suppressed", "held", "due"))
    open_ends = sum(
        statuses[name] for name in ("telling_firing", "ends_due", "ends_held", "ends_undeliverable")
    )
    return {
        "observations": value("received") - classes,
        "open_episodes": value("open:counted") - value("open:planned") - value("open:waiting"),
        "standings": statuses["members"] - with_status,
        "ends": value("tellings") - value("ends_told") - open_ends - value("ends_forgotten"),
    }
