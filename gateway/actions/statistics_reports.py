"""Make reports of the statistics for people, whichever way they ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.clock import utc_ms
from gateway.decisions.statistics.due_days import compacts
from gateway.decisions.statistics.report import report
from gateway.model.statistics.report import Report
from gateway.model.statistics.request import StatisticsRequest
from gateway.state.shards import Shards
from gateway.state.statistics import SEED
from gateway.state.statistics_history import StoredHistory, read_history


@dataclass(frozen=True, slots=True)
class StatisticsReports:
    """`mark` makes a keyed hash, the seed of the draws. `keep` is for how long events are kept (ms)."""

    shards: Shards
    mark: Callable[[str], str]
    keep: int

    async def make(self, wanted: StatisticsRequest) -> Report:
        """Raises `StateUnavailable`."""
        stored = await read_history(self.shards, self.mark(SEED))
        history = replace(stored.history, missing=self._missing(stored, wanted.from_))
        # A long history takes seconds, in which webhooks must be answered.
        return await asyncio.to_thread(report, history, wanted)

    def _missing(self, stored: StoredHistory, begin: int) -> tuple[str, ...]:
        """Return why a report from `begin` on (ms) lacks something."""
        lost = {reason for reason, until in stored.kept.lost.items() if begin < until}
        if stored.crowded:
            lost.add("over_cap")
        if not compacts(self.keep) and begin < utc_ms() - self.keep:
            lost.add("expired")
        return tuple(sorted(lost))
