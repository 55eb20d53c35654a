"""Watch a watchdog: say that its heartbeat is missing, and that it came after all.

What should be so is written down first, with the lease; the alert of our own follows it, and whoever is killed in between leaves
it to the next look. So one replica acts at a time, and nothing that was begun is forgotten.
"""

from __future__ import annotations

import structlog

from gateway.decisions.partition import partition_of, slot_of
from gateway.decisions.sources.missing_heartbeat import Known, Looked, look, missing_alert
from gateway.decisions.sources.watchdogs import LONGEST_WAIT, post
from gateway.model.cells import RULES, beat_cell, watch_cell
from gateway.model.changes import Ask, Changes, Claim, Fate, Gathered, LogEntry, Release
from gateway.model.durations import SECOND
from gateway.model.instants import instant
from gateway.model.records import dump, load_alert, load_watch
from gateway.model.rule_generation import load_announced
from gateway.model.rules.kinds import Watchdog
from gateway.model.watchdog import Watch, load_beat
from gateway.outbound.wording import spoken
from gateway.reconcile.context import Context, outdated
from gateway.state.commit import commit, let_go

log = structlog.get_logger("gateway.watchdogs")


async def watch(context: Context, claim: Claim, name: str) -> None:
    """`name` is the watchdog's; one that no rule names any more is ended and forgotten."""
    gathered = await context.store.gather(Ask(cells=(RULES, watch_cell(name), beat_cell(name))))
    now = gathered.now
    if outdated(context, load_announced(gathered.rows[RULES].value), now):
        await let_go(context.store, claim, now + 2 * SECOND)
        return
    dog = context.policy.rules.watchdogs.get(name)
    in_force = dog is not None and context.policy.suppressor.watchdogs.in_force(dog, now)
    known = await _known(context, gathered, name)
    looked = look(dog, known, now, in_force=in_force)
    committed = await commit(context.store, _changes(claim, name, gathered, known, looked))
    if committed.fate is Fate.LOST:
        await let_go(context.store, claim, now)
    elif committed.fate is Fate.DONE and looked.watch is None:
        for state in context.elsewhere:
            await commit(state, Changes(drop=[beat_cell(name)]))
    elif committed.fate is Fate.DONE and looked.says:
        details = _details(dog, known.last, looked.watch) if dog is not None and looked.watch is not None else ""
        observation = missing_alert(looked.says, details).observed(now, firing=looked.firing)
        log.warning("heartbeat_missing" if looked.firing else "heartbeat_no_longer_missing", watchdog=name, last=known.last)
        await context.intake.accept([observation], ())


async def _known(context: Context, gathered: Gathered, name: str) -> Known:
    row, last = gathered.rows[watch_cell(name)], load_beat(gathered.rows[beat_cell(name)].value)
    before = load_watch(row.value) if row.value else None
    if before is None or not before.alert:
        return Known(before, last, fires=False)
    slots = (context.store, *context.elsewhere)
    alert = missing_alert(before.alert)
    at = slot_of(partition_of(alert.full, context.policy.rules.partition_by), len(slots))
    (_, found), = (await slots[at].gather(Ask([alert.copy], [alert.identity]))).alerts  # fmt: skip
    return Known(before, last, fires=bool(found.value) and alert.fires(load_alert(found.value).copies))


def _changes(claim: Claim, name: str, gathered: Gathered, known: Known, looked: Looked) -> Changes:
    """Where a heartbeat came meanwhile, the race is lost; while one is missing the next is seen at once."""
    cell, beats = watch_cell(name), beat_cell(name)
    changes = Changes(releases=[Release(claim, looked.look_at)])
    changes.expect = {one: gathered.rows[one].version for one in (cell, beats)}
    missing = looked.watch.missing_since if looked.watch is not None else 0
    (changes.posts.watch if missing else changes.posts.unwatch).append((post(name), claim.subject))
    if looked.watch is None:
        changes.drop += [cell, beats]
    else:
        changes.put[cell] = dump(looked.watch)
    before = known.watch.missing_since if known.watch is not None else 0
    if bool(missing) is not bool(before):
        changes.log.append(LogEntry("", "heartbeat_missing" if missing else "heartbeat_back", {"watchdog": name}))
    return changes


def _details(dog: Watchdog, last: int, watch: Watch) -> str:
    """Since when, how often it should come, and what that means here."""
    said = f"The last one came {instant(last):%Y-%m-%d %H:%M:%S} UTC" if last else f"None came since {instant(watch.since):%Y-%m-%d %H:%M:%S} UTC"  # fmt: skip
    held = f" What ends at {dog.source} goes on firing here until it is heard again, for {spoken(LONGEST_WAIT)} at most." if dog.hold_resolves else ""  # fmt: skip
    return f"{said}; one is due every {spoken(dog.every)} ({dog.described}).{held}"
