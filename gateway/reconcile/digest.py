"""Send the weekly digest of each team: it is made once, and delivered as everything else is.

What it says, and a ledger for each of its targets, are written in one
commit, which puts the deliveries on the agenda. From then on `deliver` goes
by the ledger: an intent before the post, a look where it went unanswered.
"""

from __future__ import annotations

import asyncio

from gateway.decisions.accounting.invariants import increment_status_counts
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.assumptions import assumed
from gateway.decisions.notification.view import View
from gateway.decisions.route import Recipient
from gateway.decisions.statistics.digest import digest_of
from gateway.decisions.statistics.weekly import last_moment, next_moment
from gateway.model.agenda import Subject
from gateway.model.cells import CREDENTIALED, REFUSALS, RULES
from gateway.model.changes import Cell, Changes, Claim, Query, Release, Table
from gateway.model.credentialed import load_credentialed
from gateway.model.digest import (
    DigestState,
    cell_of_digest,
    digest_cell,
    digest_name,
    dump_digest,
    load_digest,
)
from gateway.model.durations import SECOND
from gateway.model.incident import Incident, StatusCounts
from gateway.model.instants import AT_ONCE
from gateway.model.ledger import LastNotified, Ledger, NotifiedState, ledger_cell
from gateway.model.notification import Notification
from gateway.model.records import dump, load_ledger, load_refusals
from gateway.model.rule_generation import load_rule_generation
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.severity import Severity
from gateway.model.verdict import NotifyReason
from gateway.reconcile.context import Context, log, outdated
from gateway.reconcile.job import Job
from gateway.state.digests import PRIORITY, turn_of
from gateway.state.shards import Shards
from gateway.state.statistics_history import read_history
from gateway.state.transact import commit_claimed, commit_late, let_go
from gateway.state.versioned_snapshot import VersionedSnapshot

ROUTE = Route("digest", BUILT_IN)


async def plan_digest(context: Context, claim: Claim) -> None:
    """Make the digest of a team where its moment has come, and come again at the next one."""
    team, store = claim.subject.id, context.store
    cell = digest_cell(team)
    gathered = await store.gather(Query(cells=(cell, RULES)))
    if outdated(context, load_rule_generation(gathered.rows[RULES].value)):
        await let_go(store, claim, gathered.now + 2 * SECOND)
        return
    digest = context.policy.rules.precision.digest
    if digest is None or team not in digest.to:
        # The rules send it no more. Whoever names the team again hears of the weeks from then on.
        changes = Changes(expect={cell: gathered.rows[cell].version}, releases=[Release(claim, None)])
        known = load_digest(gathered.rows[cell].value)
        if known is not None:
            changes.drop.append(cell)
            await _forget(context, known, changes)
        await commit_claimed(store, claim, changes)
        return
    known, moment = load_digest(gathered.rows[cell].value), last_moment(digest, gathered.wall)
    again = next_moment(digest, gathered.wall) - gathered.ahead + turn_of(digest, team)
    changes = Changes(expect={cell: gathered.rows[cell].version}, releases=[Release(claim, again)])
    if known is None:
        # Nobody has asked for the week before the rules did.
        changes.put[cell] = dump_digest(DigestState(moment))
    elif known.moment < moment:
        await _make(context, team, moment, known, changes, gathered.now)
    else:
        await _deliver_again(context, known, changes, gathered.now)
    await commit_late(store, claim, changes)


async def _make(
    context: Context, team: str, moment: int, known: DigestState, changes: Changes, now: int
) -> None:
    """Write the digest down with a ledger for each of its targets, in place of those of the week before."""
    digest = context.policy.rules.precision.digest
    assert digest is not None
    stored = await read_history(Shards((context.store, *context.elsewhere)))
    # Many events take a second, in which webhooks must be answered.
    text = await asyncio.to_thread(digest_of, stored.history, team, moment, digest.location)
    name, targets = digest_name(team, moment), {}
    for destination in digest.to[team]:
        recipient = context.policy.router.recipient(destination, {"team": team}, ROUTE, page=False)
        if not isinstance(recipient, Recipient):
            log.warning("digest_has_no_channel", team=team, destination=destination)
            continue
        targets[recipient.target] = destination
        changes.put[ledger_cell(name, recipient.target)] = dump(Ledger(name, recipient.target, destination))
        changes.schedule(Subject.deliver(recipient.target, name), now, PRIORITY)
    await _forget(context, known, changes)
    changes.put[digest_cell(team)] = dump_digest(
        DigestState(moment, name, text.title, text.sections, targets)
    )


