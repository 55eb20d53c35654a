"""Let the copies of a source that the rules list no more be taken over by the source that may send them now.

An installation that gets a name of its own, or another name, goes on with the alerts that fire: their ends
come under the new name.
"""

from __future__ import annotations

import msgspec

from gateway.model.alert import Alert
from gateway.model.changes import Cell, Changes, Table
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.rules.rulebook import Rulebook


def take_over(alert: Alert, rules: Rulebook, changes: Changes) -> Alert:
    """Return the alert with its copies under their new source, and add the moved pointers to `changes`."""
    # What has ended owes nobody an end, so its copies need no new source.
    if not alert.firing or not rules.listed_sources:
        return alert
    moved = {
        name: f"{new}/{name.partition('/')[2]}"
        for name in alert.copies
        if (new := _new_home(alert, name, rules))
    }
    if not moved:
        return alert
    copies = dict(alert.copies)
    for old, new in moved.items():
        copy, there = copies.pop(old), copies.get(new)
        # Of two copies the firing one is kept: dropping it could tell people an end too early.
        copies[new] = copy if there is None or copy.firing else there
        changes.drop.append(Cell(Table.COPIES, old))
        changes.put[Cell(Table.COPIES, new)] = alert.id.encode()
    return msgspec.structs.replace(
        alert, copies=copies, spoken_by=moved.get(alert.spoken_by, alert.spoken_by)
    )


def _new_home(alert: Alert, copy: str, rules: Rulebook) -> str:
    """Return the source that may send this copy now, or an empty text.

    Whoever sends without a token of its own goes on sending so: the source without a token comes first.
    """
    # The gateway's own alerts, and those of a source that is still listed, get their ends where they are.
    if copy.startswith(OWN_SOURCE) or copy.partition("/")[0] in rules.listed_sources:
        return ""
    listed = sorted(rules.listed_sources.values(), key=lambda source: source.token is not None)
    return next((source.name for source in listed if source.may_send(alert.labels)), "")
