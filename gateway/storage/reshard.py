"""Lay a store out anew, for another number of shards or another `partition_by`, while no gateway runs on it.

1. Everything is copied under a new prefix. A run that ends here has changed nothing and can be repeated.
2. The layout is switched by one write.
3. The keys under the old prefix are deleted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from gateway.decisions.intake.correlate import Correlator, announce, named_incidents
from gateway.decisions.partition import HOME, partition_of, shard_of
from gateway.errors import BadSettings
from gateway.model.agenda import NEW_RULES, Subject
from gateway.model.alert import Alert
from gateway.model.cells import RULES
from gateway.model.changes import Cell, Changes, CommitOutcome, Query, Table
from gateway.model.durations import SECOND
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger
from gateway.model.records import dump, load_alert, load_incident, load_ledger
from gateway.model.rule_generation import load_rule_generation
from gateway.model.rules.rulebook import Rulebook
from gateway.state.paging import pages
from gateway.storage.connections import Client
from gateway.storage.layout import Layout, read_layout, stores_of, write_layout
from gateway.storage.redis import RedisStore

ROWS_AT_ONCE = 500  # in one commit
SIGN_OF_LIFE = 30 * SECOND  # a gateway that runs gives one more often
TURN = 10**13  # an agenda score is the urgency times this, plus the time in ms: scripts/include/agenda.lua
MOVED_WHOLE = ("log", "quarantine", "quarantine_age", "quarantine_seen")
ShardRow = tuple[int, Cell, bytes]  # the shard, the row's address, its value


@dataclass(slots=True)
class Records:
    """Everything of a store that has to be put into its new shard. `layout` is the new one."""

    layout: Layout
    alerts: dict[str, Alert] = field(default_factory=dict)
    past: dict[str, Alert] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    ledgers: list[Ledger] = field(default_factory=list)
    agenda: dict[Subject, tuple[int, int]] = field(default_factory=dict)

    def shard(self, alert: Alert) -> int:
        return shard_of(partition_of(alert.labels, self.layout.partition_by), self.layout.shards)

    def episodes(self, incident: Incident) -> Iterator[Alert]:
        """Yield the episodes of an incident's members, as far as they are still known."""
        for member in incident.members:
            episode = self.alerts.get(member.alert)
            if episode is None or episode.episode != member.episode:
                episode = self.past.get(member.episode_id)
            if episode is not None:
                yield episode

    def shards_of(self, incident: Incident) -> set[int]:
        """Return the shards of the alerts that fire in the incident, or the shard of its first member."""
        episodes = list(self.episodes(incident))
        firing = {self.shard(episode) for episode in episodes if episode.firing}
        return firing or {self.shard(episode) for episode in episodes[:1]} or {HOME}


async def migrate(client: Client, rules: Rulebook, shards: int) -> Records | None:
    """Return what was laid out anew, None where the layout is already as wanted.

    Raises `BadSettings` where it cannot be done, and `StateUnavailable`.
    """
    wanted, found = Layout(shards, rules.partition_by), await read_layout(client)
    if found is None or found.means(wanted):
        await write_layout(client, wanted, first=True)
        return None
    wanted = msgspec.structs.replace(wanted, prefix=_next(found.prefix))
    old, new = stores_of(client, found), stores_of(client, wanted)
    await _refuse_while_a_gateway_runs(old)
    records = await _read(client, old, wanted)
    torn = [incident.id for incident in records.incidents.values() if len(records.shards_of(incident)) > 1]
    if torn:
        # An incident is changed by one commit, and a commit cannot reach into two shards.
        raise BadSettings(
            f"{len(torn)} incidents have alerts that would live in different shards: {', '.join(torn[:5])}; "
            "nothing was changed: try again when they have ended"
        )
    await _delete(client, new)  # what an earlier try has left
    for shard, changes in _commits(records, Correlator(rules), await old[HOME].now()):
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
        gathered = await store.gather(Query(cells=(RULES,)))
        seen_at = load_rule_generation(gathered.rows[RULES].value).seen_at
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
            urgency, at = divmod(int(float(score)), TURN)
            records.agenda[Subject.parse(subject.decode())] = (at, urgency)
    return records


