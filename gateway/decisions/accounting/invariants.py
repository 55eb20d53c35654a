"""The books: what a change of a record adds to the counters that the four identities of P7 are made of."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.model.changes import Changes
from gateway.model.incident import Incident, StatusCounts
from gateway.model.ledger import LastNotified

INVARIANTS = ("observations", "open_episodes", "standings", "ends")
COUNTED = tuple(one.name for one in msgspec.structs.fields(StatusCounts) if one.type is int)
FAILING = "failing:"  # and the destination: how many ledgers there cannot be told what they should be


def increment_status_counts(changes: Changes, before: StatusCounts, after: StatusCounts) -> None:
    for name in COUNTED:
        changes.increment(f"standing:{name}", getattr(after, name) - getattr(before, name))
    for reason in before.reasons.keys() | after.reasons.keys():
        changes.increment(f"reason:{reason}", after.reasons.get(reason, 0) - before.reasons.get(reason, 0))
    for destination, by in ((before.failing, -1), (after.failing, 1)):
        if before.failing != after.failing and destination:
            changes.increment(f"{FAILING}{destination}", by)


def increment_unheard(changes: Changes, before: Incident, after: Incident | None) -> None:
    """How many incidents there are that nobody could be told of."""
    changes.increment("unheard", bool(after is not None and after.unheard_since) - bool(before.unheard_since))


def increment_planned(changes: Changes, before: Incident) -> None:
    """Its open episodes no longer wait for a plan."""
    if before.planned_revision != before.revision:
        changes.increment("open:waiting", -before.firing)
        changes.increment("open:planned", before.firing)


def increment_unplanned(changes: Changes, before: Incident) -> None:
    """A person changed it: its open episodes wait for a plan again."""
    if before.planned_revision == before.revision:
        changes.increment("open:planned", -before.firing)
        changes.increment("open:waiting", before.firing)


def increment_notifications(changes: Changes, before: LastNotified, after: LastNotified) -> None:
    """Tellings of episodes, and tellings of their ends; an episode told only as ended was told both at once.

    What was taken to have been told and then certainly was not (`plan.assumed`) is taken back.
    """
    changes.increment("tellings", -sum(firing for episode, firing in before.members.items() if episode not in after.members))
    for episode, firing in after.members.items():
        if episode not in before.members:
            changes.increment("tellings")
        if not firing and before.members.get(episode, True):
            changes.increment("ends_told")
        if firing and before.members.get(episode) is False:
            changes.increment("tellings")


def failing(counted: Mapping[str, int]) -> list[str]:
    """The destinations where anything cannot be told."""
    return sorted(name.removeprefix(FAILING) for name, by in counted.items() if name.startswith(FAILING) and by > 0)


def imbalances(counted: Mapping[str, int]) -> dict[str, int]:
    """By identity; every figure other than 0 is a fault of the gateway's own."""

    def value(name: str) -> int:
        return counted.get(name, 0)

    classes = sum(by for name, by in counted.items() if name.startswith("seen:"))
    standing = {name: value(f"standing:{name}") for name in COUNTED}
    placed = sum(standing[name] for name in ("told", "undeliverable", "suppressed", "held", "due"))
    open_ends = sum(standing[name] for name in ("telling_firing", "ends_due", "ends_held", "ends_undeliverable"))
    return {
        "observations": value("received") - classes,
        "open_episodes": value("open:counted") - value("open:planned") - value("open:waiting"),
        "standings": standing["members"] - placed,
        "ends": value("tellings") - value("ends_told") - open_ends - value("ends_forgotten"),
    }
