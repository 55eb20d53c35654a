"""Everything that a shard has in its server, without what differs from run to run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

HASHES = (
    "alerts",
    "past",
    "copies",
    "incidents",
    "keys",
    "ledgers",
    "meta",
    "leases",
    "counters",
    "pace",
    "tombstones",
)
QUARANTINE_HASHES = ("quarantine", "quarantine_seen")
SORTED_SETS = ("agenda", "posts", "quarantine_age", "lanes", "heads")
VERSIONED = ("alerts", "past", "copies", "incidents", "keys", "ledgers", "tombstones")
PLAIN = ("clock", "fence", "time", "clocks", "stepped", "walk")  # fields of META that have no version
VERSION, TOKEN = "8 bytes!", "0123456789abcdef"


async def keyspace(client: Any, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return each key's content: hashes as dicts, sorted sets as lists of scores and texts, the log's entries
    as dicts.

    A row's version is written <version>, a lease's token <token>.
    """
    found: dict[str, Any] = {}
    for name in (*HASHES, *QUARANTINE_HASHES):
        reply = await client.ask("HGETALL", keys[name])
        found[name] = {
            field.decode(): _readable(name, field.decode(), value) for field, value in sorted(_pairs(reply))
        }
    for name in SORTED_SETS:
        reply = await client.ask("ZRANGE", keys[name], 0, -1, "WITHSCORES")
        found[name] = [
            (score.decode(), text.decode()) for text, score in zip(reply[::2], reply[1::2], strict=True)
        ]
    entries = await client.ask("XRANGE", keys["log"], "-", "+")
    found["log"] = [
        {name.decode(): value.decode() for name, value in _pairs(fields)} for _, fields in entries
    ]
    return {name: content for name, content in found.items() if content}


async def restore(client: Any, keys: Mapping[str, str], content: Mapping[str, Any]) -> None:
    """Write what `keyspace` has returned, with a version and a token."""
    for name, found in content.items():
        if name in SORTED_SETS:
            await client.ask("ZADD", keys[name], *[part for pair in found for part in pair])
        elif name == "log":
            for entry in found:
                await client.ask("XADD", keys[name], "*", *[part for pair in entry.items() for part in pair])
        else:
            written = [
                (field, value.replace("<version>", VERSION).replace("<token>", TOKEN))
                for field, value in found.items()
            ]
            await client.ask("HSET", keys[name], *[part for pair in written for part in pair])


def _pairs(reply: Any) -> Iterable[tuple[Any, Any]]:
    return reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)


def _readable(name: str, field: str, value: bytes) -> str:
    if name in VERSIONED or (name == "meta" and field not in PLAIN):
        return "<version>" + value[8:].decode()
    return re.sub("^[0-9a-f]{16} ", "<token> ", value.decode())
