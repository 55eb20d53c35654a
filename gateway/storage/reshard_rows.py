"""The records of a store that is laid out anew, and the commits that write them into their new shards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from gateway.decisions.intake.correlate import Correlator, announce, named_incidents
from gateway.decisions.partition import HOME, partition_of, shard_of
from gateway.model.agenda import NEW_RULES, Share, Subject
from gateway.model.alert import Alert
from gateway.model.cells import TRUNCATED
from gateway.model.changes import Cell, Changes, Table
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger
from gateway.model.records import dump
from gateway.model.truncated_groups import TruncatedGroup, TruncatedGroups, dump_truncated
from gateway.storage.layout import Layout

ROWS_AT_ONCE = 500  # in one commit
ShardRow = tuple[int, Cell, bytes]  # the shard, the row's address, its value


@dataclass(slots=True)
class Records:
    """Everything of a store that has to be put into its new shard. `layout` is the new one."""

    layout: Layout
    alerts: dict[str, Alert] = field(default_factory=dict)
    past: dict[str, Alert] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    ledgers: list[Ledger] = field(default_factory=list)
    agenda: dict[Subject, tuple[int, int, Share]] = field(default_factory=dict)  # time, urgency, share

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


def commits_of(records: Records, correlator: Correlator, now: int) -> Iterator[tuple[int, Changes]]:
    """Yield the commits that write everything, each with its shard; none is larger than a script can take."""
    incident_shards = {name: min(records.shards_of(incident)) for name, incident in records.incidents.items()}
    rows = [
        *_alert_rows(records),
        *_episode_rows(records, incident_shards),
        *_incident_rows(records, incident_shards, correlator, now),
        *_ledger_rows(records, incident_shards),
        *_truncated_rows(records, incident_shards, now),
    ]
    for shard in range(records.layout.shards):
        own = [(cell, value) for row_shard, cell, value in rows if row_shard == shard]
        for start in range(0, len(own), ROWS_AT_ONCE):
            yield shard, Changes(put=dict(own[start : start + ROWS_AT_ONCE]))
        agenda = Changes()
        for subject, when in records.agenda.items():
            if _shard_of_subject(subject, records, incident_shards) == shard:
                agenda.schedule(subject, *when)
        agenda.schedule(NEW_RULES, now, 0)  # has the alerts added to their topics anew
        yield shard, agenda


def _alert_rows(records: Records) -> Iterator[ShardRow]:
    """Yield the alerts without their topics, which are written anew in the new shard."""
    for alert in records.alerts.values():
        shard = records.shard(alert)
        yield shard, Cell(Table.ALERTS, alert.id), dump(msgspec.structs.replace(alert, topics=()))
        # Without these pointers the next webhook would not find the alert, and open it a second time.
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


def _truncated_rows(records: Records, incident_shards: dict[str, int], now: int) -> Iterator[ShardRow]:
    """Yield the groups that were cut short, in each shard those of its incidents.

    Without them the next webhook of a group that is whole again would clear no number.
    """
    found: dict[int, dict[str, TruncatedGroup]] = {}
    for incident in records.incidents.values():
        groups = found.setdefault(incident_shards[incident.id], {})
        for name, left_out in incident.truncated.items() if incident.resolved_at is None else ():
            known = groups[name].incidents if name in groups else ()
            groups[name] = TruncatedGroup(left_out, now, now, (*known, incident.id))
    for shard, groups in found.items():
        if groups:
            yield shard, TRUNCATED, dump_truncated(TruncatedGroups(groups))


def _shard_of_subject(subject: Subject, records: Records, incident_shards: dict[str, int]) -> int:
    """Return the shard of the incident or alert that the subject names, the home shard for other subjects."""
    if subject.id in incident_shards:
        return incident_shards[subject.id]
    return records.shard(records.alerts[subject.id]) if subject.id in records.alerts else HOME
