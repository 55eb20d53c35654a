"""Check a watchdog: say that its heartbeat is missing, and that it came after all.

What should be so is written down first, with the lease; the alert of our own follows. A replica that is
killed in between leaves the alert to the next look. So one replica acts at a time, and nothing that was
begun is forgotten.
"""

from __future__ import annotations

import structlog

from gateway.decisions.partition import partition_of, shard_of
from gateway.decisions.sources.missing_heartbeat import (
    HeartbeatCheck,
    HeartbeatFacts,
    check_heartbeat,
    missing_alert,
)
from gateway.decisions.sources.watchdogs import MAX_RESOLVE_HOLD, topic
from gateway.model.cells import RULES, heartbeat_cell, watchdog_cell
from gateway.model.changes import Changes, Claim, CommitOutcome, LogEntry, Query, Release, Result
from gateway.model.durations import SECOND, spoken
from gateway.model.instants import instant
from gateway.model.records import dump, load_alert, load_watchdog_state
from gateway.model.rule_generation import load_rule_generation
from gateway.model.rules.kinds import Watchdog
from gateway.model.watchdog import WatchdogState, load_heartbeat
from gateway.reconcile.context import Context, outdated
from gateway.state.commit import commit
from gateway.state.transact import commit_claimed, let_go

log = structlog.get_logger("gateway.watchdogs")


async def check_watchdog(context: Context, claim: Claim) -> None:
    """Look at one watchdog; a watchdog that no rule names any more is ended and forgotten."""
    name = claim.subject.id
    gathered = await context.store.gather(Query(cells=(RULES, watchdog_cell(name), heartbeat_cell(name))))
    now = gathered.now
    if outdated(context, load_rule_generation(gathered.rows[RULES].value)):
        await let_go(context.store, claim, now + 2 * SECOND)
        return
    dog = context.policy.rules.watchdogs.get(name)
    in_force = dog is not None and context.policy.suppressor.watchdogs.in_force(dog, gathered.wall)
    known = await _known(context, gathered, name)
    looked = check_heartbeat(dog, known, now, in_force=in_force)
    committed = await commit_claimed(context.store, claim, _changes(claim, name, gathered, known, looked))
    # A heartbeat came meanwhile, or another replica has taken
    # over: nobody is notified of what was not written.
    if committed.outcome is not CommitOutcome.DONE:
        return
    if looked.watch is None:
        for state in context.elsewhere:
            # Intake writes a heartbeat into every shard; the claim's
            # own commit has dropped only the home shard's.
            await commit(state, Changes(drop=[heartbeat_cell(name)]))
    elif looked.says:
        details = (
            _details(dog, known.last, looked.watch) if dog is not None and looked.watch is not None else ""
        )
        alert = missing_alert(looked.says, details)
        observation = alert.observed(now, firing=looked.firing, docs_url=context.docs_url)
        log.warning(
            "heartbeat_missing" if looked.firing else "heartbeat_no_longer_missing",
            watchdog=name,
            last=known.last or 0,
        )
        await context.intake.accept([observation], ())


async def _known(context: Context, gathered: Result, name: str) -> HeartbeatFacts:
    row, last = gathered.rows[watchdog_cell(name)], load_heartbeat(gathered.rows[heartbeat_cell(name)].value)
    before = load_watchdog_state(row.value) if row.value else None
    if before is None or not before.alert:
        return HeartbeatFacts(before, last, fires=False)
    shards = (context.store, *context.elsewhere)
    alert = missing_alert(before.alert)
    # The own alert lies in the shard that its labels lead to, which may be another than this one.
    at = shard_of(partition_of(alert.full, context.policy.rules.partition_by), len(shards))
    [(_, found)] = (await shards[at].gather(Query([alert.copy], [alert.identity]))).alerts
    return HeartbeatFacts(
        before, last, fires=bool(found.value) and alert.fires(load_alert(found.value).copies)
    )


def _changes(
    claim: Claim, name: str, gathered: Result, known: HeartbeatFacts, looked: HeartbeatCheck
) -> Changes:
    """Return what a look writes. A heartbeat that came since it was read makes the commit lose its race.

    While a heartbeat is missing, the watchdog subscribes to its topic, so that the next one is seen at once.
    """
    cell, heartbeats = watchdog_cell(name), heartbeat_cell(name)
    changes = Changes(releases=[Release(claim, looked.look_at)])
    changes.expect = {read: gathered.rows[read].version for read in (cell, heartbeats)}
    missing = looked.watch.missing_since if looked.watch is not None else None
    (changes.topics.subscribe if missing else changes.topics.unsubscribe).append((topic(name), claim.subject))
    if looked.watch is None:
        changes.drop += [cell, heartbeats]
    else:
        changes.put[cell] = dump(looked.watch)
    before = known.watch.missing_since if known.watch is not None else None
    if (missing is None) is not (before is None):
        changes.log.append(
            LogEntry("", "heartbeat_missing" if missing else "heartbeat_back", {"watchdog": name})
        )
    return changes


def _details(dog: Watchdog, last: int | None, watch: WatchdogState) -> str:
    """Say since when the heartbeat is missing, how often it should come, and what that means here."""
    since = f"{instant(last or watch.since):%Y-%m-%d %H:%M:%S} UTC"
    said = f"The last one came {since}" if last else f"None came since {since}"
    held = (
        f" What ends at {dog.source} goes on firing here until it is heard again,"
        f" for {spoken(MAX_RESOLVE_HOLD)} at most."
        if dog.hold_resolves
        else ""
    )
    return f"{said}; one is due every {spoken(dog.every)} ({dog.described}).{held}"
