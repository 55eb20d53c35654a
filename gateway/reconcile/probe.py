"""Ask destinations that refuse everything whether they take messages again, and send their dead letters then.

Nothing is made up to ask with: a dead letter is put back on the agenda, and the delivery sends it as it is
true now. The answer is written down by the delivery (`reconcile/settle.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from gateway.decisions.delivery.next_step import Rest, Step, next_step
from gateway.decisions.delivery.probe_turns import due_in_turn
from gateway.decisions.delivery.probes import adopt, begin_probe, is_due, put_off
from gateway.decisions.incident_actions import retry
from gateway.decisions.notification.plan import plan
from gateway.model.agenda import UNASKED
from gateway.model.cells import REFUSALS, RULES
from gateway.model.changes import Cell, Changes, Claim, Query, Result
from gateway.model.durations import SECOND
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.records import dump
from gateway.model.refusals import Refusals
from gateway.model.rule_generation import load_rule_generation
from gateway.reconcile.context import Context, outdated
from gateway.reconcile.job import VersionedRefusals
from gateway.reconcile.probe_turns import agree, may_begin
from gateway.reconcile.refusals import log_changes, mark_of, write_refusals
from gateway.state.commit import commit
from gateway.state.dead_letters import DeadLetter, ask_with, dead_letters, load_dead_letter, put_back
from gateway.state.snapshots import read_snapshot
from gateway.state.transact import let_go, transact

LOOK_MS = 5 * SECOND  # between two looks whether a credential has changed
_READ_REFUSALS = Query(cells=(REFUSALS,))


async def probe(context: Context, claim: Claim) -> bool:
    """Look at the destinations that refuse everything, or (`unasked`) for dead letters that nobody asks with."""
    store = context.store
    gathered = await store.gather(Query(cells=(RULES, REFUSALS)))
    if outdated(context, load_rule_generation(gathered.rows[RULES].value)):
        await let_go(store, claim, gathered.now + 2 * SECOND)
        return False
    if claim.subject == UNASKED:
        await _adopt(context)
        await let_go(store, claim, None)
        return True
    known, shared = await agree(context, VersionedRefusals.of(gathered.rows[REFUSALS]))
    works = {cause for cause, refusal in known.refusals.causes.items() if refusal.works}
    marks = {cause: mark_of(context, refusal.secrets) for cause, refusal in known.refusals.causes.items()}
    due = {
        cause: marks[cause]
        for cause, refusal in known.refusals.causes.items()
        if is_due(refusal, marks[cause], gathered.now)
    }
    due = due_in_turn(shared, due, gathered.now)
    if works:
        await _send_all(context, works)
    elif due:
        await _ask(context, known, due, gathered.now)
    again = gathered.now if works or due else gathered.now + LOOK_MS
    await let_go(store, claim, again if known.refusals.causes else None)
    return bool(works or due)


async def _by_cause(context: Context) -> dict[str, list[DeadLetter]]:
    """Read the dead letters of every cause, the most urgent first."""
    found: dict[str, list[DeadLetter]] = {}
    for letter in await dead_letters(context.store):
        if letter.cause:
            found.setdefault(letter.cause, []).append(letter)
    return found


async def _adopt(context: Context) -> None:
    """Have the destinations of dead letters asked that the record does not know of."""
    letters = {cause: found[0].ledger for cause, found in (await _by_cause(context)).items()}
    if not letters:
        return
    marks = {
        cause: mark_of(context, ledger.endpoint.secret_names)
        for cause, ledger in letters.items()
        if ledger.endpoint is not None
    }

    def decide(gathered: Result) -> tuple[Changes | None, tuple[Refusals, Refusals]]:
        known = VersionedRefusals.of(gathered.rows[REFUSALS])
        after = adopt(known.refusals, letters, marks, gathered.now)
        changes = Changes()
        write_refusals(changes, known, after, gathered.now)
        return changes if after is not known.refusals else None, (known.refusals, after)

    read = partial(context.store.gather, _READ_REFUSALS)
    log_changes(*(await transact(context.store, "refusals", read, decide)).answer)


async def _ask(context: Context, known: VersionedRefusals, marks: Mapping[str, str], now: int) -> None:
    """Put one dead letter of each of these causes back on the agenda; the others wait for its answer.

    `marks` are of the credentials of now, by cause. Where the commit loses its race,
    the next look decides anew.
    """
    letters, changes, after = await _by_cause(context), Changes(), known.refusals
    for cause, mark in marks.items():
        asking = Changes()
        asked = await _ask_for(context, letters.get(cause, ()), (cause, mark), after, asking, now)
        # Another shard has been quicker: its answer is for this one too.
        if (
            asked.causes.get(cause)
            and asked.causes[cause].probe
            and not await may_begin(context, after, asked)
        ):
            continue
        changes.merge(asking)
        after = asked
    write_refusals(changes, known, after, now)
    await commit(context.store, changes)


async def _ask_for(
    context: Context,
    letters: Iterable[DeadLetter],
    cause_and_mark: tuple[str, str],
    refusals: Refusals,
    changes: Changes,
    now: int,
) -> Refusals:
    """Put the most urgent of these dead letters back that is still true, and return the record with it.

    Those that are not true any more are dropped: nobody has to be told of what ended untold.
    """
    cause, mark = cause_and_mark
    waiting: list[int] = []
    for letter in letters:
        step = await _step_of(context, letter.ledger)
        if isinstance(step, Rest) and step.until is not None:
            waiting.append(step.until)
            continue
        if step is not None and not isinstance(step, Rest):
            changes.merge(ask_with(letter, now))
            return begin_probe(refusals, cause, letter.ledger.key, mark, now)
        changes.merge(put_back(letter, now))
    if waiting:
        # What is left becomes due later, and asks then.
        return put_off(refusals, cause, mark, min(waiting))
    # Nothing is owed there any more, and news will find out whether it still refuses.
    return refusals.without((cause,))


async def _step_of(context: Context, ledger: Ledger) -> Step | None:
    """Return what would be done for this target if its letter were not dead; None without its incident."""
    versioned = await read_snapshot(context.store, ledger.incident, context.policy)
    alive = retry(ledger)
    if versioned is None or isinstance(alive, str):
        return None
    ledgers = {**versioned.snapshot.ledgers, ledger.target: alive}
    planned = plan(replace(versioned.snapshot, ledgers=ledgers), context.policy, versioned.now)
    view = planned.views.get(ledger.target)
    if view is None:
        return None
    notifier = context.notifiers.get(view.kind)
    looks = notifier is not None and notifier.settles_by_looking
    return next_step(view.ledger, view, versioned.now, looks=looks)


async def _send_all(context: Context, causes: set[str]) -> None:
    """Put all dead letters of these causes back on the agenda, and forget the causes.

    The lanes pace them, the most urgent first, and each is rendered anew.
    """
    letters = [letter for letter in await dead_letters(context.store) if letter.cause in causes]
    # A millisecond between two of them keeps their order on the agenda.
    for place, letter in enumerate(letters):
        cell = ledger_cell(letter.ledger.incident, letter.ledger.target)
        read = partial(context.store.gather, Query(cells=(cell,)))
        await transact(context.store, "dead_letter_retry", read, partial(_send, cell, causes, place))

    def forget(gathered: Result) -> tuple[Changes | None, None]:
        known = VersionedRefusals.of(gathered.rows[REFUSALS])
        done = [
            cause for cause in causes if cause in known.refusals.causes and known.refusals.causes[cause].works
        ]
        changes = Changes(
            expect={REFUSALS: known.version}, put={REFUSALS: dump(known.refusals.without(done))}
        )
        return changes if done else None, None

    await transact(context.store, "refusals", partial(context.store.gather, _READ_REFUSALS), forget)


def _send(cell: Cell, causes: set[str], later: int, gathered: Result) -> tuple[Changes | None, None]:
    letter = load_dead_letter(gathered.rows[cell])
    # News has overtaken the dead letter meanwhile, or the incident was forgotten.
    if letter is None or letter.cause not in causes:
        return None, None
    return put_back(letter, gathered.now + later), None