def _commits(records: Records, correlator: Correlator, now: int) -> Iterator[tuple[int, Changes]]:
    """Yield the commits that write everything, each with its shard; none is larger than a script can take."""
    incident_shards = {name: min(records.shards_of(incident)) for name, incident in records.incidents.items()}
    rows = [
        *_alert_rows(records),
        *_episode_rows(records, incident_shards),
        *_incident_rows(records, incident_shards, correlator, now),
        *_ledger_rows(records, incident_shards),
    ]
    for shard in range(records.layout.shards):
        own = [(cell, value) for row_shard, cell, value in rows if row_shard == shard]
        for start in range(0, len(own), ROWS_AT_ONCE):
            yield shard, Changes(put=dict(own[start : start + ROWS_AT_ONCE]))
        agenda = Changes()
        for subject, (at, urgency) in records.agenda.items():
            if _shard_of_subject(subject, records, incident_shards) == shard:
                agenda.schedule(subject, at, urgency)
        agenda.schedule(NEW_RULES, now, 0)  # has the alerts added to their topics anew
        yield shard, agenda


def _alert_rows(records: Records) -> Iterator[ShardRow]:
    """Yield alerts without the topics at which they stood: those are written anew, in the new shard."""
    for alert in records.alerts.values():
        shard = records.shard(alert)
        yield shard, Cell(Table.ALERTS, alert.id), dump(msgspec.structs.replace(alert, topics=()))
        for copy in alert.copies:
            yield shard, Cell(Table.COPIES, copy), alert.id.encode()


def _episode_rows(records: Records, incident_shards: dict[str, int]) -> Iterator[ShardRow]:
    """Yield the episodes that an incident shows and that are not the newest of an alert in the same shard."""
    for name, incident in records.incidents.items():
        for episode in records.episodes(incident):
            newest = records.alerts.get(episode.id)
            is_newest = newest is not None and newest.episode == episode.episode
            if not is_newest or records.shard(episode) != incident_shards[name]:
                yield incident_shards[name], Cell(Table.PAST, episode.episode_id), dump(episode)


def _incident_rows(
    records: Records,
    incident_shards: dict[str, int],
    correlator: Correlator,
    now: int,
) -> Iterator[ShardRow]:
    """Yield incidents, and the join keys under which open ones are found by the rules as they are now."""
    announced: dict[tuple[int, str], tuple[str, ...]] = {}
    in_order = sorted(records.incidents.values(), key=lambda incident: (incident.opened_at, incident.id))
    for incident in in_order:
        shard, keys = incident_shards[incident.id], incident.keys
        # What is resolved or alone takes no more alerts, so nobody has to find it.
        if not incident.resolved_at and not incident.alone:
            firing = [episode for episode in records.episodes(incident) if episode.firing]
            placements = [correlator.placement(episode, now) for episode in firing]
            keys = tuple(dict.fromkeys(key for placement in placements for key in placement.keys))
            for key in keys:
                others = announced.get((shard, key), ())
                announced[shard, key] = named_incidents(announce(incident.id, others))
        written = msgspec.structs.replace(incident, keys=keys, subscriptions=())
        yield shard, Cell(Table.INCIDENTS, incident.id), dump(written)
    for (shard, key), names in announced.items():
        yield shard, Cell(Table.KEYS, key), " ".join(names).encode()


def _ledger_rows(records: Records, incident_shards: dict[str, int]) -> Iterator[ShardRow]:
    for ledger in records.ledgers:
        yield incident_shards.get(ledger.incident, HOME), Cell(Table.LEDGERS, ledger.key), dump(ledger)


def _shard_of_subject(subject: Subject, records: Records, incident_shards: dict[str, int]) -> int:
    """Return the shard of the incident or alert that the subject names, the home shard for other subjects."""
    if subject.id in incident_shards:
        return incident_shards[subject.id]
    return records.shard(records.alerts[subject.id]) if subject.id in records.alerts else HOME


async def _move_the_rest(client: Client, old: list[RedisStore], new: list[RedisStore]) -> None:
    """Copy what is in one row or key for all.

    Controls, rules and the clock go to every shard; the log, the quarantine and the sums of the counters to
    the home shard.
    """
    meta = await client.ask("HGETALL", old[HOME].keys["meta"])
    flat = [part for pair in (meta.items() if isinstance(meta, dict) else [meta]) for part in pair]
    for store in new:
        if flat:
            await client.ask("HSET", store.keys["meta"], *flat)
    counted: Counter[str] = Counter()
    for store in old:
        counted.update(await store.counters())
    await new[HOME].commit(Changes(count={name: count for name, count in counted.items() if count}))
    for name in MOVED_WHOLE:
        dumped = await client.ask("DUMP", old[HOME].keys[name])
        if dumped is not None:
            await client.ask("RESTORE", new[HOME].keys[name], 0, dumped, "REPLACE")


async def _delete(client: Client, stores: list[RedisStore]) -> None:
    for store in stores:
        await client.ask("UNLINK", *store.keys.values())
