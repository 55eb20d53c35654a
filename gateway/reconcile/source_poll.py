"""Poll a source: ask its peers what fires, or count its silence, and bring what differs through intake like a webhook.

Everything here may be done twice: what was put right already is a repeat. What is remembered between two looks is written with
the lease, after the corrections were taken.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from secrets import token_hex

import msgspec
import structlog

from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.sources.compare import Findings, compare, listen
from gateway.model.cells import RULES, memory_cell
from gateway.model.changes import Ask, Changes, Claim, Fate, LogEntry, Release, Row, Table
from gateway.model.durations import DAY, SECOND
from gateway.model.records import dump, load_alert, load_memory
from gateway.model.rule_generation import load_announced
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.rulebook import Rulebook
from gateway.model.rules.source import Source
from gateway.model.source_peers import Holding, Memory, Statement
from gateway.ports import State
from gateway.reconcile.context import Context, outdated
from gateway.state.commit import commit, let_go
from gateway.state.paging import pages

JITTER = 5 * SECOND
GONE = DAY  # nothing can come any more from a source that the rules do not name: its alerts are taken for ended then

log = structlog.get_logger("gateway.reconcile")


async def poll(context: Context, claim: Claim, name: str) -> None:
    """`name` is the source's. A source that nobody can ask and whose silence means nothing is looked at no more."""
    gathered = await context.store.gather(Ask(cells=(RULES, memory_cell(name))))
    if outdated(context, load_announced(gathered.rows[RULES].value), gathered.now):
        await let_go(context.store, claim, gathered.now + 2 * SECOND)
        return
    rules, row = context.policy.rules, gathered.rows[memory_cell(name)]
    source = rules.sources.get(name) or Source(name, BUILT_IN, stale_after=GONE)
    if not source.polled:
        await let_go(context.store, claim, None)
        return
    said = await _ask(context, rules, source)
    held = await _held((context.store, *context.elsewhere), name)
    if source.alertmanager:
        before = load_memory(row.value) if row.value else Memory(answered_at=gathered.now)
        found = compare(source, held, said, before, gathered.now)
    else:
        found = listen(source, held, load_memory(row.value) if row.value else Memory(), gathered.now)
    await _put_right(context, source, found)
    done = name not in rules.sources and len(found.observations) == len(held)
    await _settle(context, claim, held, found, row, done=done)


async def _ask(context: Context, rules: Rulebook, source: Source) -> Mapping[str, Statement]:
    """The peers that answered, by the names of their addresses."""
    urls = {peer.env: context.vault.secret(peer.env) for peer in source.alertmanager}
    reader = context.readers.setdefault(source.name, Normaliser(rules.labels, source))  # it remembers most of what comes
    asked = {name: context.peers.ask(url, source.receiver, reader) for name, url in urls.items() if url}
    answers = await asyncio.gather(*asked.values())
    for name in urls.keys() - asked.keys():
        log.warning("source_unreachable", source=source.name, peer=name, error="its address is not set")
    for name, answer in zip(asked, answers, strict=True):
        if isinstance(answer, str):
            log.warning("source_unreachable", source=source.name, peer=name, error=answer)
    said = {name: one for name, one in zip(asked, answers, strict=True) if isinstance(one, Statement)}
    if urls:
        context.watcher.asked(source.name, len(said), len(urls) - len(said))
    return said


async def _held(slots: Sequence[State], source: str) -> dict[str, Holding]:
    """The source's copies that fire by what we know."""
    prefix, held = f"{source}/", dict[str, Holding]()
    mark = prefix.encode()
    for slot in slots:
        async for rows in pages(slot, Table.ALERTS):
            for row in rows.values():
                if mark not in row.value:
                    continue
                alert = load_alert(row.value)
                held |= {
                    name: Holding(alert, one) for name, one in alert.copies.items() if one.firing and name.startswith(prefix)
                }
    return held


async def _put_right(context: Context, source: Source, found: Findings) -> None:
    if found.doubt:
        log.warning("source_doubtful", source=source.name, because=found.doubt)
        context.report("GatewaySourceDoubtful", {"source": source.name}, found.doubt[:1].upper() + found.doubt[1:] + ".")
    if found.observations:
        trace = token_hex(8)
        log.warning("source_corrected", source=source.name, corrections=len(found.observations), correlation=trace)
        await context.intake.accept([msgspec.structs.replace(one, trace=trace) for one in found.observations], ())


async def _settle(
    context: Context, claim: Claim, held: Mapping[str, Holding], found: Findings, row: Row, *, done: bool
) -> None:
    """Remember, and come again; the last look at a source that is gone leaves nothing behind."""
    cell = memory_cell(claim.subject.partition(":")[2])
    jitter = random.randrange(JITTER)
    changes = Changes(expect={cell: row.version}, releases=[Release(claim, None if done else found.look_at + jitter)])
    if done:
        changes.drop.append(cell)
    else:
        changes.put[cell] = dump(found.memory)
    for copy, by in found.notes.items():
        alert = held[copy].alert
        changes.log.append(LogEntry(alert.incident, "quieted_at_source", {"alert": alert.id, "by": by or "nothing any more"}))
    committed = await commit(context.store, changes)
    if committed.fate is Fate.LOST:  # events were noted meanwhile
        await let_go(context.store, claim, committed.now)
