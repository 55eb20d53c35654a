"""Forget before its time what nobody needs any more, while the store has too little room.

Timelines go first, then past episodes, then what has ended: the oldest first, of the source that
takes most room. The agenda has what waits to be forgotten in the order of its age, so nothing else
is looked through for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median_high
from typing import NamedTuple

from gateway.decisions.forgetting import KEPT_AT_LEAST, long_ended, may_forget, most_over_share, sources_of
from gateway.model.agenda import Subject, SubjectKind
from gateway.model.alert import Alert
from gateway.model.changes import Cell, Changes, CommitOutcome, Query, Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.incident import Incident
from gateway.model.records import load_alert, load_incident
from gateway.model.retention import KEEP_ENDED_MS
from gateway.model.rules.source import Source
from gateway.model.tombstones import KEPT_MS, bury, load_tombstone, tombstone_cell
from gateway.ports import State
from gateway.reconcile.expire import drop_alert, dropped_alerts, forget_incidents
from gateway.reconcile.shorten import after, shorten
from gateway.state.commit import commit
from gateway.state.snapshots import read_snapshots

TIMELINE_LENGTH = 5_000  # entries of the log that are left
PAGE = 200  # subjects that are looked at in one step
AT_ONCE = 50  # of them that are forgotten in one commit
SAMPLE = 200  # alerts by which it is told which source takes most room
MOST_TOMBSTONES = 200_000  # in one shard: about 25 MB
SWEEPS = 20  # pages of tombstones in one step, where there are too many
RANK_AGAIN_MS = 2 * SECOND  # who takes most room changes as room is made
LOOK_AGAIN_MS = 5 * MINUTE  # at what was passed over: something was owed, or it belongs to another source


class _Waiting(NamedTuple):
    """A subject that waits to be forgotten, with its source and the time at which it would be."""

    subject: Subject
    source: str
    at: int


@dataclass(slots=True)
class RoomMaker:
    """Makes room in one shard. `sources` are those of the rules in force, `keep_ended` is for how
    long (ms) what has ended is kept; `forgotten` counts alerts by source, `forgotten_lives` earlier
    lives of those that are kept.
    """

    store: State
    sources: Callable[[], Mapping[str, Source]]
    keep_ended: int = KEEP_ENDED_MS
    forgotten: Counter[str] = field(default_factory=Counter)
    forgotten_lives: Counter[str] = field(default_factory=Counter)
    most_tombstones: int = MOST_TOMBSTONES
    _begun_at: int = 0
    _history_at: int = 0  # the cursor of the walk over past episodes
    _history_over: bool = False
    _seen_at: dict[str, int] = field(
        default_factory=dict
    )  # up to when what has ended was looked at, by source
    _ranked: list[str] = field(default_factory=list)
    _ranked_at: int = 0
    _shortened: bool = False
    _swept: int = 0  # the cursor of the walk over the tombstones

    async def make_room(self) -> bool:
        """Forget a little; return False where nothing is left that may be forgotten.
        Raises `StateUnavailable`.
        """
        now = await self.store.now()
        if now - self._begun_at >= LOOK_AGAIN_MS:
            self._begun_at, self._seen_at = now, {}
            self._history_at, self._history_over = 0, False
            await self.store.cut_log(TIMELINE_LENGTH)
        if await self.store.size(Table.PAST) and await self._forget_past(now):
            return True
        if now - self._ranked_at >= RANK_AGAIN_MS:
            rows = await self.store.sample(Table.ALERTS, SAMPLE)
            sizes = [(sources_of(load_alert(row.value))[0], len(row.value)) for row in rows]
            # A source whose incidents are in none of the sampled alerts takes little room,
            # and keeps what it has.
            self._ranked, self._ranked_at = most_over_share(sizes), now
        # What is left of the first may be too young, or owed to somebody: then the next one has its turn.
        if self._ranked and not await self._forget_ended(self._ranked[0], now):
            del self._ranked[0]
        return bool(self._ranked)

    async def shorten(self) -> None:
        """Have what ended while a longer time was set forgotten after the time that is set now, once.

        Raises `StateUnavailable`.
        """
        if not self._shortened:
            await shorten(self.store, self.keep_ended)
            self._shortened = True

    async def sweep_tombstones(self) -> None:
        """Take away tombstones that are a day old; where there are too many, the older
        half of those that are met.

        Raises `StateUnavailable`.
        """
        for _ in range(SWEEPS):
            count = await self.store.size(Table.TOMBSTONES)
            too_many = count > self.most_tombstones
            if count:
                await self._sweep_page(await self.store.now(), too_many=too_many)
            if not too_many:
                return

    async def _sweep_page(self, now: int, *, too_many: bool) -> None:
        self._swept, rows = await self.store.page(Table.TOMBSTONES, self._swept, PAGE)
        times = {name: load_tombstone(row.value).forgotten_at for name, row in rows.items()}
        oldest = now - KEPT_MS
        if too_many and times:
            oldest = max(oldest, median_high(times.values()))
        changes = Changes()
        for name in (name for name, at in times.items() if at <= oldest):
            # One that is written anew meanwhile stays.
            changes.expect[tombstone_cell(name)] = rows[name].version
            changes.drop.append(tombstone_cell(name))
        if changes.drop:
            await commit(self.store, changes)

    async def _forget_past(self, now: int) -> bool:
        """Forget earlier episodes of what has ended; return whether there was more to look at.

        The episodes themselves are walked through, which are few beside all that has ended.
        """
        if self._history_over:
            return False
        self._history_at, rows = await self.store.page(Table.PAST, self._history_at, AT_ONCE)
        self._history_over = not self._history_at
        incidents = await self._incidents({load_alert(row.value).incident for row in rows.values()})
        # An open one may have hundreds of members: they are not read in vain.
        ids = [name for name, incident in incidents.items() if incident.resolved_at is not None]
        found = [one for one in await read_snapshots(self.store, ids) if one is not None]
        over = [one for one in found if may_forget(one.snapshot, self.sources(), now)]
        changes, lives = Changes(), Counter[str]()
        for versioned in over:
            older = versioned.snapshot.alerts.keys() - versioned.newest
            if older:
                changes.expect |= versioned.expect(versioned.snapshot.incident.id)
                changes.drop += [Cell(Table.PAST, episode) for episode in sorted(older)]
                lives.update(sources_of(versioned.snapshot.alerts[episode])[0] for episode in older)
        if changes.drop and (await commit(self.store, changes)).outcome is CommitOutcome.DONE:
            self.forgotten_lives.update(lives)
        return True

    async def _forget_ended(self, source: str, now: int) -> bool:
        """Forget what has ended of one source; return whether there was any more of it to look at."""
        at = self._seen_at.get(source, 0)
        page = await self._page(at, PAGE, now)
        own = [waiting for waiting in await self._with_sources(page) if waiting.source == source][:AT_ONCE]
        alerts = await self._drop(own, now) if own else 0
        if alerts:
            self.forgotten[source] += alerts
            await self.sweep_tombstones()
        # Where more of it stands in this page the next step goes on behind what was looked at now.
        more = len(own) == AT_ONCE
        self._seen_at[source] = own[-1].at + (not alerts) if more else after(page, PAGE, at)
        return bool(page)

    async def _page(self, at: int, limit: int, now: int) -> list[tuple[Subject, int]]:
        """Return what waits to be forgotten from `at` on, as far as it is old enough."""
        oldest = now - KEPT_AT_LEAST + self.keep_ended
        return [found for found in await self.store.expiring(at, limit) if found[1] <= oldest]

    async def _with_sources(self, page: Sequence[tuple[Subject, int]]) -> list[_Waiting]:
        """Return what is on the page with its source: that of its first alert."""
        incidents = await self._incidents(
            subject.id for subject, _ in page if subject.kind == SubjectKind.EXPIRE
        )
        first = {name: incident.members[0].alert for name, incident in incidents.items() if incident.members}
        wanted = {subject: first.get(subject.id, subject.id) for subject, _ in page}
        alerts = await self._alerts(list(wanted.values()))
        return [
            _Waiting(subject, sources_of(alerts[wanted[subject]])[0] if wanted[subject] in alerts else "", at)
            for subject, at in page
        ]

    async def _incidents(self, ids: Iterable[str]) -> dict[str, Incident]:
        rows = (await self.store.gather(Query(cells=[Cell(Table.INCIDENTS, name) for name in ids]))).rows
        return {cell.field: load_incident(row.value) for cell, row in rows.items() if row.value}

    async def _alerts(self, ids: Sequence[str]) -> dict[str, Alert]:
        rows = (await self.store.gather(Query(cells=[Cell(Table.ALERTS, name) for name in ids]))).rows
        return {cell.field: load_alert(row.value) for cell, row in rows.items() if row.value}

    async def _drop(self, own: Sequence[_Waiting], now: int) -> int:
        """Forget those of them that may be forgotten; return how many alerts these were."""
        sources = self.sources()
        ids = [waiting.subject.id for waiting in own if waiting.subject.kind == SubjectKind.EXPIRE]
        found = [one for one in await read_snapshots(self.store, ids) if one is not None]
        over = [one for one in found if may_forget(one.snapshot, sources, now)]
        changes = await forget_incidents(self.store, over)
        for ended in (alert for one in over for alert in dropped_alerts(one, changes)):
            bury(changes, ended, now)
        changes.unschedule += [Subject.expire(one.snapshot.incident.id) for one in over]
        orphans = [waiting.subject for waiting in own if waiting.subject.kind == SubjectKind.EXPIRE_ALERT]
        rows = (await self.store.gather(Query(cells=[Cell(Table.ALERTS, one.id) for one in orphans]))).rows
        for subject, (cell, row) in zip(orphans, rows.items(), strict=True):
            alert = load_alert(row.value) if row.value else None
            # Only an end of it was ever seen.
            if alert is not None and alert.episode == 0 and long_ended(alert, sources, now):
                changes.expect[cell] = row.version
                drop_alert(changes, alert)
                bury(changes, alert, now)
                changes.unschedule.append(subject)
        dropped = sum(cell.table is Table.ALERTS for cell in changes.drop)
        # A webhook that changes one of them right now goes first; the others are looked at again later.
        done = bool(changes.drop) and (await commit(self.store, changes)).outcome is CommitOutcome.DONE
        return dropped if done else 0
