"""Sweep: what changes for everybody at once is brought to every alert and incident that it concerns.

A sweep is on the agenda like everything else, put there by the commit that made it necessary, so that no crash loses it.
"""

from __future__ import annotations

from gateway.decisions.controls import OrderBook, compile_orders
from gateway.decisions.intake.source_takeover import rehome
from gateway.decisions.policy import Policy
from gateway.model.agenda import LATE_POSTS, NEW_ORDERS, audit_subject, plan_subject, poll_subject, watch_subject
from gateway.model.cells import ORDERS, RULES, SWEPT
from gateway.model.changes import Ask, Cell, Changes, Claim, Fate, Release, Row, Table
from gateway.model.controls import Orders, Silence
from gateway.model.durations import SECOND
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.records import dump, load_alert, load_incident
from gateway.model.rule_generation import load_announced
from gateway.ports import State
from gateway.reconcile.context import Context, outdated
from gateway.state.commit import commit, let_go
from gateway.state.paging import pages

STRAGGLING = 15 * SECOND  # by then no replica takes webhooks by the rules before
PEOPLE_WAIT, BEHIND_NEWS = 1, 6  # the priorities of what is looked at for a silence, and for what concerns everybody


async def sweep(context: Context, claim: Claim, what: str) -> None:
    """`rules`: every open incident is planned anew, and every alert stands where the new rules want it. `posts`: only that.

    `orders`: the incidents of alerts that a changed silence is about are planned anew, and all of them where it is for all.
    """
    if what == "orders":
        await _sweep_orders(context, claim)
    else:
        await _sweep_rules(context, claim, what)


async def _sweep_orders(context: Context, claim: Claim) -> None:
    store = context.store
    gathered = await store.gather(Ask(cells=(ORDERS, SWEPT)))
    for state in context.elsewhere:
        await _bring_orders(state, gathered.rows[ORDERS].value)
    orders = compile_orders(gathered.rows[ORDERS].value).orders
    swept = int(gathered.rows[SWEPT].value or 0)
    if any(one is not None and one.version > swept for one in (orders.pause, orders.bypass)):
        await _plan_everything(store)
    else:
        await _plan_concerned(store, [one for one in orders.silences if one.version > swept], gathered.now)
    done = Changes(expect={SWEPT: gathered.rows[SWEPT].version}, put={SWEPT: str(orders.version).encode()})
    done.releases.append(Release(claim, None))
    committed = await commit(store, done)
    if committed.fate is Fate.LOST:
        await let_go(store, claim, committed.now)


async def _bring_orders(state: State, orders: bytes) -> None:
    """To another slot, unless it has them or newer ones."""
    version = compile_orders(orders).orders.version
    while True:
        gathered = await state.gather(Ask(cells=(ORDERS,)))
        row = gathered.rows[ORDERS]
        if compile_orders(row.value).orders.version >= version:
            return
        changes = Changes(expect={ORDERS: row.version}, put={ORDERS: orders})
        changes.look(NEW_ORDERS, gathered.now, 0)
        if (await commit(state, changes)).fate is Fate.DONE:
            return


async def _plan_concerned(store: State, silences: list[Silence], now: int) -> None:
    if not silences:
        return
    concerned = OrderBook(Orders(silences=tuple(silences)), ended=True)
    async for rows in pages(store, Table.ALERTS):
        changes = Changes()
        for row in rows.values():
            alert = load_alert(row.value)
            if alert.firing and concerned.matching(alert):
                changes.look(plan_subject(alert.incident), now, PEOPLE_WAIT)
        if changes.agenda:
            await commit(store, changes)


async def _sweep_rules(context: Context, claim: Claim, what: str) -> None:
    gathered = await context.store.gather(Ask(cells=(RULES,)))
    if outdated(context, load_announced(gathered.rows[RULES].value), gathered.now):
        await let_go(context.store, claim, gathered.now + 2 * SECOND)
        return
    await _stand(context.store, context.policy)
    changes = Changes(releases=[Release(claim, None)])
    for source in await _polled(context) if context.home else ():
        changes.look(poll_subject(source), gathered.now, BEHIND_NEWS)
    for watchdog in (
        context.policy.rules.watchdogs if context.home else ()
    ):  # those that no rule names any more come by themselves
        changes.look(watch_subject(watchdog), gathered.now, PEOPLE_WAIT)
    if what == "rules":
        await _plan_everything(context.store)
        for destination in context.policy.rules.audit:
            changes.look(audit_subject(destination), gathered.now, BEHIND_NEWS)
        changes.look(LATE_POSTS, gathered.now + STRAGGLING, BEHIND_NEWS)
    await commit(context.store, changes)


async def _polled(context: Context) -> set[str]:
    """The sources that the rules want looked at, and those that no rule names any more while alerts of theirs fire."""
    sources = context.policy.rules.sources
    found = {name for name, one in sources.items() if one.polled}
    for state in (context.store, *context.elsewhere):
        async for rows in pages(state, Table.ALERTS):
            for row in rows.values():
                copies = load_alert(row.value).copies
                firing = [name for name, copy in copies.items() if copy.firing and not name.startswith(OWN_SOURCE)]
                found |= {name.partition("/")[0] for name in firing} - sources.keys()
    return found


async def _stand(store: State, policy: Policy) -> None:
    """Alerts that began to fire under other rules."""
    async for rows in pages(store, Table.ALERTS):
        for name, row in rows.items():
            while row.value and (changes := _stood(policy, Cell(Table.ALERTS, name), row)) is not None:
                if (await commit(store, changes)).fate is Fate.DONE:
                    break
                cell = Cell(Table.ALERTS, name)
                row = (await store.gather(Ask(cells=(cell,)))).rows[cell]  # noqa: PLW2901 - somebody was quicker


def _stood(policy: Policy, cell: Cell, row: Row) -> Changes | None:
    """None where it stands right already."""
    before, changes = load_alert(row.value), Changes(expect={cell: row.version})
    after = policy.suppressor.inhibitor.stand(rehome(before, policy.rules, changes), changes.posts)
    changes.put[cell] = dump(after)
    return changes if after is not before else None


async def _plan_everything(store: State) -> None:
    now = await store.now()
    async for rows in pages(store, Table.INCIDENTS):
        changes = Changes()
        for row in rows.values():
            incident = load_incident(row.value)
            if not incident.resolved_at:
                changes.look(plan_subject(incident.id), now, BEHIND_NEWS)
        if changes.agenda:
            await commit(store, changes)
