"""What the store keeps in a server, key by key, as every released version reads and writes it.

`STORED` was left by the version before this file was, on Redis 7.0 and on Valkey 9.1 alike. That version took
the server's own time for the fence and for when a lane was closed; these have the shard's time here, as
everything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.model.agenda import Subject
from gateway.model.changes import (
    Cell,
    Changes,
    Claim,
    CommitOutcome,
    LogEntry,
    QuarantineEntry,
    Query,
    Release,
    Table,
)
from gateway.model.lanes import LaneRule, Pace, load_closed_lane
from gateway.model.topics import Topics
from gateway.storage.connections import Client
from gateway.storage.redis import RedisStore
from tests.support.connected import patient
from tests.support.keyspace import TOKEN, VERSION, keyspace, restore

EARLIER_TABLES = [
    table for table in Table if table not in (Table.TOMBSTONES, Table.EVENTS)
]  # those that earlier versions know
NOW = 4_000_000_000_000  # later than any server's clock: the shard's own time goes on from there
LEASE = 20_000
PAY, NET = "0123456789abcdef", "fedcba9876543210"  # topics
PACE = Pace(1_000, 3, "slack ")
# As a version without an index of the agenda stores it
BEFORE = {
    "alerts": {"alerts-1": "<version>value"},
    "past": {"past-1": "<version>value"},
    "copies": {"copies-1": "<version>value"},
    "incidents": {"incidents-1": "<version>value"},
    "keys": {"keys-1": "<version>value"},
    "ledgers": {"ledgers-1": "<version>value"},
    "meta": {
        "clock": "4000000000000",
        "closed:chat:#pay": "<version>4000000000000 4000000060000",
        "fence": "holder 4000000005000",
        "meta-1": "<version>value",
    },
    "leases": {
        "deliver:chat:#pay|i1": "<token> 4000000020000 4000000008000",
        "plan:i1": "<token> 4000000020000 4000000007000",
    },
    "counters": {"open:counted": "-1", "quarantine_entries": "1", "received": "3"},
    "pace": {"slack #pay": "4000000062000"},
    "quarantine": {"q1": "first"},
    "quarantine_seen": {"q1": "2"},
    "agenda": [
        ("14000000000000", "plan:i2"),
        ("23999999995000", "plan:i1"),
        ("43999999991000", "deliver:chat:#pay|i1"),
        ("54000000050000", "audit:siem"),
        ("94000000009000", "expire:alert:a1"),
    ],
    "posts": [
        ("0", f"{PAY}|a|a1"),
        ("0", f"{PAY}|w|plan:i1"),
        ("0", f"{NET}|a|a2"),
        ("0", f"{NET}|w|plan:i2"),
    ],
    "quarantine_age": [("4000000000000", "q1")],
    "log": [{"s": "i1", "w": "alerts", "d": '{"opened": 1, "who": "\\u00fc"}', "t": "4000000000000"}],
}
INDEX = {
    "lanes": [
        ("0", "04deliver:chat:#pay|4000000020000i1"),
        ("0", "05audit|4000000050000siem"),
        ("0", "09expire|4000000009000alert:a1"),
        ("0", "11plan|4000000000000i2"),
        ("0", "12plan|4000000020000i1"),
    ],
    "heads": [
        ("44000000020000", "04deliver:chat:#pay"),
        ("54000000050000", "05audit"),
        ("94000000009000", "09expire"),
        ("114000000000000", "11plan"),
        ("124000000020000", "12plan"),
    ],
}
STORED = BEFORE | INDEX | {"meta": BEFORE["meta"] | {"clock": "04000000000000"}}


@pytest.fixture(params=["valkey", "redis"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    made = patient(request.getfixturevalue(f"{request.param}_url"))
    await made.ask_each("FLUSHALL")
    yield made
    await made.aclose()


def as_earlier_versions_know_it(stored: dict[str, Any]) -> dict[str, Any]:
    """Return what is stored without what only this version reads, its times cut to the second: a test takes a
    moment.
    """
    for name in ("time", "clocks", "stepped"):
        del stored["meta"][name]
    del stored["counters"]["clock_steps_back"]
    cut = re.sub(r"(?<=\d{10})\d{3}(?!\d)", "000", json.dumps(stored))
    return {
        name: [tuple(row) if isinstance(row, list) else row for row in rows]
        if isinstance(rows, list)
        else rows
        for name, rows in json.loads(cut).items()
    }


async def test_every_kind_of_change_is_stored_as_earlier_versions_read_it(client: Client) -> None:
    store = RedisStore(client)
    await client.ask("HSET", store.keys["meta"], "clock", NOW)
    first = Changes(
        put={Cell(table, f"{table}-1"): b"value" for table in EARLIER_TABLES},
        count={"received": 3, "open:counted": -1},
        agenda={
            Subject.plan("i1"): (NOW - 5_000, 0),
            Subject.deliver("chat:#pay", "i1"): (NOW - 9_000, 4),
            Subject.expire_alert("a1"): (NOW + 9_000, 9),
            Subject.poll("eu"): (NOW - 3_000, 5),
            Subject.audit("siem"): (NOW - 2_000, 5),
        },
        log=[LogEntry("i1", "alerts", {"opened": 1, "who": "ü"})],
        keep=[
            QuarantineEntry("q1", b"first"),
            QuarantineEntry("q1", b"again"),
            QuarantineEntry("q2", b"other"),
        ],
        forget=["q2"],
        topics=Topics(add=[(PAY, "a1")], subscribe=[(PAY, Subject.plan("i1")), (NET, Subject.plan("i2"))]),
    )
    assert (await store.commit(first)).outcome is CommitOutcome.DONE
    claimed = await store.claim(4, LEASE, LaneRule({"chat": PACE}))
    assert [str(claim.subject) for claim in claimed.claims] == [
        "plan:i1",
        "deliver:chat:#pay|i1",
        "poll:eu",
        "audit:siem",
    ]
    second = Changes(
        agenda={Subject.plan("i1"): (NOW + 7_000, 2), Subject.deliver("chat:#pay", "i1"): (NOW + 8_000, 4)},
        releases=[Release(claimed.claims[2], None), Release(claimed.claims[3], NOW + 50_000)],
        topics=Topics(add=[(NET, "a2")]),
    )
    assert (await store.commit(second)).outcome is CommitOutcome.DONE
    await store.close_lane("chat:#pay", PACE, NOW + 60_000)
    assert await store.fence("holder", 5_000)
    assert as_earlier_versions_know_it(await keyspace(client, store.keys)) == STORED


async def test_what_earlier_versions_stored_is_read(client: Client) -> None:
    store = RedisStore(client)
    await restore(client, store.keys, BEFORE)
    cells = [Cell(table, f"{table}-1") for table in EARLIER_TABLES]
    gathered = await store.gather(
        Query(cells=[*cells, Cell(Table.META, "closed:chat:#pay")], topics=(PAY, NET, "none"))
    )
    assert gathered.now == NOW
    assert [gathered.rows[cell] for cell in cells] == [(VERSION.encode(), b"value")] * len(cells)
    assert load_closed_lane(gathered.rows[Cell(Table.META, "closed:chat:#pay")].value) == (NOW, NOW + 60_000)
    assert {topic: alert for topic, (alert, _) in gathered.standing.items()} == {PAY: "a1", NET: "a2"}
    assert await store.counters() == {"open:counted": -1, "quarantine_entries": 1, "received": 3}
    assert await store.quarantine(10) == [(QuarantineEntry("q1", b"first"), NOW, 2)]
    assert await store.timeline("i1", 10) == [(NOW, LogEntry("i1", "alerts", {"opened": 1, "who": "ü"}))]
    assert (await store.log_after("", 10)).entries[0].entry.subject == "i1"
    look = await store.agenda()
    # Those that have been due since before are leased.
    assert (look.depth, look.oldest) == (5, 0)


async def test_leases_fences_and_paces_that_earlier_versions_took_hold(client: Client) -> None:
    store = RedisStore(client)
    await restore(client, store.keys, BEFORE)
    assert (await store.commit(Changes())).outcome is CommitOutcome.FENCED
    assert not await store.fence("another", 5_000)
    claimed = await store.claim(10, LEASE, LaneRule({"chat": PACE}))
    assert ([str(claim.subject) for claim in claimed.claims], claimed.next_due) == (["plan:i2"], NOW + 9_000)
    held = Claim(Subject.plan("i1"), TOKEN, NOW)
    done = await store.commit(Changes(releases=[Release(held, None)], fence="holder"))
    assert done.outcome is CommitOutcome.DONE
    assert ("24000000007000", "plan:i1") in (await keyspace(client, store.keys))["agenda"], (
        "it was woken meanwhile"
    )


async def test_the_timelines_are_about_as_long_as_is_set(client: Client) -> None:
    store = RedisStore(client)
    store.log_length = 1_000
    for _ in range(30):
        await store.commit(Changes(log=[LogEntry("i1", "alerts", {}) for _ in range(100)]))
    # Whole blocks of the stream go.
    assert 1_000 <= await client.ask("XLEN", store.keys["log"]) <= 1_200
