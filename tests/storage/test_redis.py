"""What the store keeps in a server, key by key, as every released version reads and writes it.

`STORED` was left by the version before this file was, on Redis 7.0 and on Valkey 9.1 alike. That version took
the server's own time for the fence and for when a lane was closed; these have the shard's time here, as
everything else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

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
    Topics,
)
from gateway.model.lanes import LaneRule, Pace, load_closed_lane
from gateway.storage.connections import Client, connect
from gateway.storage.redis import RedisStore
from tests.support.keyspace import TOKEN, VERSION, keyspace, restore

NOW = 4_000_000_000_000  # later than any server's clock, so that the shard's own time stands still
LEASE = 20_000
PAY, NET = "0123456789abcdef", "fedcba9876543210"  # topics
PACE = Pace(1_000, 3, "slack ")
STORED = {
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
        "deliver:chat:#pay|i1": "<token> 4000000020000 4000000000008",
        "plan:i1": "<token> 4000000020000 4000000000007",
    },
    "counters": {"open:counted": "-1", "quarantine_entries": "1", "received": "3"},
    "pace": {"slack #pay": "4000000062000"},
    "quarantine": {"q1": "first"},
    "quarantine_seen": {"q1": "2"},
    "agenda": [
        ("14000000000000", "plan:i2"),
        ("23999999999995", "plan:i1"),
        ("43999999999991", "deliver:chat:#pay|i1"),
        ("54000000000050", "audit:siem"),
        ("94000000000009", "expire:alert:a1"),
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


@pytest.fixture(params=["valkey", "redis"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    made = connect(request.getfixturevalue(f"{request.param}_url"))
    await made.ask_each("FLUSHALL")
    yield made
    await made.aclose()


async def test_every_kind_of_change_is_stored_as_earlier_versions_store_it(client: Client) -> None:
    store = RedisStore(client)
    await client.ask("HSET", store.keys["meta"], "clock", NOW)
    first = Changes(
        put={Cell(table, f"{table}-1"): b"value" for table in Table},
        count={"received": 3, "open:counted": -1},
        agenda={
            Subject.plan("i1"): (NOW - 5, 0),
            Subject.deliver("chat:#pay", "i1"): (NOW - 9, 4),
            Subject.expire_alert("a1"): (NOW + 9, 9),
            Subject.poll("eu"): (NOW - 3, 5),
            Subject.audit("siem"): (NOW - 2, 5),
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
        agenda={Subject.plan("i1"): (NOW + 7, 2), Subject.deliver("chat:#pay", "i1"): (NOW + 8, 4)},
        releases=[Release(claimed.claims[2], None), Release(claimed.claims[3], NOW + 50)],
        topics=Topics(add=[(NET, "a2")]),
    )
    assert (await store.commit(second)).outcome is CommitOutcome.DONE
    await store.close_lane("chat:#pay", PACE, NOW + 60_000)
    assert await store.fence("holder", 5_000)
    assert await keyspace(client, store.keys) == STORED


async def test_what_earlier_versions_stored_is_read(client: Client) -> None:
    store = RedisStore(client)
    await restore(client, store.keys, STORED)
    cells = [Cell(table, f"{table}-1") for table in Table]
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
    assert await store.agenda() == (5, 9)


async def test_leases_fences_and_paces_that_earlier_versions_took_hold(client: Client) -> None:
    store = RedisStore(client)
    await restore(client, store.keys, STORED)
    assert (await store.commit(Changes())).outcome is CommitOutcome.FENCED
    assert not await store.fence("another", 5_000)
    claimed = await store.claim(10, LEASE, LaneRule({"chat": PACE}))
    assert ([str(claim.subject) for claim in claimed.claims], claimed.next_due) == (["plan:i2"], NOW + 9)
    held = Claim(Subject.plan("i1"), TOKEN, NOW)
    done = await store.commit(Changes(releases=[Release(held, None)], fence="holder"))
    assert done.outcome is CommitOutcome.DONE
    assert ("24000000000007", "plan:i1") in (await keyspace(client, store.keys))["agenda"], (
        "it was woken meanwhile"
    )
