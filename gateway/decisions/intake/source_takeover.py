"""Rehome: copies of a source that the rules list no more are taken over by the source that may send them now.

So an installation that gets a name of its own, or another one, goes on with the alerts that fire: their ends come under its new
name.
"""

from __future__ import annotations

import msgspec

from gateway.model.alert import Alert
from gateway.model.changes import Cell, Changes, Table
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.rules.rulebook import Rulebook


def take_over(alert: Alert, rules: Rulebook, changes: Changes) -> Alert:
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
    """Whoever sends without a token of its own goes on sending so: that source comes first."""
    if copy.startswith(OWN_SOURCE) or copy.partition("/")[0] in rules.listed_sources:
        return ""
    listed = sorted(rules.listed_sources.values(), key=lambda one: one.token is not None)
    return next((one.name for one in listed if one.may_send(alert.labels)), "")
