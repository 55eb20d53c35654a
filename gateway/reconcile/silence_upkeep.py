"""Tend the silences: end those that are over, and say which are about to end while alerts still fire under them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gateway.decisions.controls import OrderBook, compile_orders
from gateway.decisions.suppression.silences import hides, tend
from gateway.model.agenda import NEW_ORDERS
from gateway.model.cells import ORDERS
from gateway.model.changes import Ask, Changes, Claim, Fate, LogEntry, Release, Table
from gateway.model.records import dump, load_alert
from gateway.ports import State
from gateway.reconcile.context import Context
from gateway.state.commit import commit, let_go
from gateway.state.paging import pages
from gateway.state.shards import Slots

NAMED = 5


async def tend_silences(context: Context, claim: Claim, _what: str) -> None:
    store = context.store
    gathered = await store.gather(Ask(cells=(ORDERS,)))
    row, now = gathered.rows[ORDERS], gathered.now
    book = compile_orders(row.value)
    hidden = await _hidden((store, *context.elsewhere), book) if book.orders.silences else {}
    tended = tend(book.orders, hidden, context.policy.calendar, context.policy.rules.silences, now)
    for silence in tended.ending:
        names = ", ".join(f"{count} × {name}" for name, count in hidden[silence.id].most_common(NAMED))
        context.report("GatewaySilenceEnding", {"silence": silence.id, "owner": silence.by}, f"Under it still fire: {names}.")
    changes = Changes(releases=[Release(claim, tended.look_at or None)])
    if tended.orders is not book.orders:
        changes.expect[ORDERS], changes.put[ORDERS] = row.version, dump(tended.orders)
        ended = [one for one in tended.orders.silences if one.version == tended.orders.version]
        changes.log += [LogEntry("", "silence_ended", {"silence": one.id, "by": one.ended_by}) for one in ended]
        if ended:
            changes.look(NEW_ORDERS, now, 0)
    committed = await commit(store, changes)
    if committed.fate is Fate.LOST:
        await let_go(store, claim, committed.now)


async def _hidden(everywhere: Sequence[State], book: OrderBook) -> dict[str, Counter[str]]:
    """By silence, the names of the alerts that fire and match it."""
    hidden: dict[str, Counter[str]] = {}
    async for rows in pages(Slots(everywhere), Table.ALERTS):
        for row in rows.values():
            alert = load_alert(row.value)
            for silence in book.matching(alert) if alert.firing else ():
                if hides(silence, alert):
                    hidden.setdefault(silence.id, Counter())[alert.name] += 1
    return hidden
