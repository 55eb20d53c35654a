"""The store as the version before the index by lane uses it: its scripts, from its commit."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from gateway.model.agenda import Subject
from gateway.model.changes import Cell, Changes, Claim, Claimed, CommitOutcome, Committed
from gateway.model.lanes import LaneRule
from gateway.storage.connections import Client, Script
from gateway.storage.lua import include_pieces
from gateway.storage.packing import TABLE_NUMBER, by_table, cells_of, packed_changes, packed_claim
from gateway.storage.redis import RedisStore
from tests.support.versions import BEFORE_LANES, version_of

KEYS = 16  # it knows of no others
FIRST_BLOB = 3  # the place in ARGV of the first version or value: behind the new version and the fields


@cache
def scripts() -> dict[str, Script]:
    with TemporaryDirectory() as folder:
        found = version_of(BEFORE_LANES, Path(folder)) / "gateway" / "storage" / "scripts"
        return {
            name: Script(include_pieces((found / f"{name}.lua").read_text("utf-8"), found).encode())
            for name in ("commit", "claim", "overdue")
        }


def _flat(places: Iterable[tuple[Cell, int]]) -> list[int | str]:
    return [part for cell, place in places for part in (TABLE_NUMBER[cell.table], cell.field, place)]


class StoreBeforeLanes(RedisStore):
    """One shard, worked on by the version before."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._keys = self._keys[:KEYS]

    async def commit(self, changes: Changes) -> Committed:
        fields, _, *values = packed_changes(changes)
        sent = msgspec.msgpack.decode(fields)
        written, expected = cells_of(by_table(changes.put)), list(changes.expect.items())
        behind = len(values) + FIRST_BLOB
        sent["expect"] = _flat((cell, behind + at) for at, (cell, _) in enumerate(expected))
        sent["put"] = _flat((cell, FIRST_BLOB + at) for at, cell in enumerate(written))
        sent["drop"] = [part for cell in changes.drop for part in (TABLE_NUMBER[cell.table], cell.field)]
        for name in ("keep", "events"):
            sent[name] = [part - 1 if place % 2 else part for place, part in enumerate(sent[name])]
        values += [expect for _, expect in expected]
        sent["agenda"] = [part for place, part in enumerate(sent["agenda"]) if place % 4 != 3]
        version = secrets.token_bytes(8)
        args = (version, msgspec.msgpack.encode(sent), *values)
        outcome, now = await self._client.run(scripts()["commit"], self._keys, *args, lasting=True)
        return Committed(CommitOutcome(outcome.decode()), int(now), version)

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        token = secrets.token_hex(8)
        args = (token, packed_claim(limit, lease, lanes))
        now, next_due, claimed = await self._client.run(scripts()["claim"], self._keys, *args)
        claims = tuple(
            Claim(Subject.parse(subject.decode()), token, int(due))
            for subject, due in zip(claimed[::2], claimed[1::2], strict=True)
        )
        return Claimed(int(now), None if int(next_due) < 0 else int(next_due), claims)