async def _deliver_again(context: Context, known: DigestState, changes: Changes, now: int) -> None:
    """Put on the agenda what nobody was told: a replica of a version that knows no digests takes it off."""
    cells = {ledger_cell(known.name, target): target for target in known.targets}
    rows = (await context.store.gather(Query(cells=[*cells]))).rows if cells else {}
    for cell, row in rows.items():
        ledger = load_ledger(row.value) if row.value else None
        if ledger is not None and ledger == Ledger(known.name, ledger.target, ledger.destination):
            changes.schedule(Subject.deliver(cells[cell], known.name), now, PRIORITY)


async def _forget(context: Context, known: DigestState, changes: Changes) -> None:
    """Drop the ledgers of a digest: one that nobody took is owed to nobody any more, and fails no longer."""
    cells = [ledger_cell(known.name, target) for target in known.targets]
    rows = (await context.store.gather(Query(cells=cells))).rows if cells else {}
    for cell, row in rows.items():
        if row.value:
            changes.expect[cell] = row.version
            changes.drop.append(cell)
            increment_status_counts(changes, load_ledger(row.value).status_counts, StatusCounts())


async def read_digest(context: Context, claim: Claim) -> Job | None:
    """Return the delivery of a digest as a job; None where it is not known any more, or waits for newer
    rules.

    The claim has ended then.
    """
    name, target = claim.subject.id, claim.subject.target
    cell, own = cell_of_digest(name), ledger_cell(name, target)
    assert cell is not None
    incident = Cell(Table.INCIDENTS, name)
    single = (cell, own, incident, RULES, CREDENTIALED, REFUSALS)
    gathered = await context.store.gather(Query(cells=single))
    rows = gathered.rows
    state, generation = load_digest(rows[cell].value), load_rule_generation(rows[RULES].value)
    if outdated(context, generation):
        await let_go(context.store, claim, gathered.now + 2 * SECOND)
        return None
    if state is None or state.name != name or not rows[own].value:
        await let_go(context.store, claim, None)
        return None
    ledger = load_ledger(rows[own].value)
    made = _incident(name, state.moment)
    snapshot = IncidentSnapshot(
        made,
        {},
        {target: ledger},
        credentialed=load_credentialed(rows[CREDENTIALED].value),
        ahead=gathered.ahead,
    )
    versions = {found: rows[found].version for found in (own, incident, CREDENTIALED, REFUSALS)}
    versioned = VersionedSnapshot(
        snapshot,
        versions,
        gathered.now,
        generation,
        frozenset(),
        refusals=load_refusals(rows[REFUSALS].value),
    )
    view = _view(context, state, target, ledger)
    notification = _notification(state, view, gathered.wall)
    return Job(context, claim, versioned, view, made, ledger, plainly=False, notification=notification)


def _incident(name: str, moment: int) -> Incident:
    return Incident(name, moment, "", (), (), 1, 0, moment, moment)


def _view(context: Context, state: DigestState, target: str, ledger: Ledger) -> View:
    destination = context.policy.rules.destinations.get(state.targets.get(target, ""))
    address = ""
    if destination is not None:
        _, _, channel = target.partition(":")
        address = channel if destination.via.template else destination.address
    return View(
        target,
        destination,
        address,
        assumed(ledger),
        desired=LastNotified(state=NotifiedState.FIRING, texts=state.name),
        due=AT_ONCE,
        reason=NotifyReason.DIGEST,
    )


def _notification(state: DigestState, view: View, wall: int) -> Notification:
    return Notification(
        incident=state.name,
        target=view.target,
        generation=1,
        revision=1,
        state=NotifiedState.FIRING,
        severity=Severity.NONE,
        title=state.title,
        where={},
        lines=(),
        firing=0,
        ended=0,
        started_at=state.moment,
        ended_at=None,
        at=wall,
        report=state.sections,
    )
