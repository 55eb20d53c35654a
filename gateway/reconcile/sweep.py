"""Bring what changes for everybody at once to every alert and incident that it concerns.

A sweep stands on the agenda, put there by the commit that made it necessary, so that no crash loses it.
"""

from __future__ import annotations

from functools import partial

from gateway.decisions.controls import CompiledControls, changed_silences, compile_controls
from gateway.decisions.intake.source_takeover import take_over
from gateway.decisions.policy import Policy
from gateway.model.agenda import BEHIND_NEWS, LATE_TOPICS, NEW_CONTROLS, NEW_RULES, Subject
from gateway.model.cells import CONTROLS, RULES, SWEPT
from gateway.model.changes import Cell, Changes, Claim, Query, Release, Result, Row, Table
from gateway.model.durations import SECOND
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.records import dump, load_alert, load_incident
from gateway.model.rule_generation import load_rule_generation
from gateway.ports import State
from gateway.reconcile.context import Context, outdated
from gateway.state.commit import commit
from gateway.state.paging import pages
from gateway.state.silence_matching import match_aside
from gateway.state.transact import commit_claimed, known_first, let_go, transact

STRAGGLING = 15 * SECOND  # after new rules: by then no replica takes webhooks by the old ones
NOTHING = (None, None)  # the decision of a transaction that changes nothing
PEOPLE_WAIT = 1  # the priority of what is looked at for a silence: its maker waits for it


async def sweep(context: Context, claim: Claim) -> None:
    """Sweep by the subject that is claimed.

    `rules` (NEW_RULES): every alert is brought to the topics where the new rules want it, and every open
    incident is planned anew. `posts` (LATE_TOPICS): only the former, for what a replica with older rules has
    taken since. `orders` (NEW_CONTROLS): the incidents of alerts that a changed silence matches are planned
    anew; for a pause or a bypass, all.
    """
    if claim.subject == NEW_CONTROLS:
        await _sweep_controls(context, claim)
    else:
        await _sweep_rules(context, claim)


async def _sweep_controls(context: Context, claim: Claim) -> None:
    store = context.store
    gathered = await store.gather(Query(cells=(CONTROLS, SWEPT)))
    # The other shards come first and `SWEPT` last: after a crash in between, the sweep is done again.
    for state in context.elsewhere:
        await _bring_controls(state, gathered.rows[CONTROLS].value)
    controls = compile_controls(gathered.rows[CONTROLS].value).controls
    swept = int(gathered.rows[SWEPT].value or 0)
    if any(switch is not None and switch.version > swept for switch in (controls.pause, controls.bypass)):
        await _plan_everything(store)
    else:
        await _plan_concerned(store, changed_silences(gathered.rows[CONTROLS].value, swept), gathered.now)
    done = Changes(expect={SWEPT: gathered.rows[SWEPT].version}, put={SWEPT: str(controls.version).encode()})
    done.releases.append(Release(claim, None))
    await commit_claimed(store, claim, done)


async def _bring_controls(state: State, controls: bytes) -> None:
    """Copy the controls of the home shard to another shard, unless it has them, or newer ones."""
    version = compile_controls(controls).controls.version

    def decide(gathered: Result) -> tuple[Changes | None, None]:
        row = gathered.rows[CONTROLS]
        if compile_controls(row.value).controls.version >= version:
            return None, None
        changes = Changes(expect={CONTROLS: row.version}, put={CONTROLS: controls})
        changes.schedule(NEW_CONTROLS, gathered.now, 0)
        return changes, None

    await transact(state, "copy_of_controls", partial(state.gather, Query(cells=(CONTROLS,))), decide)


