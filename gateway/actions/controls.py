"""The desk for orders: silences, a pause of paging, a bypass of suppression; read, decide, commit, and have it looked at.

There is one set of them, in the home slot; its sweep brings it to the others. What changes puts `sweep:orders` on the agenda in the same commit, so that everything concerned is looked at again at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from gateway.decisions.controls import compile_orders, order
from gateway.decisions.policy import Policy
from gateway.decisions.suppression.silence_preview import Scales
from gateway.decisions.suppression.silences import Change, Wish, approve, change_silence, end, extend, propose, with_silence
from gateway.errors import StateUnavailable
from gateway.model.agenda import NEW_ORDERS, TEND
from gateway.model.cells import ORDERS
from gateway.model.changes import Ask, Changes, Fate, LogEntry, Table
from gateway.model.controls import Fault, Order, Orders, Silence
from gateway.model.instants import written
from gateway.model.records import dump, load_alert
from gateway.state.commit import commit
from gateway.state.paging import pages
from gateway.state.shards import Slots

RACES = 5


@dataclass(frozen=True, slots=True)
class Weighed:
    """A silence before it is made: how much it would hide, and what should make one think twice."""

    silence: Silence
    scales: Scales
    warnings: tuple[str, ...]


class OrderDesk:
    """`policy` answers the one in force. A `Fault` says why something cannot be; every method raises `StateUnavailable`."""

    def __init__(self, slots: Slots, policy: Callable[[], Policy], woken: Callable[[], None]) -> None:
        self._slots = slots
        self._policy = policy
        self._woken = woken

    async def held(self) -> tuple[Orders, int]:
        """The orders, and the store's time."""
        gathered = await self._slots.home.gather(Ask(cells=(ORDERS,)))
        return compile_orders(gathered.rows[ORDERS].value).orders, gathered.now

    async def weigh(self, wish: Wish) -> Weighed | Fault:
        """Against everything that fires, and what fired in the last 7 days."""
        rules, now = self._policy().rules, await self._slots.home.now()
        silence = propose(wish, uuid4().hex[:8], rules.silences, rules.intervals, now)
        if isinstance(silence, Fault):
            return silence
        scales = Scales(silence, now)
        for table in (Table.ALERTS, Table.PAST):
            async for rows in pages(self._slots, table):
                for row in rows.values():
                    scales.add(load_alert(row.value))
        return Weighed(silence, scales, tuple(scales.warnings(rules.silences)))

    async def silence(self, silence: Silence) -> Silence | Fault:
        """Make it as it was weighed."""
        said = {"silence": silence.id, "by": silence.by, "matchers": ", ".join(silence.matchers), "why": silence.why}
        changed = await self._change(lambda orders, now: with_silence(orders, silence, now), LogEntry("", "silenced", said))
        return changed if isinstance(changed, Fault) else silence

    async def extend(self, name: str, by: str, ends_at: int) -> Silence | Fault:
        """Give it another end."""
        policy = self._policy().rules.silences
        return await self._change_silence(name, "silence_extended", by, lambda it, now: extend(it, by, ends_at, policy, now))

    async def approve(self, name: str, by: str) -> Silence | Fault:
        return await self._change_silence(name, "silence_approved", by, lambda it, now: approve(it, by, now))

    async def end(self, name: str, by: str) -> Silence | Fault:
        return await self._change_silence(name, "silence_ended", by, lambda it, now: end(it, by, now))

    async def order(self, kind: Literal["pause", "bypass"], by: str, until: int, reason: str) -> Order | Fault:
        """A pause or a bypass until then; 0 lifts the one that stands."""
        wish = Order(by, 0, until, reason)
        said = LogEntry(
            "", f"{kind}_ordered" if until else f"{kind}_lifted", {"by": by, "until": written(until), "reason": reason}
        )
        changed = await self._change(lambda orders, now: order(orders, kind, wish, now), said)
        if isinstance(changed, Fault):
            return changed
        return (changed.pause if kind == "pause" else changed.bypass) or wish

    async def _change_silence(self, name: str, what: str, by: str, change: Change) -> Silence | Fault:
        said = LogEntry("", what, {"silence": name, "by": by})
        changed = await self._change(lambda orders, now: change_silence(orders, name, change, now), said)
        return changed if isinstance(changed, Fault) else next(one for one in changed.silences if one.id == name)

    async def _change(self, change: Callable[[Orders, int], Orders | Fault], said: LogEntry) -> Orders | Fault:
        for _ in range(RACES):
            gathered = await self._slots.home.gather(Ask(cells=(ORDERS,)))
            row = gathered.rows[ORDERS]
            after = change(compile_orders(row.value).orders, gathered.now)
            if isinstance(after, Fault):
                return after
            changes = Changes(expect={ORDERS: row.version}, put={ORDERS: dump(after)}, log=[said])
            changes.look(NEW_ORDERS, gathered.now, 0)
            changes.look(TEND, gathered.now, 9)
            if (await commit(self._slots.home, changes)).fate is Fate.DONE:
                self._woken()
                return after
        raise StateUnavailable("the orders change too quickly: try again")
