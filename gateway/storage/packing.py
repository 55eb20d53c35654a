"""Pack what the Lua scripts are sent: msgpack maps of named fields, as the header of each script lists them.

A list in a field is flat, record after record, because a map for each record would cost more than it says.
The order within a record is that of the script's header.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from gateway.model.agenda import BEHIND_NEWS, Share, Subject
from gateway.model.changes import Cell, Changes, LogEntry, Query, Release, Table
from gateway.model.lanes import PASSED_OVER_MS, LaneRule
from gateway.model.retention import LOG_LENGTH, QUARANTINE_LENGTH
from gateway.model.topics import Topics
from gateway.storage.lua import KEY_NAMES

# The place of each table in a script's KEYS.
TABLE_NUMBER = {table: KEY_NAMES.index(table.value) + 1 for table in Table}
ANY_GENERATION = -1  # what commit.lua is told where a commit rests on no rules
STAYS_OFF = -1  # what commit.lua is told in place of a time, where a subject leaves the agenda
ABSENT_VERSION = bytes(8)  # what commit.lua is told where a row must not be there
NOTHING_DUE = -1  # what claim.lua answers in place of a time, where nothing is on the agenda

Value = TypeVar("Value")

_pack = msgspec.msgpack.Encoder().encode


def packed_query(ask: Query, cells: Mapping[Table, Sequence[str]]) -> bytes:
    """Pack the fields of gather.lua; `cells` are those of the query by their tables."""
    return _pack(
        {
            "copies": ask.copies,
            "alerts": ask.alerts,
            "cells": _numbered(cells),
            "keys": ask.keys,
            "topics": ask.topics,
        }
    )


def packed_changes(changes: Changes, log_length: int = LOG_LENGTH) -> list[bytes]:
    """Pack the arguments of commit.lua behind the first: the fields, then the versions and values."""
    expected, versions = rows_by_table(changes.expect)
    written, rows = rows_by_table(changes.put)
    blobs = _Blobs(rows)
    fields = {
        "expect": _numbered(expected),
        "put": _numbered(written),
        "renew": [part for alert, places in changes.renew.items() for part in (alert, *places)],
        "drop": _numbered(by_table(changes.drop)),
        "count": [part for counter in changes.count.items() for part in counter],
        "agenda": [part for entry in changes.agenda.items() for part in _scheduled(changes, *entry)],
        "unschedule": [str(subject) for subject in changes.unschedule],
        "release": [part for release in changes.releases for part in _released(release)],
        "log": [part for entry in changes.log for part in _logged(entry)],
        "keep": [part for entry in changes.keep for part in (entry.id, blobs.position(entry.value))],
        "events": [part for name, value in changes.events.items() for part in (name, blobs.position(value))],
        "forget": changes.forget,
        "fence": changes.fence,
        "generation": ANY_GENERATION if changes.generation is None else changes.generation,
        "log_length": log_length,
        "quarantine_length": QUARANTINE_LENGTH,
        "topics": _moves(changes.topics),
    }
    return [_pack(fields), b"".join([version or ABSENT_VERSION for version in versions]), *blobs.values]


def packed_claim(limit: int, lease: int, lanes: LaneRule) -> bytes:
    """Pack the fields of claim.lua."""
    return _pack(
        {
            "limit": limit,
            "lease": lease,
            "paces": {
                name: (pace.interval, pace.burst, pace.place, pace.burst_behind_news, pace.turn)
                for name, pace in lanes.paces.items()
            },
            "behind_news": BEHIND_NEWS,
            "passed_over": PASSED_OVER_MS,
            "running": lanes.running,
            "width": lanes.width,
            "kinds": lanes.kinds,
            "room": lanes.room,
            "busy_room": lanes.busy_room,
            "hanging": sorted(lanes.hanging),
            "hanging_room": lanes.hanging_room,
            "reserved": [lanes.reserved.get(share, 0) for share in Share if share is not Share.OTHERS],
        }
    )


class _Blobs:
    """The binary strings of a commit, sent as arguments of their own: cmsgpack of Redis 7.0 reads none."""

    def __init__(self, written: Iterable[bytes]) -> None:
        self.values = list(written)

    def position(self, value: bytes) -> int:
        """Add a value and return its place in ARGV: behind the new version, the fields and what is expected."""
        self.values.append(value)
        return len(self.values) + 3


def by_table(cells: Iterable[Cell]) -> Mapping[Table, Sequence[str]]:
    """Return the fields of each table: a script asks a table once for all of them."""
    fields: dict[Table, list[str]] = {}
    for table, field in cells:
        fields.setdefault(table, []).append(field)
    return fields


def rows_by_table(rows: Mapping[Cell, Value]) -> tuple[Mapping[Table, Sequence[str]], list[Value]]:
    """Return the fields of each table, and the values of all of them in the same order."""
    fields: dict[Table, list[str]] = {}
    values: dict[Table, list[Value]] = {}
    for (table, field), value in rows.items():
        if table not in fields:
            fields[table], values[table] = [], []
        fields[table].append(field)
        values[table].append(value)
    return fields, [value for of_table in values.values() for value in of_table]


def cells_of(fields: Mapping[Table, Sequence[str]]) -> list[Cell]:
    """Return the cells in the order in which a script has them."""
    return [Cell(table, field) for table, named in fields.items() for field in named]


def _numbered(fields: Mapping[Table, Sequence[str]]) -> list[int | Sequence[str]]:
    return [part for table, named in fields.items() for part in (TABLE_NUMBER[table], named)]


def _scheduled(changes: Changes, subject: Subject, when: tuple[int, int]) -> tuple[str, int, int, int]:
    return str(subject), *when, changes.shares.get(subject, Share.OTHERS)


def _released(release: Release) -> tuple[str, str, int, int]:
    again = STAYS_OFF if release.again is None else release.again
    return str(release.claim.subject), release.claim.token, again, int(release.hold)


def _logged(entry: LogEntry) -> tuple[str, str, str]:
    return entry.subject, entry.what, json.dumps(entry.detail)


def _moves(topics: Topics) -> dict[str, list[str]]:
    return {
        "add": [part for pair in topics.add for part in pair],
        "remove": [part for pair in topics.remove for part in pair],
        "subscribe": [part for topic, subject in topics.subscribe for part in (topic, str(subject))],
        "unsubscribe": [part for topic, subject in topics.unsubscribe for part in (topic, str(subject))],
        "seen": [part for pair in topics.seen.items() for part in pair],
    }
