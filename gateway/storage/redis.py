"""State in Redis ≥ 7.0 or Valkey: every question and every change is one script over the keys of a shard.

The scripts are `scripts/*.lua`. A script is atomic and one round trip. The header of each says which fields
it reads and in which order their lists are; `packing.py` packs them. Nothing is retried in this file: a
commit that was not answered may have been done, and only its sender knows what that means.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from gateway.model.agenda import Subject
from gateway.model.audit_trail import LoggedEntry, Stretch
from gateway.model.changes import (
    ABSENT,
    Cell,
    Changes,
    Claim,
    Claimed,
    CommitOutcome,
    Committed,
    LogEntry,
    QuarantineEntry,
    Query,
    Result,
    Row,
    Table,
)
from gateway.model.lanes import LaneRule, Pace
from gateway.storage.connections import Client
from gateway.storage.lua import KEY_NAMES, SCRIPTS
from gateway.storage.packing import NOTHING_DUE, packed_changes, packed_claim, packed_query

__all__ = ["KEY_NAMES", "SCRIPTS", "RedisStore"]

VERSION_BYTES = 8  # before the value of each row
LOG_PAGE = 1_000  # entries that are read at once when those of one subject are looked for


class RedisStore:
    """One shard of a real server. `client` is made by `connect`."""

    def __init__(self, client: Client, shard: int = 0, prefix: str = "gw") -> None:
        self._client = client
        self.lost_races: Counter[str] = Counter()
        # The braces are a hash tag, which puts all keys of a shard into one slot, as scripts in a cluster
        # need: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
        self._keys = [f"{{{prefix}:{shard}}}:{name}" for name in KEY_NAMES]
        self.keys = dict(zip(KEY_NAMES, self._keys, strict=True))  # by what they hold

    async def _run(self, script: str, *args: bytes | str | int) -> Any:
        return await self._client.run(SCRIPTS[script], self._keys, *args)

    async def gather(self, ask: Query) -> Result:
        reply = await self._run("gather", packed_query(ask))
        now, alerts, cell_rows, key_rows, incidents, topics = reply
        rows = {cell: _row(row) for cell, row in zip(ask.cells, cell_rows, strict=True)}
        for key, row in zip(ask.keys, key_rows, strict=True):
            rows[Cell(Table.KEYS, key)] = _row(row)
        for incident, row in _pairs(incidents):
            rows[Cell(Table.INCIDENTS, incident.decode())] = _row(row)
        pointed = [(pointer[VERSION_BYTES:].decode(), _row(row)) for pointer, row in _pairs(alerts)]
        standing = {
            topic: (alert.decode(), _row(row))
            for topic, (alert, row) in zip(ask.topics, _pairs(topics), strict=True)
            if alert  # somebody stands there
        }
        return Result(int(now), pointed, rows, standing)

    async def commit(self, changes: Changes) -> Committed:
        # The version is random: a record that is dropped and made
        # again never gets one that a replica has read.
        version = secrets.token_bytes(VERSION_BYTES)
        # A full store refuses only commits that make history grow: a delivery can still write what was sent.
        script = SCRIPTS["commit_grow" if changes.grows else "commit"]
        args = packed_changes(changes)
        outcome, now = await self._client.run(script, self._keys, version, *args, lasting=True)
        return Committed(CommitOutcome(outcome.decode()), int(now), version)

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        # Each claim has a token of its own: a replica that was
        # frozen past its lease can write nothing under it.
        token = secrets.token_hex(8)
        now, next_due, claimed = await self._run("claim", token, packed_claim(limit, lease, lanes))
        due_subjects = [(Subject.parse(subject.decode()), int(due)) for subject, due in _pairs(claimed)]
        claims = tuple(Claim(subject, token, due) for subject, due in due_subjects)
        return Claimed(int(now), None if int(next_due) == NOTHING_DUE else int(next_due), claims)

    async def close_lane(self, lane: str, pace: Pace, until: int) -> None:
        full_at, version = until + pace.allowance, secrets.token_bytes(VERSION_BYTES)
        await self._run("close_lane", lane, until, pace.key(lane), full_at, version)

    async def fence(self, holder: str, length: int) -> bool:
        return bool(await self._run("fence", holder, length))

    async def now(self) -> int:
        return (await self.gather(Query())).now

    async def counters(self) -> dict[str, int]:
        found = await self._client.ask("HGETALL", self.keys["counters"])
        return {name.decode(): int(value) for name, value in _items(found)}

    async def size(self, table: Table) -> int:
        return int(await self._client.ask("HLEN", self.keys[table.value]))

    async def page(self, table: Table, cursor: int, count: int) -> tuple[int, dict[str, Row]]:
        after, found = await self._client.ask("HSCAN", self.keys[table.value], cursor, "COUNT", count)
        return int(after), {name.decode(): _row(row) for name, row in _items(found)}

    async def timeline(self, subject: str | None, limit: int, since: int = 0) -> list[tuple[int, LogEntry]]:
        found: list[tuple[int, LogEntry]] = []
        # All entries of a shard lie in one stream: those of one subject are looked for page by page.
        before, count = "+", LOG_PAGE if subject is not None else limit
        while len(found) < limit:
            lines = await self._client.ask("XREVRANGE", self.keys["log"], before, "-", "COUNT", count)
            entries = [_entry(fields) for _, fields in lines]
            found += [(at, entry) for at, entry in entries if subject in (None, entry.subject)]
            if len(lines) < count or entries[-1][0] < since:
                break
            before = f"({lines[-1][0].decode()}"
        return found[:limit]

    async def log_after(self, position: str, limit: int) -> Stretch:
        first, last, lines = await self._run("log_after", position, limit)
        entries = tuple(LoggedEntry(name.decode(), *_entry(fields)) for name, fields in lines)
        return Stretch(entries, int(first), int(last))

    async def quarantine(self, limit: int) -> list[tuple[QuarantineEntry, int, int]]:
        ages = await self._client.ask("ZREVRANGE", self.keys["quarantine_age"], 0, limit - 1, "WITHSCORES")
        if not ages:
            return []
        seen_at = {name: int(float(at)) for name, at in _scores(ages)}
        values = await self._client.ask("HMGET", self.keys["quarantine"], *seen_at)
        times = await self._client.ask("HMGET", self.keys["quarantine_seen"], *seen_at)
        return [
            (QuarantineEntry(name.decode(), value), at, int(count or 0))
            for (name, at), value, count in zip(seen_at.items(), values, times, strict=True)
            if value is not None  # forgotten between the first question and the second
        ]

    async def agenda(self) -> tuple[int, int]:
        now, depth, due_since = map(int, await self._run("overdue"))
        return depth, now - due_since if due_since >= 0 else 0


# What the server answers


def _row(raw: bytes) -> Row:
    return Row(raw[:VERSION_BYTES], raw[VERSION_BYTES:]) if raw else ABSENT


def _pairs(flat: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _items(hash_reply: Any) -> Iterable[tuple[Any, Any]]:
    """Return the fields and values of a hash, which redis-py makes a dict of outside of scripts."""
    return hash_reply.items() if isinstance(hash_reply, dict) else _pairs(hash_reply)


def _scores(sorted_set_reply: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    """Return members and scores, which redis-py pairs where a command goes alone."""
    return _pairs(sorted_set_reply) if isinstance(sorted_set_reply[0], bytes) else sorted_set_reply


def _entry(fields: Any) -> tuple[int, LogEntry]:
    """Read an entry of the log.

    `s` is the subject, `w` what happened, `d` the detail in JSON, `t` the time in ms.
    """
    named = dict(_items(fields))
    detail = json.loads(named[b"d"])
    return int(named[b"t"]), LogEntry(named[b"s"].decode(), named[b"w"].decode(), detail)
