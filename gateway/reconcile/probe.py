"""Ask destinations that refuse everything whether they take messages again, and send their dead letters then.

Nothing is made up to ask with: a dead letter is put back on the agenda, and the delivery sends it as it is
true now. The answer is written down by the delivery (`reconcile/settle.py`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from gateway.decisions.delivery.next_step import Rest, Step, next_step
from gateway.decisions.delivery.probes import adopt, begin_probe, is_due, most_urgent_first, put_off
from gateway.decisions.delivery.refusals import cause_of_dead_letter
from gateway.decisions.incident_actions import retry
from gateway.decisions.notification.plan import plan
from gateway.model.agenda import UNASKED, Subject, urgency
from gateway.model.cells import REFUSALS, RULES
from gateway.model.changes import Changes, Claim, LogEntry, Query, Result, Row, Table
from gateway.model.durations import SECOND
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.records import dump, load_ledger
from gateway.model.refusals import Refusals
from gateway.model.rule_generation import load_rule_generation
from gateway.reconcile.context import Context, outdated
from gateway.reconcile.job import VersionedRefusals
from gateway.reconcile.refusals import log_changes, mark_of, write_refusals
from gateway.state.commit import commit
from gateway.state.paging import pages
from gateway.state.snapshots import read_snapshot
from gateway.state.transact import let_go, transact

LOOK_MS = 5 * SECOND  # between two looks whether a credential has changed
_READ_REFUSALS = Query(cells=(REFUSALS,))


async def probe(context: Context, claim: Claim) -> bool:
    """Look at the destinations that refuse everything, or (`unasked`) for dead letters that nobody asks with."""
    store = context.store
    gathered = await store.gather(Query(cells=(RULES, REFUSALS)))
    if outdated(context, load_rule_generation(gathered.rows[RULES].value), gathered.now):
        await let_go(store, claim, gathered.now + 2 * SECOND)
        return False
    if claim.subject == UNASKED:
        await _adopt(context)
        await let_go(store, claim, None)
        return True
    known = VersionedRefusals.of(gathered.rows[REFUSALS])
    works = {cause for cause, refusal in known.refusals.causes.items() if refusal.works}
    marks = {cause: mark_of(context, refusal.secrets) for cause, refusal in known.refusals.causes.items()}
    due = [
        cause
        for cause, refusal in known.refusals.causes.items()
        if is_due(refusal, marks[cause], gathered.now)
    ]
    if works:
        await _send_all(context, works)
    elif due:
        await _ask(context, known, due[0], marks[due[0]], gathered.now)
    again = gathered.now if works or due else gathered.now + LOOK_MS
    await let_go(store, claim, again if known.refusals.causes else None)
    return bool(works or due)


async def _dead_letters(context: Context) -> dict[str, list[tuple[Ledger, Row]]]:
    """Read the dead letters of every cause with their rows, the most urgent first."""
    found: dict[str, dict[str, tuple[Ledger, Row]]] = {}
    async for rows in pages(context.store, Table.LEDGERS):
        for key, row in rows.items():
            ledger = load_ledger(row.value)
            if cause := cause_of_dead_letter(ledger):
                found.setdefault(cause, {})[key] = (ledger, row)
    return {
        cause: [letters[ledger.key] for ledger in most_urgent_first(ledger for ledger, _ in letters.values())]
        for cause, letters in found.items()
    }


async def _adopt(context: Context) -> None:
    """Have the destinations of dead letters asked that the record does not know of."""
    letters = {cause: found[0][0] for cause, found in (await _dead_letters(context)).items()}
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


async def _ask(context: Context, known: VersionedRefusals, cause: str, mark: str, now: int) -> None:
    """Put the most urgent dead letter that is still true back on the agenda; the others wait for its answer.

    Those that are not true any more are dropped: nobody has to be told of what ended untold. Where the commit
    loses its race, the next look decides anew.
    """
    changes, waiting = Changes(), list[int]()
    # Where no dead letter is left nothing is owed there, and news will find out whether it still refuses.
    after = known.refusals.without((cause,))
    for ledger, row in (await _dead_letters(context)).get(cause, ()):
        step = await _step_of(context, ledger)
        if isinstance(step, Rest) and step.until is not None:
            waiting.append(step.until)
            after = put_off(known.refusals, cause, mark, min(waiting))
            continue
        changes.merge(_revived(ledger, row, now))
        if step is not None and not isinstance(step, Rest):
            after = begin_probe(known.refusals, cause, ledger.key, mark, now)
            break
    write_refusals(changes, known, after, now)
    await commit(context.store, changes)


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
    found = await _dead_letters(context)
    letters = {letter[0].key: letter for cause in causes for letter in found.get(cause, ())}
    # A millisecond between two of them keeps their order on the agenda.
    for place, ledger in enumerate(most_urgent_first(ledger for ledger, _ in letters.values())):
        read, decide = partial(_read_ledger, context, ledger), partial(_send, ledger, place)
        await transact(context.store, "dead_letter_retry", read, decide)

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


async def _read_ledger(context: Context, ledger: Ledger) -> tuple[Row, int]:
    cell = ledger_cell(ledger.incident, ledger.target)
    gathered = await context.store.gather(Query(cells=(cell,)))
    return gathered.rows[cell], gathered.now


def _send(ledger: Ledger, later: int, read: tuple[Row, int]) -> tuple[Changes | None, None]:
    row, now = read
    newest = load_ledger(row.value) if row.value else None
    # News has overtaken the dead letter meanwhile, or the incident was forgotten.
    if newest is None or cause_of_dead_letter(newest) != cause_of_dead_letter(ledger):
        return None, None
    return _revived(newest, row, now + later), None


def _revived(ledger: Ledger, row: Row, at: int) -> Changes:
    """Return the changes that put a dead letter back on the agenda."""
    alive = retry(ledger)
    assert not isinstance(alive, str)
    cell = ledger_cell(ledger.incident, ledger.target)
    changes = Changes(expect={cell: row.version}, put={cell: dump(alive)})
    severity = urgency(ledger.refused.severity)
    changes.schedule(Subject.deliver(ledger.target, ledger.incident), at, severity)
    changes.schedule(Subject.plan(ledger.incident), at, severity)
    changes.log.append(LogEntry(ledger.incident, "dead_letter_retried", {"target": ledger.target}))
    return changes
