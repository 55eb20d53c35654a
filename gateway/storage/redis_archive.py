"""The questions about a shard of a real server that are never asked on the path of an alert."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from gateway.model.agenda import (
    EXPIRY_PRIORITY,
    MOST_WAITING_LANES,
    AgendaLook,
    Share,
    Subject,
    SubjectKind,
)
from gateway.model.audit_trail import LoggedEntry, Stretch
from gateway.model.changes import (
    LogEntry,
    QuarantineEntry,
    Row,
    Table,
)
from gateway.storage.connections import Client
from gateway.storage.replies import (
    agenda_of,
    entry_of,
    items,
    row_of,
    scores,
    written_at,
)

# The lanes of all but deliveries: scripts/include/queues.lua
OWN_WORK = " ".join(sorted({kind.partition(":")[0] for kind in SubjectKind} - {SubjectKind.DELIVER.value}))
EXPIRING = f"{Share.OTHERS:d}{EXPIRY_PRIORITY}{SubjectKind.EXPIRE}"  # the queue of what waits to be forgotten
LOG_PAGE = 1_000  # entries that are read at once when those of one subject are looked for


class RedisArchive(ABC):
    """The protocols Archive, Log and Room.

    `_client` asks the server, `keys` are those of the shard by what they hold.
    """

    _client: Client
    keys: Mapping[str, str]

    @abstractmethod
    async def _run(self, script: str, *args: bytes | str | int) -> Any:
        """Run one of the scripts, with the caller's clocks."""

    async def counters(self) -> dict[str, int]:
        found = await self._client.ask("HGETALL", self.keys["counters"])
        return {name.decode(): int(value) for name, value in items(found)}

    async def size(self, table: Table) -> int:
        return int(await self._client.ask("HLEN", self.keys[table.value]))

    async def page(
        self, table: Table, cursor: int, count: int, named: str = "*"
    ) -> tuple[int, dict[str, Row]]:
        key = self.keys[table.value]
        after, found = await self._client.ask("HSCAN", key, cursor, "MATCH", named, "COUNT", count)
        return int(after), {name.decode(): row_of(row) for name, row in items(found)}

    async def timeline(self, subject: str | None, limit: int, since: int = 0) -> list[tuple[int, LogEntry]]:
        found: list[tuple[int, LogEntry]] = []
        # All entries of a shard lie in one stream: those of one subject are looked for page by page.
        before, count = "+", LOG_PAGE if subject is not None else limit
        while len(found) < limit:
            lines = await self._client.ask("XREVRANGE", self.keys["log"], before, "-", "COUNT", count)
            entries = [entry_of(fields) for _, fields in lines]
            found += [(at, entry) for at, entry in entries if subject in (None, entry.subject)]
            if len(lines) < count or written_at(lines[-1][1]) < since:
                break
            before = f"({lines[-1][0].decode()}"
        return found[:limit]

    async def log_after(self, position: str, limit: int) -> Stretch:
        first, last, lines = await self._run("log_after", position, limit)
        entries = tuple(LoggedEntry(name.decode(), *entry_of(fields)) for name, fields in lines)
        return Stretch(entries, int(first), int(last))

    async def quarantine(self, limit: int) -> list[tuple[QuarantineEntry, int, int]]:
        ages = await self._client.ask("ZREVRANGE", self.keys["quarantine_age"], 0, limit - 1, "WITHSCORES")
        if not ages:
            return []
        seen_at = {name: int(float(at)) for name, at in scores(ages)}
        values = await self._client.ask("HMGET", self.keys["quarantine"], *seen_at)
        times = await self._client.ask("HMGET", self.keys["quarantine_seen"], *seen_at)
        return [
            (QuarantineEntry(name.decode(), value), at, int(count or 0))
            for (name, at), value, count in zip(seen_at.items(), values, times, strict=True)
            if value is not None  # forgotten between the first question and the second
        ]

    async def agenda(self) -> AgendaLook:
        return agenda_of(await self._run("overdue", OWN_WORK, MOST_WAITING_LANES))

    async def expiring(self, after: int, limit: int) -> list[tuple[Subject, int]]:
        # The index has them in the order of their times: scripts/include/queues.lua
        first, last = f"[{EXPIRING}|{max(after, 0):013}", f"({EXPIRING}}}"
        found = await self._client.ask("ZRANGEBYLEX", self.keys["lanes"], first, last, "LIMIT", 0, limit)
        texts = [text.decode()[len(EXPIRING) + 1 :] for text in found]
        return [(Subject.parse(f"{SubjectKind.EXPIRE}:{text[13:]}"), int(text[:13])) for text in texts]

    async def sample(self, table: Table, count: int) -> list[Row]:
        found = await self._client.ask("HRANDFIELD", self.keys[table.value], count, "WITHVALUES")
        return [row_of(row) for _, row in scores(found)] if found else []

    async def cut_log(self, length: int) -> None:
        # Whole blocks of the stream go: https://redis.io/docs/latest/commands/xtrim/
        await self._client.ask("XTRIM", self.keys["log"], "MAXLEN", "~", length)