async def _plan_concerned(store: State, changed: CompiledControls, now: int) -> None:
    """Plan what the silences that changed are about.

    Ended ones count too: people are to be notified of what these silences kept from them.
    """
    if not changed.controls.silences:
        return
    async for rows in pages(store, Table.ALERTS):
        changes = Changes()
        firing = [alert for alert in (load_alert(row.value) for row in rows.values()) if alert.firing]
        await match_aside(changed, firing)
        for alert in firing:
            if changed.matching(alert):
                changes.schedule(Subject.plan(alert.incident), now, PEOPLE_WAIT)
        if changes.agenda:
            await commit(store, changes)


async def _sweep_rules(context: Context, claim: Claim) -> None:
    gathered = await context.store.gather(Query(cells=(RULES,)))
    if outdated(context, load_rule_generation(gathered.rows[RULES].value)):
        await let_go(context.store, claim, gathered.now + 2 * SECOND)
        return
    # The alerts come to their topics before incidents are planned: a plan by the new rules needs to find
    # the alerts that inhibit its members, else people are notified of what is inhibited.
    await _place_alerts(context.store, context.policy)
    changes = Changes(releases=[Release(claim, None)])
    # The home shard polls for all shards: each further one would ask the same peers again.
    for source in await _polled(context) if context.home else ():
        changes.schedule(Subject.poll(source), gathered.now, BEHIND_NEWS)
    # Watchdogs that no rule names any more are on the agenda already, and are ended by their next look.
    for watchdog in context.policy.rules.watchdogs if context.home else ():
        changes.schedule(Subject.watchdog(watchdog), gathered.now, PEOPLE_WAIT)
    if claim.subject == NEW_RULES:
        await _plan_everything(context.store)
        for destination in context.policy.rules.audit:
            changes.schedule(Subject.audit(destination), gathered.now, BEHIND_NEWS)
        changes.schedule(LATE_TOPICS, gathered.now + STRAGGLING, BEHIND_NEWS)
    await commit_claimed(context.store, claim, changes)


async def _polled(context: Context) -> set[str]:
    """Return the sources to look at: those that the rules want polled, and unnamed ones whose alerts fire."""
    sources = context.policy.rules.sources
    found = {name for name, source in sources.items() if source.polled}
    for state in (context.store, *context.elsewhere):
        async for rows in pages(state, Table.ALERTS):
            for row in rows.values():
                copies = load_alert(row.value).copies
                firing = [
                    name for name, copy in copies.items() if copy.firing and not name.startswith(OWN_SOURCE)
                ]
                found |= {name.partition("/")[0] for name in firing} - sources.keys()
    return found


async def _place_alerts(store: State, policy: Policy) -> None:
    """Bring every alert to the topics where the rules in force want it.

    An alert that began to fire under other rules may stand elsewhere.
    """
    async for rows in pages(store, Table.ALERTS):
        for name, row in rows.items():
            cell = Cell(Table.ALERTS, name)
            if _placed(policy, cell, row) == NOTHING:  # it stands right, as nearly all do
                continue
            await transact(
                store,
                "topics_of_alert",
                known_first(row, partial(_read_row, store, cell)),
                partial(_placed, policy, cell),
            )


async def _read_row(store: State, cell: Cell) -> Row:
    return (await store.gather(Query(cells=(cell,)))).rows[cell]


def _placed(policy: Policy, cell: Cell, row: Row) -> tuple[Changes | None, None]:
    """Decide what brings an alert to its topics: nothing where it stands right, or is forgotten by now."""
    if not row.value:
        return NOTHING
    before, changes = load_alert(row.value), Changes(expect={cell: row.version})
    after = policy.suppressor.inhibitor.move_to_topics(
        take_over(before, policy.rules, changes), changes.topics
    )
    if after is before:
        return NOTHING
    changes.put[cell] = dump(after)
    return changes, None


async def _plan_everything(store: State) -> None:
    now = await store.now()
    async for rows in pages(store, Table.INCIDENTS):
        changes = Changes()
        for row in rows.values():
            incident = load_incident(row.value)
            if not incident.resolved_at:
                changes.schedule(Subject.plan(incident.id), now, BEHIND_NEWS)
        if changes.agenda:
            await commit(store, changes)
