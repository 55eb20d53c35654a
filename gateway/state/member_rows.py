"""The alerts of members, found in the rows that were read for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.model.alert import Alert
from gateway.model.changes import Cell, Result, Table
from gateway.model.members import Member
from gateway.model.records import load_alert


@dataclass(frozen=True, slots=True)
class MemberRows:
    """The members' newest alerts by episode, the cells of older episodes, and the versions of the alerts' rows."""

    episodes: Mapping[str, Alert]
    older: Sequence[Cell]
    versions: Mapping[Cell, bytes]


def member_rows(members: Iterable[Member], gathered: Result) -> MemberRows:
    episodes: dict[str, Alert] = {}
    older: list[Cell] = []
    versions: dict[Cell, bytes] = {}
    for member in members:
        cell = Cell(Table.ALERTS, member.alert)
        row = gathered.rows[cell]
        versions[cell] = row.version
        alert = load_alert(row.value) if row.value else None
        if alert is not None and alert.episode == member.episode:
            episodes[member.episode_id] = alert
        else:
            older.append(Cell(Table.PAST, member.episode_id))
    return MemberRows(episodes, older, versions)
