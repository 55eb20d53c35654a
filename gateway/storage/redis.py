"""State in Redis ≥ 7.0 or Valkey: every question is one script over the shard's declared keys (`scripts/*.lua`).

So it is atomic and one round trip. Nothing is retried here: a commit that was not answered may have been done, and only its
sender knows what that means.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

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
from gateway.storage.connections import Client, Script

_TEXTS = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "scripts").glob("*.lua")}
SCRIPTS = {
    **{name: Script(text) for name, text in _TEXTS.items()},
    "commit_grow": Script(b"#!lua\n" + _TEXTS["commit"]),
    "commit": Script(b"#!lua flags=allow-oom\n" + _TEXTS["commit"]),
}
KEY_NAMES = (
    *("alerts", "past", "copies", "incidents", "keys", "ledgers", "meta"),
    *("agenda", "leases", "counters", "log", "quarantine", "quarantine_age", "quarantine_seen", "pace", "posts"),
)
TABLE_NUMBER = {table: KEY_NAMES.index(table.value) + 1 for table in Table}
LOG_LENGTH = 50_000
LOG_PAGE = 1_000  # entries in one look for those of a subject
QUARANTINE_LENGTH = 1_000

_pack = msgspec.msgpack.Encoder().encode


class RedisStore:
    """One shard of a real server. `client` is given by `connect`."""

    def __init__(self, client: Client, shard: int = 0, prefix: str = "gw") -> None:
        self._client = client
        self.lost_races: Counter[str] = Counter()
        self._keys = [f"{{{prefix}:{shard}}}:{name}" for name in KEY_NAMES]
        self.keys = dict(zip(KEY_NAMES, self._keys, strict=True))  # by what they hold

    async def _run(self, script: str, *args: bytes | str | int) -> Any:
        return await self._client.run(SCRIPTS[script], self._keys, *args)

    async def gather(self, ask: Query) -> Result:
        cells = [part for cell in ask.cells for part in (TABLE_NUMBER[cell.table], cell.field)]
        asked = _pack((ask.copies, ask.alerts, cells, ask.keys, ask.topics))
        now, alerts, rows, named, found, there = await self._run("gather", asked)
        answer = {cell: _row(row) for cell, row in zip(ask.cells, rows, strict=True)}
        for key, row in zip(ask.keys, named, strict=True):
            answer[Cell(Table.KEYS, key)] = _row(row)
        for incident, row in _pairs(found):
            answer[Cell(Table.INCIDENTS, incident.decode())] = _row(row)
        pointed = [(copy[8:].decode(), _row(row)) for copy, row in _pairs(alerts)]
        standing = {
            topic: (alert.decode(), _row(row)) for topic, (alert, row) in zip(ask.topics, _pairs(there), strict=True) if alert
        }
        return Result(int(now), pointed, answer, standing)

    async def commit(self, changes: Changes) -> Committed:
        version = secrets.token_bytes(8)
        topics = changes.topics
        blobs: list[bytes] = []
        change = (
            _flat(changes.expect, blobs),
            _flat(changes.put, blobs),
            [part for cell in changes.drop for part in (TABLE_NUMBER[cell.table], cell.field)],
            [part for item in changes.count.items() for part in item],
            [part for subject, when in changes.agenda.items() for part in (str(subject), *when)],
            [
                part
                for claim, again, hold in changes.releases
                for part in (str(claim.subject), claim.token, -1 if again is None else again, int(hold))
            ],
            [part for one in changes.log for part in (one.subject, one.what, json.dumps(one.detail))],
            [part for kept in changes.keep for part in (kept.id, _placed(kept.value, blobs))],
            changes.fence,
            (LOG_LENGTH, QUARANTINE_LENGTH),
            [
                [part for pair in pairs for part in map(str, pair)]
                for pairs in (topics.add, topics.remove, topics.subscribe, topics.unsubscribe, topics.seen.items())
            ],
            changes.forget,
        )
        script = SCRIPTS["commit_grow" if changes.grows else "commit"]
        outcome, now = await self._client.run(script, self._keys, version, _pack(change), *blobs, lasting=True)
        return Committed(CommitOutcome(outcome.decode()), int(now), version)

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        token = secrets.token_hex(8)
        paces = {name: (pace.interval, pace.burst, pace.place) for name, pace in lanes.paces.items()}
        ask = _pack((limit, lease, paces, lanes.running, lanes.width, lanes.kinds, lanes.room))
        now, next_due, claimed = await self._run("claim", token, ask)
        claims = tuple(Claim(Subject.parse(subject.decode()), token, int(due)) for subject, due in _pairs(claimed))
        return Claimed(int(now), int(next_due), claims)

    async def close_lane(self, lane: str, pace: Pace, until: int) -> None:
        await self._run("slow", lane, until, pace.key(lane), until + pace.allowance, secrets.token_bytes(8))

    async def fence(self, holder: str, length: int) -> bool:
        return bool(await self._run("fence", holder, length))

    async def now(self) -> int:
        return (await self.gather(Query())).now

    async def counters(self) -> dict[str, int]:
        found = await self._client.ask("HGETALL", self.keys["counters"])
        pairs = found.items() if isinstance(found, dict) else _pairs(found)
        return {name.decode(): int(value) for name, value in pairs}

    async def size(self, table: Table) -> int:
        return int(await self._client.ask("HLEN", self.keys[table.value]))

    async def page(self, table: Table, cursor: int, count: int) -> tuple[int, dict[str, Row]]:
        after, found = await self._client.ask("HSCAN", self.keys[table.value], cursor, "COUNT", count)
        pairs = found.items() if isinstance(found, dict) else _pairs(found)
        return int(after), {name.decode(): _row(row) for name, row in pairs}

    async def timeline(self, subject: str | None, limit: int, since: int = 0) -> list[tuple[int, LogEntry]]:
        found: list[tuple[int, LogEntry]] = []
        before, count = "+", LOG_PAGE if subject is not None else limit
        while len(found) < limit:
            lines = await self._client.ask("XREVRANGE", self.keys["log"], before, "-", "COUNT", count)
            found += [one for _, fields in lines if subject in (None, (one := _entry(fields))[1].subject)]
            if len(lines) < count or _entry(lines[-1][1])[0] < since:
                break
            before = f"({lines[-1][0].decode()}"
        return found[:limit]

    async def log_after(self, position: str, limit: int) -> Stretch:
        first, last, lines = await self._run("trail", position, limit)
        return Stretch(tuple(LoggedEntry(name.decode(), *_entry(fields)) for name, fields in lines), int(first), int(last))

    async def quarantine(self, limit: int) -> list[tuple[QuarantineEntry, int, int]]:
        ages = await self._client.ask("ZREVRANGE", self.keys["quarantine_age"], 0, limit - 1, "WITHSCORES")
        ids = [(name, int(float(at))) for name, at in (_pairs(ages) if ages and isinstance(ages[0], bytes) else ages)]
        if not ids:
            return []
        names = [name for name, _ in ids]
        values = await self._client.ask("HMGET", self.keys["quarantine"], *names)
        seen = await self._client.ask("HMGET", self.keys["quarantine_seen"], *names)
        return [
            (QuarantineEntry(name.decode(), value), at, int(times or 0))
            for (name, at), value, times in zip(ids, values, seen, strict=True)
            if value is not None
        ]

    async def agenda(self) -> tuple[int, int]:
        now, depth, oldest = (int(one) for one in await self._run("overdue"))
        return depth, now - oldest if oldest >= 0 else 0


def _row(raw: bytes) -> Row:
    return Row(raw[:8], raw[8:]) if raw else ABSENT


def _pairs(flat: list[Any]) -> Iterable[tuple[Any, Any]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _flat(cells: Mapping[Cell, bytes], blobs: list[bytes]) -> list[object]:
    return [part for cell, value in cells.items() for part in (TABLE_NUMBER[cell.table], cell.field, _placed(value, blobs))]


def _placed(blob: bytes, blobs: list[bytes]) -> int:
    """Put it behind the script's two first arguments; its position there."""
    blobs.append(blob)
    return len(blobs) + 2


def _entry(fields: Any) -> tuple[int, LogEntry]:
    pairs = dict(fields.items() if isinstance(fields, dict) else _pairs(fields))
    detail = json.loads(pairs[b"d"])
    return int(pairs[b"t"]), LogEntry(pairs[b"s"].decode(), pairs[b"w"].decode(), detail)
