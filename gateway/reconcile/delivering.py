"""Deliver one incident to one target: the next step, its intent before it, its answer after it."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_hex
from typing import assert_never

import msgspec
import structlog

from gateway.clock import utc_ms
from gateway.decisions import deliver
from gateway.decisions.admit import plan_subject
from gateway.decisions.books import book_standings, book_telling
from gateway.decisions.compose import compose, compose_plainly, next_generation
from gateway.decisions.plan import assumed, plan
from gateway.decisions.view import View, standings
from gateway.model.changes import Ask, Cell, Changes, Claim, Fate, LogEntry, Release
from gateway.model.incident import Incident, Part, Through, Told
from gateway.model.ledger import Ledger
from gateway.model.records import dump, load_ledger
from gateway.model.rulebook import MINUTE, SECOND
from gateway.model.telling import Answer, Delivered, Look, Refused, Telling, Unanswered
from gateway.ports import Notifier
from gateway.reconcile.context import Context, Reading, ledger_cell, let_go, log, outdated, read_case

SETTLE_TRIES = 10
SILENT_FAILURE = 2 * MINUTE  # a destination failing for longer is an alert of our own
CREDENTIAL_CHANGED = Refused("credential_changed", "the credential it was told through is gone or changed", permanent=True)


@dataclass(frozen=True, slots=True)
class Outlet:
    """How a target is reached, and with what credential."""

    notifier: Notifier
    through: Through
    secret: str


@dataclass(slots=True)
class Job:
    """One claim of one delivery."""

    context: Context
    claim: Claim
    reading: Reading
    view: View
    incident: Incident
    stored: Ledger
    plainly: bool


async def deliver_next(context: Context, claim: Claim, rest: str, *, plainly: bool = False) -> bool:
    """`plainly`: this delivery has failed by a fault of ours again and again, so only the least is said.

    True where something was said or nothing is left to say; False where a wait or a look lies between two sends.
    """
    target, _, incident_id = rest.partition("|")
    reading = await read_case(context.store, incident_id)
    if reading is None or target not in reading.case.ledgers:
        await let_go(context.store, claim, None)
        return True
    if outdated(context, reading):
        await let_go(context.store, claim, reading.now + 2 * SECOND)
        return False
    planned = plan(reading.case, context.router, reading.now)
    view = planned.views[target]
    job = Job(context, claim, reading, view, planned.incident, reading.case.ledgers[target], plainly)
    outlet = _outlet(job)
    looks = outlet.notifier.settles_by_looking if isinstance(outlet, Outlet) else False
    step = deliver.next_step(view, reading.now, looks=looks)
    with structlog.contextvars.bound_contextvars(correlation=planned.incident.trace):
        await _take_step(job, outlet, step)
    return isinstance(step, (deliver.Tell, deliver.Reply)) or step == deliver.Rest(None)


async def _take_step(job: Job, outlet: Outlet | Refused, step: deliver.Step) -> None:
    match step:
        case deliver.Rest(until):
            await let_go(job.context.store, job.claim, until)
        case deliver.Tell():
            await _tell(job, outlet)
        case deliver.Reply():
            await _reply(job, outlet)
        case deliver.LookBack(attempts, since):
            await _look(job, outlet, attempts, since)
        case deliver.Withdraw():
            await _withdraw(job, outlet)
        case _:
            assert_never(step)


def _outlet(job: Job) -> Outlet | Refused:
    """Through what it was told, or, for something new, through what the rules say now."""
    told = job.stored.through
    fresh = next_generation(job.view) > job.stored.generation or told is None
    through = _named_now(job) if fresh else told
    if through is None:
        through = told
    if through is None:
        return Refused("no_destination", "no rule names this destination any more", permanent=True)
    if through.kind == "log":
        return Outlet(job.context.notifiers["log"], through, "")
    secret = job.context.vault.secret(through.secret)
    if secret is None or job.context.vault.mark(secret) != through.secret_hash:
        replacement = _named_now(job) if job.view.want.state is Told.FIRING else None
        if replacement is None or replacement.kind == "log":
            return CREDENTIAL_CHANGED
        through, secret = replacement, job.context.vault.secret(replacement.secret)
    return Outlet(job.context.notifiers[through.kind], through, secret or "")


def _named_now(job: Job) -> Through | None:
    destination = job.view.destination
    if destination is None:
        return None
    name = destination.credential
    secret = job.context.vault.secret(name)
    if secret is None:
        return Through("log", job.view.address, name, "")
    return Through(destination.kind, job.view.address, name, job.context.vault.mark(secret))


def _composed(job: Job) -> Telling:
    if job.plainly:
        return compose_plainly(job.view, job.incident, job.reading.now)
    return compose(job.view, job.incident, job.context.router.rules.labels, job.reading.now, job.context.public_url)


async def _tell(job: Job, outlet: Outlet | Refused) -> None:
    telling = _composed(job)
    through = outlet.through if isinstance(outlet, Outlet) else job.stored.through or Through("", "", "", "")
    begun = deliver.begin(job.stored, telling, job.view.want, through, token_hex(8), job.reading.now)
    written = await _write_intent(job, begun)
    if written is None:
        return
    begun, version = written
    started = utc_ms()
    if isinstance(outlet, Refused):
        answer: Answer = outlet
    else:
        assert begun.intent is not None
        answer = await outlet.notifier.tell(
            outlet.through, outlet.secret, telling, attempt=begun.intent.attempt, remote=begun.remote
        )
    await _settle(job, outlet, telling, answer, begun, version, started)


async def _reply(job: Job, outlet: Outlet | Refused) -> None:
    begun = deliver.begin_reply(job.stored, token_hex(8), job.reading.now)
    written = await _write_intent(job, begun)
    if written is None:
        return
    begun, version = written
    assert begun.remote is not None
    assert begun.intent is not None
    started = utc_ms()
    if isinstance(outlet, Refused):
        answer: Answer = outlet
    else:
        mentions = getattr(job.view.destination.via, "mention_on_page", ()) if job.view.destination else ()
        answer = await outlet.notifier.reply(
            outlet.through, outlet.secret, begun.intent.notes, attempt=begun.intent.attempt, remote=begun.remote,
            mentions=mentions,
        )  # fmt: skip
    await _settle(job, outlet, None, answer, begun, version, started)


async def _write_intent(job: Job, ledger: Ledger) -> tuple[Ledger, bytes] | None:
    """Committed before anything is sent, and only if nothing that it was decided on has changed. The ledger with its version."""
    changes = Changes(
        expect=job.reading.expect(job.incident.id, job.view.target), releases=[Release(job.claim, None, hold=True)]
    )
    booked = _book(job, job.stored, ledger, job.reading.now, changes)
    committed = await job.context.store.commit(changes)
    if committed.fate is Fate.LOST:
        await let_go(job.context.store, job.claim, committed.now)
    return (booked, committed.version) if committed.fate is Fate.DONE else None


async def _settle(
    job: Job,
    outlet: Outlet | Refused,
    telling: Telling | None,
    answer: Answer,
    begun: Ledger,
    version: bytes,
    started: int,
) -> None:
    """Write the answer down. A plan may have touched the ledger meanwhile: then it is written down on what is there now."""
    looks = outlet.notifier.settles_by_looking if isinstance(outlet, Outlet) else False
    intent = begun.intent
    assert intent is not None
    _observe(job, answer, telling, started)
    for _ in range(SETTLE_TRIES):
        now = await job.context.store.now()
        settled = deliver.settle(begun, telling, answer, now, looks=looks)
        if job.view.destination is not None and job.view.destination.fallback:
            settled = deliver.fall_back(settled, job.view.destination.fallback_after, now)
        if await _write(job, begun, settled, version, now, looks=looks):
            await _slow_lane(job, answer, now)
            _speak_up(job, settled, answer, now)
            return
        row = (await job.context.store.gather(Ask(cells=(cell := ledger_cell(job.incident.id, job.view.target),)))).rows[cell]
        if not row.value:
            return
        begun, version = load_ledger(row.value), row.version
        if begun.intent is None or begun.intent.attempt != intent.attempt:
            return  # the lease was lost and somebody else has settled it


async def _write(job: Job, before: Ledger, after: Ledger, version: bytes, now: int, *, looks: bool) -> bool:
    cell = ledger_cell(job.incident.id, job.view.target)
    changes = Changes(expect={cell: version})
    _book(job, before, after, now, changes)
    if after.believed.state is not before.believed.state or _trouble(before) != _trouble(after):
        changes.look(plan_subject(job.incident.id), now, 1)
        changes.log.append(LogEntry(job.incident.id, _story(after), {"target": after.target, "error": after.error}))
    elif deliver.at_rest(after) and not deliver.at_rest(before):
        changes.look(plan_subject(job.incident.id), now, 9)  # it may be time to forget the incident one day
    step = deliver.next_step(job.view, now, looks=looks)
    changes.releases.append(Release(job.claim, step.until if isinstance(step, deliver.Rest) else now))
    committed = await job.context.store.commit(changes)
    return committed.fate is not Fate.LOST


def _book(job: Job, before: Ledger, after: Ledger, now: int, changes: Changes) -> Ledger:
    """Write the ledger down together with what it adds to the books; answers it as written."""
    job.view.ledger = assumed(after)
    books, _ = standings(job.view, now)
    book_standings(changes, before.standings, books)
    book_telling(changes, assumed(before).believed, assumed(after).believed)
    booked = msgspec.structs.replace(after, standings=books)
    changes.put[ledger_cell(job.incident.id, job.view.target)] = dump(booked)
    return booked


def _trouble(ledger: Ledger) -> tuple[bool, bool, bool]:
    return bool(ledger.dead), bool(ledger.failing_since), bool(ledger.fell_back_at)


def _story(ledger: Ledger) -> str:
    if ledger.dead:
        return "dead_letter"
    return "failing" if ledger.failing_since else f"told_{ledger.believed.state}"


async def _slow_lane(job: Job, answer: Answer, now: int) -> None:
    if isinstance(answer, Refused) and answer.reason == "rate_limited" and answer.retry_after:
        await job.context.store.close_lane(job.view.target, now + answer.retry_after)


async def _look(job: Job, outlet: Outlet | Refused, attempts: tuple[str, ...], since: int) -> None:
    if isinstance(outlet, Refused):
        look: Look = outlet
    else:
        begun = (*job.stored.suspects, *([job.stored.intent] if job.stored.intent else []))
        thread = job.stored.remote if any(intent.part is Part.REPLY for intent in begun) else None
        through = job.stored.through or outlet.through
        look = await outlet.notifier.look(through, outlet.secret, attempts=attempts, since=since, remote=thread)
    telling = _composed(job)
    now = await job.context.store.now()
    after = deliver.looked(job.stored, telling, look, now)
    log.info("looked_back", target=job.view.target, incident=job.incident.id, attempts=len(attempts), found=str(look))
    await _finish(job, after, now)


async def _withdraw(job: Job, outlet: Outlet | Refused) -> None:
    if isinstance(outlet, Refused):
        answer: Answer = outlet
    else:
        answer = await outlet.notifier.withdraw(outlet.through, outlet.secret, job.stored.extras[0])
    now = await job.context.store.now()
    await _finish(job, deliver.withdrawn(job.stored, answer, now), now)


async def _finish(job: Job, after: Ledger, now: int) -> None:
    version = job.reading.versions[ledger_cell(job.incident.id, job.view.target)]
    if not await _write(job, job.stored, after, version, now, looks=True):
        await let_go(job.context.store, job.claim, now)


def _observe(job: Job, answer: Answer, telling: Telling | None, started: int) -> None:
    destination = job.view.ledger.destination
    outcome = "delivered" if isinstance(answer, Delivered) else answer.reason
    job.context.watcher.delivered(destination, outcome, max(0, utc_ms() - started) / 1000)
    first = job.stored.believed.state is Told.NOTHING
    if isinstance(answer, Delivered) and telling is not None and first:
        job.context.watcher.told(max(0, utc_ms() - job.incident.opened_at))
    bound = log.bind(target=job.view.target, incident=job.incident.id, generation=job.stored.generation)
    if isinstance(answer, Delivered):
        bound.info("delivered", state=str(telling.state) if telling else "reply", remote=answer.remote.id)
    else:
        bound.warning(
            "delivery_failed", reason=answer.reason, detail=answer.detail, answered=not isinstance(answer, Unanswered)
        )


def _speak_up(job: Job, ledger: Ledger, answer: Answer, now: int) -> None:
    """A destination that fails is an alert of our own, one per destination; it ends with the first delivery there."""
    labels = {"destination": ledger.destination, "gateway_destination": ledger.destination}
    if isinstance(answer, Delivered):
        job.context.report("GatewayDeliveryFailing", labels, False, now)
    elif ledger.dead or ledger.fell_back_at or now - ledger.failing_since > SILENT_FAILURE:
        job.context.report("GatewayDeliveryFailing", labels, True, now)


__all__ = ["Cell", "deliver_next"]
