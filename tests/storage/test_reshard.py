"""Laying a store out anew: everything finds its shard, and what cannot be moved whole stops it before
anything is changed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import msgspec
import pytest

from gateway.decisions.partition import HOME, shard_of
from gateway.errors import BadSettings
from gateway.model.agenda import NEW_RULES, Share, Subject
from gateway.model.alert import Alert
from gateway.model.cells import (
    RESERVE,
    RULES,
    STATISTICS_DAYS,
    TOMBSTONES_UNTIL,
    TRUNCATED,
    statistics_day_cell,
)
from gateway.model.changes import Cell, Changes, LogEntry, QuarantineEntry, Query, Table
from gateway.model.incident import Incident
from gateway.model.lanes import LaneRule
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.members import Member
from gateway.model.records import dump, load_alert, load_incident
from gateway.model.reserve import dump_reserve_use
from gateway.model.rule_generation import RuleGeneration
from gateway.model.tombstones import bury, tombstone_cell
from gateway.model.truncated_groups import (
    TruncatedGroup,
    TruncatedGroups,
    dump_truncated,
    load_truncated,
)
from gateway.storage.connections import Client
from gateway.storage.layout import Layout, read_layout, stores_of, write_layout
from gateway.storage.redis import RedisStore
from gateway.storage.reshard import migrate
from tests.support import records
from tests.support.agenda_index import assert_index_is_true
from tests.support.build import rulebook
from tests.support.connected import patient

SHARDS = 4
# A tenant of another shard
FAR = next(name for name in map(str, range(100)) if shard_of((name,), SHARDS) != HOME)
ELSEWHERE = shard_of((FAR,), SHARDS)
PARTED = replace(rulebook(), partition_by=("tenant",))


def alert(name: str, tenant: str = FAR, episode: int = 1) -> Alert:
    labels = {"alertname": "Down", "tenant": tenant}
    copies = {f"eu/{name}": next(iter(records.ALERT.copies.values()))}
    return msgspec.structs.replace(
        records.ALERT,
        id=name,
        labels=labels,
        copies=copies,
        episode=episode,
        incident="i1",
        topics=("0123456789abcdef",),
    )


def incident(*members: Member) -> Incident:
    return msgspec.structs.replace(
        records.NEW_INCIDENT,
        id="i1",
        members=members,
        firing=len(members),
        keys=("old",),
        subscriptions=("fedcba9876543210",),
    )


async def stored(store: RedisStore, *alerts: Alert) -> None:
    """One incident of these alerts, with all that belongs to it."""
    members = [Member(alert.id, alert.episode, records.AT) for alert in alerts]
    await store.commit(
        Changes(
            put={
                **{Cell(Table.ALERTS, alert.id): dump(alert) for alert in alerts},
                Cell(Table.INCIDENTS, "i1"): dump(incident(*members)),
                ledger_cell("i1", "chat"): dump(Ledger("i1", "chat", "chat")),
            },
            count={"received": 5},
            agenda={Subject.plan("i1"): (records.AT, 2), Subject.poll("eu"): (records.AT, 5)},
            log=[LogEntry("i1", "alerts", {})],
            keep=[QuarantineEntry("q1", b"raw")],
        )
    )


@pytest.fixture
async def client(valkey_url: str) -> AsyncIterator[Client]:
    made = patient(valkey_url)
    await made.ask_each("FLUSHALL")
    await write_layout(made, Layout(1, ("tenant",)))
    yield made
    await made.aclose()


async def agenda_of(client: Client, store: RedisStore) -> dict[str, int]:
    found = await client.ask("ZRANGE", store.keys["agenda"], 0, -1, "WITHSCORES")
    return {subject.decode(): int(score) for subject, score in zip(found[::2], found[1::2], strict=True)}


async def test_everything_of_an_incident_goes_to_the_shard_of_its_alerts(client: Client) -> None:
    await stored(RedisStore(client), alert("a1"))
    assert await migrate(client, PARTED, SHARDS) is not None
    layout = await read_layout(client)
    assert layout == Layout(SHARDS, ("tenant",), "gw2")
    stores = stores_of(client, layout)
    rows = await stores[ELSEWHERE].gather(
        Query(copies=["eu/a1"], alerts=[""], cells=[ledger_cell("i1", "chat")])
    )
    assert rows.alerts[0][0] == "a1"
    assert load_alert(rows.alerts[0][1].value).topics == (), (
        "it is added to its topics anew, in the new shard"
    )
    assert rows.rows[ledger_cell("i1", "chat")].value
    agenda = await agenda_of(client, stores[ELSEWHERE])
    assert agenda["plan:i1"] == 2 * 10**13 + records.AT
    assert str(NEW_RULES) in agenda
    assert "poll:eu" in await agenda_of(client, stores[HOME])


async def test_the_agenda_keeps_its_shares_and_its_index(client: Client) -> None:
    store, end = RedisStore(client), Subject.deliver("chat", "i1")
    await stored(store, alert("a1"))
    await store.commit(Changes(agenda={end: (5, 1), Subject.plan("i1"): (7, 2)}, shares={end: Share.ENDS}))
    await migrate(client, PARTED, SHARDS)
    moved = stores_of(client, Layout(SHARDS, ("tenant",), "gw2"))[ELSEWHERE]
    await assert_index_is_true(client, moved)
    claimed = (await moved.claim(10, 20_000, LaneRule())).claims
    assert [(claim.subject, claim.due, claim.share) for claim in claimed if claim.subject != NEW_RULES] == [
        (end, 5, Share.ENDS),
        (Subject.plan("i1"), 7, Share.PLANS),
    ]


async def test_join_keys_are_made_by_the_rules_of_today_and_lead_to_the_incident(client: Client) -> None:
    await stored(RedisStore(client), alert("a1"))
    await migrate(client, PARTED, SHARDS)
    store = stores_of(client, Layout(SHARDS, ("tenant",), "gw2"))[ELSEWHERE]
    cell = Cell(Table.INCIDENTS, "i1")
    moved = load_incident((await store.gather(Query(cells=[cell]))).rows[cell].value)
    assert moved.subscriptions == ()
    assert moved.keys
    assert "old" not in moved.keys
    assert cell in (await store.gather(Query(keys=moved.keys))).rows


async def test_groups_that_were_cut_short_go_with_their_incidents(client: Client) -> None:
    store = RedisStore(client)
    await stored(store, alert("a1"))
    cut_short = msgspec.structs.replace(incident(Member("a1", 1, records.AT)), truncated={"eu/1": 37})
    stale = TruncatedGroups({"eu/2": TruncatedGroup(5, records.AT, records.AT, ("i9",))})
    cells = {Cell(Table.INCIDENTS, "i1"): dump(cut_short), TRUNCATED: dump_truncated(stale)}
    await store.commit(Changes(put=cells))
    await migrate(client, PARTED, SHARDS)
    groups = []
    for shard in stores_of(client, Layout(SHARDS, ("tenant",), "gw2")):
        row = (await shard.gather(Query(cells=[TRUNCATED]))).rows[TRUNCATED]
        groups.append(
            {
                name: (group.left_out, group.incidents)
                for name, group in load_truncated(row.value).groups.items()
            }
        )
    assert groups[ELSEWHERE] == {"eu/1": (37, ("i1",))}
    assert [found for found in groups if found] == [groups[ELSEWHERE]]


async def test_what_is_no_shards_own_goes_to_the_home_shard_and_the_old_keys_are_gone(client: Client) -> None:
    await stored(RedisStore(client), alert("a1"))
    await migrate(client, PARTED, SHARDS)
    home = stores_of(client, Layout(SHARDS, ("tenant",), "gw2"))[HOME]
    assert await home.counters() == {"received": 5, "quarantine_entries": 1}
    assert [entry.what for _, entry in await home.timeline(None, 10)] == ["alerts"]
    assert [kept.id for kept, _, _ in await home.quarantine(10)] == ["q1"]
    assert not await client.ask("EXISTS", "{gw:0}:alerts")


async def test_an_incident_that_would_be_torn_stops_it_and_nothing_is_changed(client: Client) -> None:
    near = next(name for name in map(str, range(100)) if shard_of((name,), SHARDS) == HOME)
    await stored(RedisStore(client), alert("a1"), alert("a2", near))
    with pytest.raises(BadSettings, match="1 incident has alerts that would live in different shards: i1"):
        await migrate(client, PARTED, SHARDS)
    assert await read_layout(client) == Layout(1, ("tenant",))
    assert await RedisStore(client).size(Table.ALERTS) == 2


async def test_a_gateway_that_gave_a_sign_of_life_stops_it(client: Client) -> None:
    store = RedisStore(client)
    await store.commit(Changes(put={RULES: RuleGeneration(1, "abc", await store.now()).dump()}))
    with pytest.raises(BadSettings, match="stop all of them"):
        await migrate(client, PARTED, SHARDS)


async def test_a_layout_that_is_as_wanted_is_left_alone(client: Client) -> None:
    assert await migrate(client, PARTED, 1) is None


async def test_what_was_forgotten_early_is_known_in_every_shard(client: Client) -> None:
    buried = Changes()
    bury(buried, alert("a1"), await RedisStore(client).now())
    await RedisStore(client).commit(buried)
    await migrate(client, PARTED, SHARDS)
    cells = (tombstone_cell("eu/a1"), TOMBSTONES_UNTIL)
    for store in stores_of(client, Layout(SHARDS, ("tenant",), "gw2")):
        rows = (await store.gather(Query(cells=cells))).rows
        assert [rows[cell].value for cell in cells] == [buried.put[cell] for cell in cells]


async def test_the_reserve_of_one_shard_is_filled_in_no_other(client: Client) -> None:
    await RedisStore(client).commit(Changes(put={RESERVE: dump_reserve_use({"eu": 5})}))
    await migrate(client, PARTED, SHARDS)
    for store in stores_of(client, Layout(SHARDS, ("tenant",), "gw2")):
        assert not (await store.gather(Query(cells=(RESERVE,)))).rows[RESERVE].value


async def test_a_service_that_several_shards_have_seen_keeps_the_time_of_the_first(client: Client) -> None:
    await migrate(client, PARTED, SHARDS)
    stores = stores_of(client, Layout(SHARDS, ("tenant",), "gw2"))
    for shard, at in enumerate((20, 10, 30)):
        put = {Cell(Table.EVENTS, name): b"%d 1 {}" % at for name in ("service_seen|db|Down", f"e{shard}")}
        await stores[shard].commit(Changes(put=put))
    await migrate(client, PARTED, 1)
    (home,) = stores_of(client, Layout(1, ("tenant",), "gw3"))
    names = ("service_seen|db|Down", "e0", "e1", "e2")
    rows = (await home.gather(Query(cells=[Cell(Table.EVENTS, name) for name in names]))).rows
    times = [rows[Cell(Table.EVENTS, name)].value for name in names]
    assert times == [b"10 1 {}", b"20 1 {}", b"10 1 {}", b"30 1 {}"]


async def test_compacted_days_of_the_statistics_stand_in_the_home_shard_alone(client: Client) -> None:
    cells = (STATISTICS_DAYS, statistics_day_cell(0))
    await RedisStore(client).commit(Changes(put=dict.fromkeys(cells, b"kept")))
    await migrate(client, PARTED, SHARDS)
    stores = stores_of(client, Layout(SHARDS, ("tenant",), "gw2"))
    found = [
        [row.value for row in (await store.gather(Query(cells=cells))).rows.values()] for store in stores
    ]
    assert found == [[b"kept"] * 2, *[[b""] * 2] * (SHARDS - 1)]
    await migrate(client, PARTED, 1)
    (home,) = stores_of(client, Layout(1, ("tenant",), "gw3"))
    assert [row.value for row in (await home.gather(Query(cells=cells))).rows.values()] == [b"kept"] * 2
