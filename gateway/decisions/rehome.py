"""Rehome: copies of a source that the rules list no more are taken over by the source that may send them now.

So an installation that gets a name of its own, or another one, goes on with the alerts that fire: their ends come under its new
name.
"""

from __future__ import annotations

import msgspec

from gateway.model.alert import Alert
from gateway.model.changes import Cell, Changes, Table
from gateway.model.rulebook import Rulebook

OWN = "gateway"  # the source of alerts about ourselves


def rehome(alert: Alert, rules: Rulebook, changes: Changes) -> Alert:
    """The alert as it was where nothing has to move; else the pointers of its copies are moved too."""
    if not alert.firing or not rules.listed_sources:
        return alert
    moved = {name: f"{new}/{name.partition('/')[2]}" for name in alert.copies if (new := _new_home(alert, name, rules))}
    if not moved:
        return alert
    copies = dict(alert.copies)
    for old, new in moved.items():
        copy, there = copies.pop(old), copies.get(new)
        copies[new] = copy if there is None or copy.firing else there
        changes.drop.append(Cell(Table.COPIES, old))
        changes.put[Cell(Table.COPIES, new)] = alert.id.encode()
    return msgspec.structs.replace(alert, copies=copies, spoken_by=moved.get(alert.spoken_by, alert.spoken_by))


def _new_home(alert: Alert, copy: str, rules: Rulebook) -> str:
    source = copy.partition("/")[0]
    if source in (*rules.listed_sources, OWN):
        return ""
    return next((one.name for one in rules.listed_sources.values() if one.may_send(alert.labels)), "")
