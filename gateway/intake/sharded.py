"""Spread observations over the shards: each goes to the intake of its partition's shard."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import structlog
from msgspec.structs import replace

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.partition import HOME, partition_of, shard_of
from gateway.decisions.policy import Policy
from gateway.intake.group_commit import GroupCommit
from gateway.intake.pieces import NO_TURN
from gateway.intake.repeats import Repeat, Sighting
from gateway.intake.turns import Turn
from gateway.model.quarantined import Quarantined
from gateway.model.truncated_groups import GroupReport
from gateway.model.verdict import Taken

log = structlog.get_logger("gateway.intake")


class ShardedIntake:
    """The intake over all shards; `intakes` by shard.

    A webhook for several shards counts as taken when each of them has its part. Where one shard could not
    take its part, the sender sends all of it again, and the other shards know their parts by then.
    """

    def __init__(self, intakes: Sequence[GroupCommit], policy: Policy) -> None:
        self._intakes = intakes
        self._partition_by = policy.rules.partition_by
        self._watchdogs = policy.suppressor.watchdogs
        self._cut_short: set[str] = set()

    def know_cut_short(self, groups: Iterable[str]) -> None:
        """Take over which groups the store has as cut short, in any shard."""
        self._cut_short = set(groups)

    async def accept(
        self,
        seen: Sequence[Sighting],
        quarantined: Sequence[Quarantined],
        groups: Sequence[GroupReport] = (),
        turn: Turn = NO_TURN,
    ) -> Sequence[Taken]:
        """Return the verdicts when everything is durable. `turn` says who sends it.

        Raises `StateUnavailable`; then not all of it counts as taken.
        """
        heard = self._watchdogs.heard(sighting for sighting in seen if not isinstance(sighting, Repeat))
        if heard:
            seen = [self._unknown_if_heartbeat(sighting) for sighting in seen]
        if len(self._intakes) == 1:
            return await self._intakes[HOME].accept(seen, quarantined, heard, groups, turn)
        self._cut_short |= {group.name for group in groups if group.left_out}
        # A group that is whole again may have been cut short where this webhook has no alert of it.
        everywhere = bool(heard) or any(group.name in self._cut_short for group in groups)
        tasks = {
            shard: asyncio.create_task(
                self._intakes[shard].accept(part, quarantined if shard == HOME else (), heard, groups, turn)
            )
            for shard, part in self._parts(seen, bool(quarantined), everywhere=everywhere).items()
        }
        try:
            # Every part is waited for, even after a failure:
            # Alertmanager gets one answer for the whole webhook.
            await asyncio.wait(tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()  # the sender has gone; a part that is done already is not touched by this
        return _all_of(tasks)

    def _unknown_if_heartbeat(self, sighting: Sighting) -> Sighting:
        """Keep a heartbeat from being known by its bytes: each one is written when it comes."""
        if isinstance(sighting, Repeat) or not self._watchdogs.heard((sighting,)):
            return sighting
        return replace(sighting, known_by=b"")

    def _parts(
        self, seen: Sequence[Sighting], has_quarantined: bool, *, everywhere: bool
    ) -> dict[int, list[Sighting]]:
        """Return what was seen by shard.

        A heartbeat is for every shard: the ends that wait for it may be in any of them. So is what is said of
        a group that is cut short: each shard has incidents of its own.
        """
        count = len(self._intakes)
        parts: dict[int, list[Sighting]] = {HOME: []} if has_quarantined or not seen else {}
        if everywhere:
            parts = {shard: [] for shard in range(count)}
        for sighting in seen:
            if isinstance(sighting, Repeat):
                shard = sighting.known.shard
            else:
                shard = shard_of(partition_of(sighting.labels, self._partition_by), count)
            parts.setdefault(shard, []).append(sighting)
        return parts

    def use(self, correlator: Correlator, policy: Policy) -> None:
        """Take what comes from now on by another rule set."""
        self._watchdogs = policy.suppressor.watchdogs
        for intake in self._intakes:
            intake.correlator = correlator

    async def drain(self) -> None:
        for intake in self._intakes:
            await intake.drain()

    @property
    def lost_races(self) -> int:
        return sum(intake.lost_races for intake in self._intakes)


def _all_of(parts: Mapping[int, asyncio.Task[Sequence[Taken]]]) -> Sequence[Taken]:
    """Return the verdicts of all parts. Raises the first failure, by shard; each of them is logged, so
    that none hides another.
    """
    failed = {shard: error for shard, task in parts.items() if (error := task.exception()) is not None}
    for shard, error in failed.items():
        log.warning("shard_refused", shard=shard, error=repr(error)[:200])
    for error in failed.values():
        raise error
    return [verdict for task in parts.values() for verdict in task.result()]
