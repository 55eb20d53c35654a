"""Read what a server answers: rows, pairs, and entries of the log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from gateway.model.agenda import AgendaLook, WaitingLane, longest_late
from gateway.model.changes import ABSENT, LogEntry, Row

VERSION_BYTES = 8  # before the value of each row


def row_of(raw: bytes) -> Row:
    return Row(raw[:VERSION_BYTES], raw[VERSION_BYTES:]) if raw else ABSENT


def pairs(flat: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    return zip(flat[::2], flat[1::2], strict=True)


def items(hash_reply: Any) -> Iterable[tuple[Any, Any]]:
    """Return the fields and values of a hash, which redis-py makes a dict of outside of scripts."""
    return hash_reply.items() if isinstance(hash_reply, dict) else pairs(hash_reply)


def scores(sorted_set_reply: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    """Return members and scores, which redis-py pairs where a command goes alone."""
    return pairs(sorted_set_reply) if isinstance(sorted_set_reply[0], bytes) else sorted_set_reply


def entry_of(fields: Any) -> tuple[int, LogEntry]:
    """Read an entry of the log.

    `s` is the subject, `w` what happened, `d` the detail in JSON, `t` what people called the time, in ms.
    """
    named = dict(items(fields))
    detail = json.loads(named[b"d"])
    return int(named[b"t"]), LogEntry(named[b"s"].decode(), named[b"w"].decode(), detail)


def written_at(fields: Any) -> int:
    """Return when an entry of the log was written, by the clock that waits go by (ms)."""
    named = dict(items(fields))
    return int(named[b"n"] if b"n" in named else named[b"t"])


def agenda_of(reply: Sequence[Any]) -> AgendaLook:
    """Read the reply of `scripts/overdue.lua`."""
    now, depth, due_since, lanes = reply
    waiting = [
        WaitingLane(name.decode(), int(count), now - int(since))
        for name, count, since in zip(lanes[::3], lanes[1::3], lanes[2::3], strict=True)
    ]
    overdue = now - int(due_since) if int(due_since) >= 0 else 0
    return AgendaLook(int(depth), overdue, longest_late(waiting))
