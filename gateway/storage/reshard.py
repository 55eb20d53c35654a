"""Lay a store out anew, for another number of shards or another `partition_by`, while no gateway runs on it.

1. Everything is copied under a new prefix. A run that ends here has changed nothing and can be repeated.
2. The layout is switched by one write.
3. The keys under the old prefix are deleted.
"""

from __future__ import annotations

import re
from collections import Counter

import msgspec

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.partition import HOME
from gateway.errors import BadSettings
from gateway.model.agenda import Share, Subject
from gateway.model.cells import RESERVE, RULE_HOLDERS, RULES, TOMBSTONES_UNTIL, TRUNCATED
from gateway.model.changes import Cell, Changes, CommitOutcome, Query, Table
from gateway.model.counted import counted
from gateway.model.durations import SECOND
from gateway.model.instants import latest
from gateway.model.records import load_alert, load_incident, load_ledger
from gateway.model.rule_generation import load_rule_generation, load_rule_holders
from gateway.model.rules.rulebook import Rulebook
from gateway.state.paging import pages
from gateway.state.statistics import event_time
from gateway.storage.connections import Client
from gateway.storage.layout import Layout, agree_on_layout, stores_of, write_layout
from gateway.storage.redis import RedisStore
from gateway.storage.reshard_rows import Records, commits_of

SIGN_OF_LIFE = 30 * SECOND  # a gateway that runs gives one more often
TURN = 10**13  # of an agenda score: scripts/include/agenda.lua
OF_ONE_SHARD = (
    TRUNCATED.field.encode(),
    RESERVE.field.encode(),
)  # rows of its own, which no other shard gets
MOVED_WHOLE = ("log", "quarantine", "quarantine_age", "quarantine_seen")


async def migrate(client: Client, rules: Rulebook, shards: int) -> Records | None:
    """Return what was laid out anew, None where the layout is already as wanted.

    Raises `BadSettings` where it cannot be done, and `StateUnavailable`.
    """
    wanted = Layout(shards, rules.partition_by)
    found = await agree_on_layout(client, wanted)
    if found.means(wanted):
        return None  # nothing has to move, so a run by mistake or a second run does no harm
    wanted = msgspec.structs.replace(wanted, prefix=_next(found.prefix))
    old, new = stores_of(client, found), stores_of(client, wanted)
    await _refuse_while_a_gateway_runs(old)
    records = await _read(client, old, wanted)
    torn = [incident.id for incident in records.incidents.values() if len(records.shards_of(incident)) > 1]
    if torn:
        # An incident is changed by one commit, and a commit cannot reach into two shards.
        raise BadSettings(
            f"{counted(len(torn), 'incident has', 'incidents have')} alerts that would live"
            f" in different shards: {', '.join(torn[:5])}; nothing was changed: try again when they have ended"
        )
    await _delete(client, new)  # what an earlier try has left
    for shard, changes in commits_of(records, Correlator(rules), await old[HOME].now()):
        committed = await new[shard].commit(changes)
        if committed.outcome is not CommitOutcome.DONE:
            raise BadSettings("somebody else writes there: does another `gateway migrate` run?")
    await _move_the_rest(client, old, new)
    await write_layout(client, wanted)
    await _delete(client, old)
    return records


def _next(prefix: str) -> str:
    """Return the prefix that follows this one in `gw`, `gw2`, `gw3`, …"""
    number = re.sub(r"\D", "", prefix)
    return f"gw{int(number or 1) + 1}"


async def _refuse_while_a_gateway_runs(stores: list[RedisStore]) -> None:
    """Raise `BadSettings` where a gateway still runs: what it takes under the old prefix would be lost."""
    for store in stores:
        gathered = await store.gather(Query(cells=(RULES, RULE_HOLDERS)))
        # Gateways of the version before sign in the row of the generation alone, and one that stops takes no
        # sign back.
        newest = load_rule_generation(gathered.rows[RULES].value).seen_at
        signs = load_rule_holders(gathered.rows[RULE_HOLDERS].value).signs.values()
        seen_at = latest(newest, *(sign.at for sign in signs))
        if seen_at is not None and gathered.now - seen_at < SIGN_OF_LIFE:
            raise BadSettings(
                f"a gateway was at work on this store {(gathered.now - seen_at) // SECOND} s ago: "
                "stop all of them, and try again in half a minute"
            )


