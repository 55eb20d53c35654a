"""Take turns with the other shards in asking a destination that refuses everything.

Where there is one shard, its own record says already that one notification asks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gateway.decisions.delivery.probe_turns import follow, publish, take_turn
from gateway.decisions.delivery.refusals import Admission, withheld_by
from gateway.model.cells import PROBE_TURNS, REFUSALS
from gateway.model.changes import Changes, Query, Result
from gateway.model.records import dump
from gateway.model.refusals import NO_REFUSALS, Refusals
from gateway.ports import State
from gateway.reconcile.context import Context
from gateway.reconcile.job import Job, VersionedRefusals
from gateway.reconcile.refusals import log_changes
from gateway.state.transact import transact

_READ_TURNS = Query(cells=(PROBE_TURNS,))
_READ_REFUSALS = Query(cells=(REFUSALS,))


def turns_of(context: Context) -> State | None:
    """Return the home shard where it has to be asked, None where there is but one shard."""
    if context.home:
        return context.store if context.elsewhere else None
    return context.home_store


async def agree(context: Context, known: VersionedRefusals) -> tuple[VersionedRefusals, Refusals]:
    """Tell the other shards what this one has found out, and learn from them.

    Return this shard's record as it is then, and the shared one.
    """
    home = turns_of(context)
    if home is None:
        return known, NO_REFUSALS
    shared = await _change(home, lambda shared, now: publish(shared, known.refusals, context.shard, now))
    if follow(known.refusals, shared) is known.refusals:
        return known, shared

    def decide(gathered: Result) -> tuple[Changes | None, tuple[Refusals, Refusals]]:
        stored = VersionedRefusals.of(gathered.rows[REFUSALS])
        after = follow(stored.refusals, shared)
        changes = Changes(expect={REFUSALS: stored.version}, put={REFUSALS: dump(after)})
        return changes if after is not stored.refusals else None, (stored.refusals, after)

    read = partial(context.store.gather, _READ_REFUSALS)
    log_changes(*(await transact(context.store, "refusals", read, decide)).answer)
    return VersionedRefusals.of((await read()).rows[REFUSALS]), shared


async def may_begin(context: Context, before: Refusals, after: Refusals) -> bool:
    """Return whether the questions that `after` begins may be asked now; no other shard asks them then."""
    home = turns_of(context)
    asking = {
        cause: refusal for cause, refusal in after.causes.items() if refusal != before.causes.get(cause)
    }
    if home is None or not asking:
        return True
    # Whatever kills this shard from here on, the others ask when its patience is over.
    taken: list[bool] = []

    def change(shared: Refusals, now: int) -> Refusals:
        turn = take_turn(shared, asking, context.shard, now)
        taken[:] = [turn is not None]
        return shared if turn is None else turn

    await _change(home, change)
    return taken[0]


async def in_turn(job: Job, admission: Admission) -> Admission:
    """Hold a notification back that would ask a destination in a moment in which another shard does."""
    before = job.refusals.refusals
    if admission.refusals is None or await may_begin(job.context, before, admission.refusals):
        return admission
    return withheld_by(before, admission.refusals)


async def _change(home: State, change: Callable[[Refusals, int], Refusals]) -> Refusals:
    """Change the shared record, and return it as it is then."""

    def decide(gathered: Result) -> tuple[Changes | None, Refusals]:
        known = VersionedRefusals.of(gathered.rows[PROBE_TURNS])
        after = change(known.refusals, gathered.now)
        changes = Changes(expect={PROBE_TURNS: known.version}, put={PROBE_TURNS: dump(after)})
        return changes if after is not known.refusals else None, after

    return (await transact(home, "probe_turns", partial(home.gather, _READ_TURNS), decide)).answer
