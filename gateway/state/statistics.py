"""The events of the statistics as the store has them: written with what they tell of, and read all together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import msgspec

from gateway.model.cells import STATISTICS_SETTINGS
from gateway.model.changes import Cell, Changes, Query, Result, Row, Table
from gateway.model.rules.rulebook import Rulebook
from gateway.model.statistics.events import AnyEvent, RulesChanged
from gateway.model.statistics.settings import to_block
from gateway.ports import State
from gateway.state.paging import pages
from gateway.state.shards import Shards
from gateway.state.sorting import in_order
from gateway.state.transact import transact

MAX_EVENTS = 200_000  # kept exactly; with more of them a report is not complete
RULES_EVENT = "rules|"  # how the ids of the events begin that say the settings in force


SEED = "seed of the statistics"
"""Its keyed hash is the seed of the draws: one for all shards, and it tells nothing of the key."""


PERSON = "person of the statistics: "
PERSON_ID = "person's id: "

_event = msgspec.json.Decoder(AnyEvent).decode


def person_text(person: str) -> str:
    """Return the text whose keyed hash stands in the place of a person."""
    return f"{PERSON}{person}"


def record(changes: Changes, events: Iterable[AnyEvent]) -> None:
    """Have the events written in this commit. One that is there already stays as it was.

    `at`, `shard` and `seq` of an event are the store's, which gives them when it commits.
    """
    for event in events:
        fields: dict[str, Any] = msgspec.to_builtins(event)
        for name in ("at", "shard", "seq"):
            del fields[name]
        changes.events[event.id] = msgspec.json.encode(fields)


def person_id_text(known: str) -> str:
    """Return the text whose keyed hash stands in the place of a person's id at a vendor."""
    return f"{PERSON_ID}{known}"


async def read_events(shards: Shards, named: str = "*") -> list[AnyEvent]:
    """Return every event whose id is like `named`, in the order of `at` and id. Raises `StateUnavailable`."""
    found: dict[str, AnyEvent] = {}
    for shard, state in enumerate(shards.states):
        async for rows in pages(state, Table.EVENTS, named):
            for name, event in _read(rows, shard):
                # A service may have been seen in several shards: it was seen when the first one saw it.
                if name not in found or event.at < found[name].at:
                    found[name] = event
    return await in_order(found.values(), lambda event: (event.at, event.id))


async def events_by_id(shards: Shards, ids: Iterable[str]) -> dict[str, AnyEvent]:
    """Return those of these events that there are. Raises `StateUnavailable`."""
    cells = [Cell(Table.EVENTS, name) for name in ids]
    found: dict[str, AnyEvent] = {}
    for shard, state in enumerate(shards.states):
        rows = (await state.gather(Query(cells=cells))).rows
        found |= dict(_read({cell.field: row for cell, row in rows.items() if row.value}, shard))
    return found


def event_time(value: bytes) -> int:
    """Return when the event of this row was written, ms."""
    return int(value.partition(b" ")[0])


def _read(rows: dict[str, Row], shard: int) -> Iterator[tuple[str, AnyEvent]]:
    for name, row in rows.items():
        at, seq, line = row.value.split(b" ", 2)
        # The line is an object without these fields. Of 200,000 rows each is to be decoded once.
        yield name, _event(b'{"at":%b,"seq":%b,"shard":%d,%b' % (at, seq, shard, line[1:]))


async def note_settings(home: State, rules: Rulebook) -> None:
    """Write the settings of the rules in force where they are others than before. Raises `StateUnavailable`."""

    def decide(gathered: Result) -> tuple[Changes | None, None]:
        row = gathered.rows[STATISTICS_SETTINGS]
        count, _, known = row.value.partition(b" ")
        said = msgspec.json.encode([rules.revision, to_block(rules.precision)])
        if known == said:
            return None, None
        number = int(count or 0) + 1
        changes = Changes(
            expect={STATISTICS_SETTINGS: row.version}, put={STATISTICS_SETTINGS: b"%d %s" % (number, said)}
        )
        event = RulesChanged(
            id=f"{RULES_EVENT}{number}|{rules.revision}",
            at=0,
            shard=0,
            seq=0,
            revision=rules.revision,
            precision=to_block(rules.precision),
        )
        record(changes, [event])
        return changes, None

    read = partial(home.gather, Query(cells=(STATISTICS_SETTINGS,)))
    await transact(home, "statistics_settings", read, decide)
