"""Show the figures of the statistics as metrics: one replica makes them and writes them down, all show them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import structlog

from gateway.clock import elapsed_ms
from gateway.decisions.statistics.summary import summary
from gateway.errors import StateUnavailable
from gateway.model.cells import STATISTICS_SUMMARY
from gateway.model.changes import Changes, CommitOutcome, Query
from gateway.model.durations import MINUTE
from gateway.model.statistics.summary import Summary, dump_summary, load_summary
from gateway.state.commit import commit
from gateway.state.looking import look_again_and_again
from gateway.state.shards import Shards
from gateway.state.statistics_history import read_history

log = structlog.get_logger("gateway.statistics")

LOOK_SECONDS = 60.0
MADE_EVERY_MS = 10 * MINUTE
REST = 100  # figures that take a second are made every 100 seconds at most


@dataclass(slots=True)
class StatisticsWatch:
    """`show` is told of the figures that are in the store."""

    shards: Shards
    show: Callable[[Summary], None]

    async def run(self) -> None:
        def away(error: StateUnavailable) -> None:
            log.debug("statistics_summary_delayed", error=str(error))

        # Whoever has just started has other work.
        await asyncio.sleep(LOOK_SECONDS)
        await look_again_and_again(self.look, None, LOOK_SECONDS, away)

    async def look(self) -> None:
        """Show the figures, and make them where they are old. Raises `StateUnavailable`."""
        gathered = await self.shards.home.gather(Query(cells=(STATISTICS_SUMMARY,)))
        row = gathered.rows[STATISTICS_SUMMARY]
        known = load_summary(row.value)
        if known is None or abs(gathered.wall - known.made_at) >= max(MADE_EVERY_MS, REST * known.took):
            known = await self._make(row.version) or known
        if known is not None:
            self.show(known)

    async def _make(self, version: bytes) -> Summary | None:
        """Make the figures and write them down; return None where another replica was quicker."""
        began = elapsed_ms()
        stored = await read_history(self.shards)
        # A long history takes seconds, in which webhooks must be answered.
        made = await asyncio.to_thread(summary, stored.history, stored.now)
        made = msgspec.structs.replace(made, took=round(elapsed_ms() - began))
        changes = Changes(expect={STATISTICS_SUMMARY: version}, put={STATISTICS_SUMMARY: dump_summary(made)})
        done = await commit(self.shards.home, changes)
        return made if done.outcome is CommitOutcome.DONE else None
