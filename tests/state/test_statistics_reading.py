"""Many events of the statistics are read in their order, at little more than what it takes to decode them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from random import Random
from time import process_time

import msgspec

from gateway.model.changes import Row, Table
from gateway.model.statistics.events import Acknowledged
from gateway.state.shards import Shards
from gateway.state.sorting import AT_ONCE, in_order
from gateway.state.statistics import _read, read_events
from gateway.storage.memory import MemoryStore

MANY = 10_000
AT_MOST = 4  # times what it takes to read the same lines as JSON


def _event(number: int, at: int) -> Acknowledged:
    return Acknowledged(
        id=f"incident{number}|acknowledged",
        at=at,
        shard=0,
        seq=number,
        incident=f"incident{number}",
        episodes=("one", "two"),
        by="somebody",
        through="api",
        human=True,
        note=False,
        said_at=at,
    )


def _row(event: Acknowledged) -> Row:
    fields = msgspec.to_builtins(event)
    said = {name: value for name, value in fields.items() if name not in ("at", "shard", "seq")}
    return Row(b"12345678", b"%d %d %b" % (event.at, event.seq, msgspec.json.encode(said)))


def _cost(work: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    try:
        begun = process_time()
        work()
        return process_time() - begun
    finally:
        gc.enable()


async def test_events_are_read_as_they_were_written_in_the_order_of_their_time() -> None:
    random = Random(18)
    events = [_event(number, random.randrange(100)) for number in range(AT_ONCE + 100)]
    store = MemoryStore(lambda: 0)
    store.rows[Table.EVENTS] = {event.id: _row(event) for event in events}
    read = await read_events(Shards((store,)))
    assert read == sorted(events, key=lambda event: (event.at, event.id))


async def test_more_than_are_sorted_at_once_are_in_order_all_the_same() -> None:
    random = Random(18)
    found = [(random.randrange(1_000), str(random.random())) for _ in range(3 * AT_ONCE + 1)]
    assert await in_order(found, lambda pair: pair) == sorted(found)


def test_an_event_is_decoded_once() -> None:
    rows = {event.id: _row(event) for event in (_event(number, number) for number in range(MANY))}
    plain = min(
        _cost(lambda: [msgspec.json.decode(row.value.split(b" ", 2)[2]) for row in rows.values()])
        for _ in range(3)
    )
    read = min(_cost(lambda: list(_read(rows, 0))) for _ in range(3))
    assert read <= AT_MOST * plain