async def _read(client: Client, old: list[RedisStore], wanted: Layout) -> Records:
    records = Records(wanted)
    for store in old:
        async for rows in pages(store, Table.ALERTS):
            records.alerts |= {name: load_alert(row.value) for name, row in rows.items()}
        async for rows in pages(store, Table.PAST):
            records.past |= {name: load_alert(row.value) for name, row in rows.items()}
        async for rows in pages(store, Table.INCIDENTS):
            records.incidents |= {name: load_incident(row.value) for name, row in rows.items()}
        async for rows in pages(store, Table.LEDGERS):
            records.ledgers += [load_ledger(row.value) for row in rows.values()]
        listed = await client.ask("ZRANGE", store.keys["agenda"], 0, -1, "WITHSCORES")
        for subject, score in zip(listed[::2], listed[1::2], strict=True):
            urgency, at = divmod(float(score), TURN)
            share = Share(int(at % 1 * len(Share)))
            records.agenda[Subject.parse(subject.decode())] = (int(at), int(urgency), share)
    return records


async def _move_the_rest(client: Client, old: list[RedisStore], new: list[RedisStore]) -> None:
    """Copy what is in one row or key for all.

    Controls, rules and the clock go to every shard; the log, the quarantine and the sums of the counters to
    the home shard.
    """
    meta = await client.ask("HGETALL", old[HOME].keys["meta"])
    rows = meta if isinstance(meta, dict) else dict(zip(meta[::2], meta[1::2], strict=True))
    shared = {name: value for name, value in rows.items() if name not in OF_ONE_SHARD}
    for store in new:
        own = shared if store is new[HOME] else {name: shared[name] for name in shared if not _of_home(name)}
        flat = [part for pair in own.items() for part in pair]
        if flat:
            await client.ask("HSET", store.keys["meta"], *flat)
    counted: Counter[str] = Counter()
    for store in old:
        counted.update(await store.counters())
    await new[HOME].commit(Changes(count={name: count for name, count in counted.items() if count}))
    await _move_tombstones(old, new)
    await _move_events(old, new)
    for name in MOVED_WHOLE:
        dumped = await client.ask("DUMP", old[HOME].keys[name])
        if dumped is not None:
            await client.ask("RESTORE", new[HOME].keys[name], 0, dumped, "REPLACE")


def _of_home(name: bytes) -> bool:
    """Return whether a single row belongs to the home shard alone: the compacted days are many."""
    return name.startswith(b"statistics_")


async def _move_events(old: list[RedisStore], new: list[RedisStore]) -> None:
    """Copy the events of the statistics to the home shard: they belong to no alert that is still known."""
    moved: dict[str, int] = {}
    for store in old:
        async for rows in pages(store, Table.EVENTS):
            times = {name: event_time(row.value) for name, row in rows.items()}
            # A service that several shards have seen was seen when the first one saw it.
            first = {name: at for name, at in times.items() if at < moved.get(name, at + 1)}
            put = {Cell(Table.EVENTS, name): rows[name].value for name in first}
            if put:
                await new[HOME].commit(Changes(put=put))
            moved |= first


async def _move_tombstones(old: list[RedisStore], new: list[RedisStore]) -> None:
    """Copy the tombstones to every shard: their labels are not known any more, so any of them may be asked."""
    until = 0
    for store in old:
        row = (await store.gather(Query(cells=(TOMBSTONES_UNTIL,)))).rows[TOMBSTONES_UNTIL]
        until = max(until, int(row.value or 0))
        async for rows in pages(store, Table.TOMBSTONES):
            put = {Cell(Table.TOMBSTONES, name): row.value for name, row in rows.items()}
            for moved in new if put else ():
                await moved.commit(Changes(put=dict(put)))
    for moved in new if until else ():
        await moved.commit(Changes(put={TOMBSTONES_UNTIL: str(until).encode()}))


async def _delete(client: Client, stores: list[RedisStore]) -> None:
    for store in stores:
        await client.ask("UNLINK", *store.keys.values())
