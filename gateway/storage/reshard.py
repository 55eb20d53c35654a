"""Migrate: a store is laid out anew, for other shards or another `partition_by`, while no gateway runs on it.

Everything is copied under a new prefix first; then the layout is switched by one write, and the old keys are deleted. Whatever
ends it before the switch has changed nothing, and it can be run again.
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
from gateway.model.ledger import Ledger, ledger_key
from gateway.model.records import dump, load_alert, load_incident, load_ledger
from gateway.model.rule_generation import load_rule_generation
from gateway.model.rules.rulebook import Rulebook
from gateway.state.paging import pages
from gateway.storage.connections import Client
from gateway.storage.layout import Layout, read_layout, stores_of, write_layout
from gateway.storage.redis import RedisStore

CHUNK = 500
ALIVE = 30 * SECOND  # a gateway that runs says so more often
TURN = 10**13  # see commit.lua: an agenda score is the urgency times this, and the time in ms
MOVED_WHOLE = ("log", "quarantine", "quarantine_age", "quarantine_seen")


@dataclass(slots=True)
class Records:
    """Everything of a store that has to find its shard."""

    layout: Layout  # the one to come
    alerts: dict[str, Alert] = field(default_factory=dict)
    past: dict[str, Alert] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    ledgers: list[Ledger] = field(default_factory=list)
    agenda: dict[Subject, tuple[int, int]] = field(default_factory=dict)

    def shard(self, alert: Alert) -> int:
        return shard_of(partition_of(alert.labels, self.layout.partition_by), self.layout.shards)

    def episodes(self, incident: Incident) -> Iterator[Alert]:
        """Its members, as far as they are still known."""
        for member in incident.members:
            newest = self.alerts.get(member.alert)
            found = newest if newest is not None and newest.episode == member.episode else self.past.get(member.episode_id)
            if found is not None:
                yield found

    def home(self, incident: Incident) -> set[int]:
        """The shards of what fires in it, or the one of its first member."""
        episodes = list(self.episodes(incident))
        firing = {self.shard(one) for one in episodes if one.firing}
        return firing or {self.shard(one) for one in episodes[:1]} or {HOME}


async def migrate(client: Client, rules: Rulebook, shards: int) -> Records | None:
    """What was laid out anew, None where nothing had to be. Raises `BadSettings` where it cannot be done, and `StateUnavailable`."""
    wanted, found = Layout(shards, rules.partition_by), await read_layout(client)
    if found is None or found.means(wanted):
        await write_layout(client, wanted, first=True)
        return None
    wanted = msgspec.structs.replace(wanted, prefix=_next(found.prefix))
    old, new = stores_of(client, found), stores_of(client, wanted)
    await _demand_rest(old)
    records = await _read(client, old, wanted)
    torn = [one.id for one in records.incidents.values() if len(records.home(one)) > 1]
    if torn:
        raise BadSettings(
            f"{len(torn)} incidents have alerts that would live in different shards: {', '.join(torn[:5])}; "
            "nothing was changed: try again when they have ended"
        )
    await _delete(client, new)  # what an earlier try has left
    for shard, changes in _laid_out(records, Correlator(rules), await old[HOME].now()):
        committed = await new[shard].commit(changes)
        if committed.outcome is not CommitOutcome.DONE:
            raise BadSettings("somebody else writes there: does another `gateway migrate` run?")
    await _move_the_rest(client, old, new)
    await write_layout(client, wanted)
    await _delete(client, old)
    return records


def _next(prefix: str) -> str:
    """`gw`, `gw2`, `gw3`, …"""
    number = re.sub(r"\D", "", prefix)
    return f"gw{int(number or 1) + 1}"


async def _demand_rest(stores: list[RedisStore]) -> None:
    for store in stores:
        gathered = await store.gather(Query(cells=(RULES,)))
        silent = gathered.now - load_rule_generation(gathered.rows[RULES].value).seen_at
        if silent < ALIVE:
            raise BadSettings(
                f"a gateway was at work on this store {silent // SECOND} s ago: stop all of them, and try again in half a minute"
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


def _laid_out(records: Records, correlator: Correlator, now: int) -> Iterator[tuple[int, Changes]]:
    """What to write, shard by shard, in bites that a script can chew."""
    puts: list[tuple[int, Cell, bytes]] = []
    for alert in records.alerts.values():
        shard = records.shard(alert)
        puts.append((shard, Cell(Table.ALERTS, alert.id), dump(msgspec.structs.replace(alert, topics=()))))
        puts += [(shard, Cell(Table.COPIES, copy), alert.id.encode()) for copy in alert.copies]
    homes = {name: min(records.home(one)) for name, one in records.incidents.items()}
    for name, incident in records.incidents.items():
        for episode in records.episodes(incident):
            newest = records.alerts.get(episode.id)
            if newest is None or newest.episode != episode.episode or records.shard(episode) != homes[name]:
                puts.append((homes[name], Cell(Table.PAST, episode.episode_id), dump(episode)))
    puts += _joined(records, homes, correlator, now)
    puts += [
        (homes.get(one.incident, HOME), Cell(Table.LEDGERS, ledger_key(one.incident, one.target)), dump(one))
        for one in records.ledgers
    ]
    for shard in range(records.layout.shards):
        mine = [(cell, value) for where, cell, value in puts if where == shard]
        for start in range(0, len(mine), CHUNK):
            yield shard, Changes(put=dict(mine[start : start + CHUNK]))
        agenda = Changes()
        for subject, (at, urgency) in records.agenda.items():
            if _shard_of_subject(subject, records, homes) == shard:
                agenda.schedule(subject, at, urgency)
        agenda.schedule(NEW_RULES, now, 0)  # alerts stand at their posts anew
        yield shard, agenda


def _joined(records: Records, homes: dict[str, int], correlator: Correlator, now: int) -> Iterator[tuple[int, Cell, bytes]]:
    """Incidents, and the join keys under which open ones are found by the rules as they are now."""
    keys: dict[tuple[int, str], tuple[str, ...]] = {}
    for incident in sorted(records.incidents.values(), key=lambda one: (one.opened_at, one.id)):
        shard, own = homes[incident.id], incident.keys
        if not incident.resolved_at and not incident.alone:
            firing = [one for one in records.episodes(incident) if one.firing]
            own = tuple(dict.fromkeys(key for one in firing for key in correlator.placement(one, now).keys))
        for key in own if not incident.resolved_at and not incident.alone else ():
            keys[shard, key] = named_incidents(announce(incident.id, keys.get((shard, key), ())))
        yield shard, Cell(Table.INCIDENTS, incident.id), dump(msgspec.structs.replace(incident, keys=own, subscriptions=()))
    for (shard, key), names in keys.items():
        yield shard, Cell(Table.KEYS, key), " ".join(names).encode()


def _shard_of_subject(subject: Subject, records: Records, homes: dict[str, int]) -> int:
    """Return the shard of the incident or alert that the subject names; all other subjects are the home shard's."""
    if subject.id in homes:
        return homes[subject.id]
    return records.shard(records.alerts[subject.id]) if subject.id in records.alerts else HOME


async def _move_the_rest(client: Client, old: list[RedisStore], new: list[RedisStore]) -> None:
    """Orders, rules and the clock to every shard; the log, the quarantine and the sums of the counters to the home shard."""
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
