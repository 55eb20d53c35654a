"""Compact the days of the statistics that are old enough: their rows take the place of their events."""

from __future__ import annotations

import asyncio

import msgspec

from gateway.decisions.statistics.due_days import Compacted, compact_due
from gateway.model.cells import STATISTICS_DAYS, STATISTICS_FOLLOWED, statistics_day_cell
from gateway.model.changes import Changes, Claim, CommitOutcome, Release
from gateway.model.statistics.compacted import dump_day
from gateway.model.statistics.kept_days import dump_followed, dump_kept
from gateway.reconcile.context import Context, log
from gateway.state.shards import Shards
from gateway.state.statistics_history import StoredHistory, read_history
from gateway.state.statistics_sweep import EventSweep
from gateway.state.transact import commit_late


async def compact_days(context: Context, claim: Claim) -> None:
    """Compact what is due, in one commit, and then drop the events; another replica drops what is left
    of them.

    The subject stands in the home shard, and reads the events of all.
    """
    shards = Shards((context.store, *context.elsewhere))
    stored = await read_history(shards)
    # Many events take a second, in which webhooks must be answered.
    found = await asyncio.to_thread(
        compact_due, stored.history, stored.now, context.keep_statistics, crowded=stored.crowded
    )
    changes = _changes(stored, found) if found.days else Changes()
    # A whole portion: there may be more of them.
    changes.releases.append(Release(claim, None))
    committed = await commit_late(context.store, claim, changes)
    if found.days and committed.outcome is CommitOutcome.DONE:
        log.info(
            "statistics_compacted", days=len(found.days), pages=sum(len(day.pages.at) for day in found.days)
        )
        await EventSweep(shards, context.keep_statistics).sweep()


def _changes(stored: StoredHistory, found: Compacted) -> Changes:
    # Whoever was quicker has compacted the same days: this commit is lost then.
    changes = Changes(expect=dict(stored.versions))
    first, last = found.days[0], found.days[-1]
    kept = msgspec.structs.replace(
        stored.kept, begin=first.begin if stored.kept.begin is None else stored.kept.begin, end=last.end
    )
    changes.put = {statistics_day_cell(day.begin): dump_day(day) for day in found.days}
    changes.put[STATISTICS_DAYS] = dump_kept(kept)
    changes.put[STATISTICS_FOLLOWED] = dump_followed(dict(found.followed))
    return changes
