"""State in Redis ≥ 7.0 or Valkey: every question and every change is one script over the keys of a shard.

The scripts are `scripts/*.lua`. A script is atomic and one round trip. The header of each says which fields
it reads and in which order their lists are; `packing.py` packs them. Nothing is retried in this file: a
commit that was not answered may have been done, and only its sender knows what that means.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from gateway.clock import elapsed_seconds
from gateway.errors import StateLost, StateUnavailable
from gateway.model.agenda import (
    Share,
    Subject,
)
from gateway.model.changes import (
    Cell,
    Changes,
    Claim,
    Claimed,
    CommitOutcome,
    Committed,
    Query,
    Release,
    Result,
    Table,
)
from gateway.model.lanes import LaneRule, Pace
from gateway.model.retention import LOG_LENGTH
from gateway.state.commit import commit
from gateway.storage.caller_clock import Asked, CallerClock, StoreTime
from gateway.storage.connections import Client
from gateway.storage.lua import KEY_NAMES, SCRIPTS
from gateway.storage.packing import (
    NOTHING_DUE,
    by_table,
    cells_of,
    packed_changes,
    packed_claim,
    packed_query,
)
from gateway.storage.redis_archive import RedisArchive
from gateway.storage.replies import (
    VERSION_BYTES,
    items,
    pairs,
    row_of,
)

__all__ = ["KEY_NAMES", "SCRIPTS", "RedisStore"]

log = structlog.get_logger("gateway.store")

UNNAMED = -1  # the vendor closes a lane and does not say until when


def _nobody_minds(*_: object) -> None:
    """Do nothing: a program that only reads once needs no word of it."""


class RedisStore(RedisArchive):
    """One shard of a real server. `client` is made by `connect`; `clock` is this process's memory of the
    shard's time.
    """

    def __init__(
        self, client: Client, shard: int = 0, prefix: str = "gw", clock: CallerClock | None = None
    ) -> None:
        self._client = client
        self.prefix = prefix
        self._clock = clock or CallerClock()
        self._epoch = ""
        self.lost: Callable[[], None] = _nobody_minds  # called when the shard is found to have been emptied
        self.committed: Callable[[CommitOutcome], None] = _nobody_minds  # called after each commit
        # called after each script with its name and how long it took, in seconds, whatever came of it
        self.answered: Callable[[str, float], None] = _nobody_minds
        self.lost_races: Counter[str] = Counter()
        self.log_length = LOG_LENGTH
        self._unanswered = ""  # the token of the last claim, where no answer to it came
        # The braces are a hash tag, which puts all keys of a shard into one slot, as scripts in a cluster
        # need: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
        self._keys = [f"{{{prefix}:{shard}}}:{name}" for name in KEY_NAMES]
        self.keys = dict(zip(KEY_NAMES, self._keys, strict=True))  # by what they hold

    async def take_epoch(self) -> None:
        """Learn the shard's epoch, and make one where it has none. From then on every script compares it.

        Raises `StateUnavailable`.
        """
        self._epoch = (await self._run("epoch", secrets.token_hex(8))).decode()

    async def _run(self, script: str, *args: bytes | str | int) -> Any:
        return await self._call(script, self._clock.ask(), *args)

    async def _call(self, script: str, asked: Asked, *args: bytes | str | int, lasting: bool = False) -> Any:
        started = elapsed_seconds()
        try:
            return await self._client.run(
                SCRIPTS[script], self._keys, *args, f"{asked} {self._epoch}", lasting=lasting
            )
        except StateLost:
            self.lost()
            raise
        finally:
            self.answered(script, elapsed_seconds() - started)

    def _time(self, asked: Asked, reading: int | Sequence[int], *, claimed: bool = False) -> StoreTime:
        """Read the time in a reply, and remember it for the next call."""
        # One number where `now`, `wall` and the candidate are the same: no clock was stepped.
        time = StoreTime(reading, reading, reading) if isinstance(reading, int) else StoreTime(*reading)
        self._clock.hear(asked, time, claimed=claimed)
        return time

    def about_now(self) -> int:
        return self._clock.about_now()

    async def gather(self, ask: Query) -> Result:
        asked, cells = self._clock.ask(), by_table(ask.cells)
        reply = await self._call("gather", asked, packed_query(ask, cells))
        reading, alerts, cell_rows, key_rows, incidents, topics = reply
        time = self._time(asked, reading)
        rows = {cell: row_of(row) for cell, row in zip(cells_of(cells), cell_rows, strict=True)}
        for key, row in zip(ask.keys, key_rows, strict=True):
            rows[Cell(Table.KEYS, key)] = row_of(row)
        for incident, row in pairs(incidents):
            rows[Cell(Table.INCIDENTS, incident.decode())] = row_of(row)
        pointed = [(pointer[VERSION_BYTES:].decode(), row_of(row)) for pointer, row in pairs(alerts)]
        standing = {
            topic: (alert.decode(), row_of(row))
            for topic, (alert, row) in zip(ask.topics, pairs(topics), strict=True)
            if alert  # somebody stands there
        }
        return Result(time.now, pointed, rows, standing, time.ahead)

    async def commit(self, changes: Changes) -> Committed:
        # The version is random: a record that is dropped and made
        # again never gets one that a replica has read.
        version = secrets.token_bytes(VERSION_BYTES)
        # A full store refuses only commits that make history grow: a delivery can still write what was sent.
        script = "commit_grow" if changes.grows else "commit"
        args = packed_changes(changes, self.log_length)
        asked = self._clock.ask()
        outcome, reading, *changed = await self._call(script, asked, version, *args, lasting=True)
        time = self._time(asked, reading)
        expected = cells_of(by_table(changes.expect)) if changed else ()
        lost = tuple(expected[number] for number in changed)
        committed = Committed(CommitOutcome(outcome.decode()), time.now, version, time.ahead, lost)
        self.committed(committed.outcome)
        log.debug("commit_answered", outcome=committed.outcome.value)
        return committed

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        if self._unanswered and (leased := await self._leased_unanswered(lease)).claims:
            return leased
        # Each claim has a token of its own: a replica that was
        # frozen past its lease can write nothing under it.
        token = secrets.token_hex(8)
        asked, fields = self._clock.ask(), packed_claim(limit, lease, lanes)
        try:
            reply = await self._call("claim", asked, token, fields)
        except StateUnavailable:
            self._unanswered = token
            raise
        reading, next_due, claimed = reply
        time = self._time(asked, reading, claimed=True)
        found = zip(claimed[::4], claimed[1::4], claimed[2::4], claimed[3::4], strict=True)
        claims = tuple(
            Claim(
                Subject.parse(subject.decode()),
                token,
                int(due),
                refused_before=bool(refused),
                share=Share(int(share)),
            )
            for subject, due, share, refused in found
        )
        next_at = None if int(next_due) == NOTHING_DUE else int(next_due)
        return Claimed(time.now, next_at, claims, time.ahead)

    async def _leased_unanswered(self, lease: int) -> Claimed:
        """Return what a claim has leased that was carried out and not answered, as when the store was killed.

        People would wait for it until the lease ends otherwise. A lease that is over by half is given
        back, since a send may take as long as the rest of it: the next claim takes the subject for its
        whole time.
        """
        leases = await self._client.ask("HGETALL", self.keys["leases"])
        gathered, token = await self.gather(Query()), self._unanswered
        ends = {name: words[1] for name, raw in items(leases) if (words := raw.decode().split())[0] == token}
        claims = {
            Claim(Subject.parse(name.decode()), token, gathered.now): int(end) - gathered.now
            for name, end in ends.items()
        }
        late = [claim for claim, left in claims.items() if left < lease // 2]
        if late:
            await commit(self, Changes(releases=[Release(claim, gathered.now) for claim in late]))
        self._unanswered = ""
        return Claimed(
            gathered.now,
            gathered.now,
            tuple(claim for claim in claims if claim not in late),
            gathered.ahead,
        )

    async def close_lane(self, lane: str, pace: Pace, until: int | None) -> int:
        named, version = UNNAMED if until is None else until, secrets.token_bytes(VERSION_BYTES)
        return int(await self._run("close_lane", lane, named, pace.key(lane), pace.allowance, version))

    async def note_taken(self, lane: str, pace: Pace) -> None:
        await self._run("note_taken", pace.key(lane))

    async def fence(self, holder: str, length: int) -> bool:
        return bool(await self._run("fence", holder, length))

    async def now(self) -> int:
        return (await self.gather(Query())).now
