"""Poll a source: ask its peers what fires, or see how long it has been silent, and correct what differs.

Corrections go through intake like a webhook. Everything here may be done twice: what is correct already is a
repeat. The memory between two looks is written with the lease, after the corrections were taken.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from secrets import token_hex

import msgspec
import structlog

from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.sources.compare import Comparison, compare
from gateway.decisions.sources.infer_from_silence import infer_from_silence
from gateway.model.cells import RULES, source_state_cell
from gateway.model.changes import Changes, Claim, LogEntry, Query, Release, Row, Table
from gateway.model.durations import DAY, SECOND
from gateway.model.records import dump, load_alert, load_source_state
from gateway.model.rule_generation import load_rule_generation
from gateway.model.rules.origin import BUILT_IN, SOURCE
from gateway.model.rules.rulebook import Rulebook
from gateway.model.rules.source import Source
from gateway.model.source_peers import HeldCopy, PeerReport, SourceState
from gateway.model.verdict import counted_verdicts
from gateway.ports import State
from gateway.reconcile.context import Context, outdated
from gateway.state.paging import pages
from gateway.state.transact import commit_claimed, let_go

JITTER = 5 * SECOND  # so that replicas and sources do not all ask at once
# A source removed from the rules cannot resolve its alerts, so they end after this time
GONE = DAY

log = structlog.get_logger("gateway.reconcile")


async def poll(context: Context, claim: Claim) -> None:
    """Look at one source.

    A source that nobody can ask and whose silence means nothing is taken off the agenda.
    """
    name = claim.subject.id
    gathered = await context.store.gather(Query(cells=(RULES, source_state_cell(name))))
    # The newer rules of another replica may name other peers; alerts are not ended by the word of old ones.
    if outdated(context, load_rule_generation(gathered.rows[RULES].value)):
        await let_go(context.store, claim, gathered.now + 2 * SECOND)
        return
    rules, row = context.policy.rules, gathered.rows[source_state_cell(name)]
    source = rules.sources.get(name) or Source(name, BUILT_IN, stale_after=GONE)
    if not source.polled:
        await let_go(context.store, claim, None)
        return
    said = await _ask(context, rules, source)
    held = await _held((context.store, *context.elsewhere), name)
    if source.alertmanager:
        # The time without an answer begins now for a source that was never polled before.
        before = load_source_state(row.value) if row.value else SourceState(answered_at=gathered.now)
        found = compare(source, held, said, before, gathered.now)
    else:
        found = infer_from_silence(
            source, held, load_source_state(row.value) if row.value else SourceState(), gathered.now
        )
    await _put_right(context, source, found)
    # The rules name the source no more and all of its alerts were ended, so no further poll is needed.
    done = name not in rules.sources and len(found.observations) == len(held)
    await _settle(context, claim, held, found, row, done=done)


async def _ask(context: Context, rules: Rulebook, source: Source) -> Mapping[str, PeerReport]:
    """Return the reports of the peers that answered, by the names of their addresses."""
    urls = {peer.env: context.secrets.secret(peer.env, SOURCE) for peer in source.alertmanager}
    # The normaliser caches label sets, so it is kept between polls.
    reader = context.readers.setdefault(source.name, Normaliser(rules.labels, source))
    asked = {name: context.peers.ask(url, source.receiver, reader) for name, url in urls.items() if url}
    answers = await asyncio.gather(*asked.values())
    for name in urls.keys() - asked.keys():
        log.warning(
            "source_unreachable",
            source=source.name,
            peer=name,
            error=context.secrets.why_missing(name, SOURCE),
        )
    for name, answer in zip(asked, answers, strict=True):
        if isinstance(answer, str):
            log.warning("source_unreachable", source=source.name, peer=name, error=answer)
    said = {
        name: answer for name, answer in zip(asked, answers, strict=True) if isinstance(answer, PeerReport)
    }
    if urls:
        context.watcher.asked(source.name, len(said), len(urls) - len(said))
    return said


async def _held(shards: Sequence[State], source: str) -> dict[str, HeldCopy]:
    """Return the source's copies that fire by what we know."""
    prefix, held = f"{source}/", dict[str, HeldCopy]()
    mark = prefix.encode()
    for shard in shards:
        async for rows in pages(shard, Table.ALERTS):
            for row in rows.values():
                # Most rows are of other sources: a search in the packed
                # bytes is far cheaper than unpacking each row.
                if mark not in row.value:
                    continue
                alert = load_alert(row.value)
                copies = [(name, copy) for name, copy in alert.copies.items() if name.startswith(prefix)]
                held |= {name: HeldCopy(alert, copy) for name, copy in copies if copy.firing}
    return held


async def _put_right(context: Context, source: Source, found: Comparison) -> None:
    if found.doubt:
        log.warning("source_doubtful", source=source.name, because=found.doubt)
        # No end is inferred while the source is in doubt: people
        # have to know that its alerts may fire too long.
        context.report(
            "GatewaySourceDoubtful", {"source": source.name}, found.doubt[:1].upper() + found.doubt[1:] + "."
        )
    if found.observations:
        trace = token_hex(8)
        seen = [msgspec.structs.replace(observation, trace=trace) for observation in found.observations]
        verdicts = await context.intake.accept(seen, ())
        log.warning(
            "source_corrected",
            source=source.name,
            corrections=len(seen),
            verdicts=counted_verdicts(verdicts),
            correlation=trace,
        )


async def _settle(
    context: Context, claim: Claim, held: Mapping[str, HeldCopy], found: Comparison, row: Row, *, done: bool
) -> None:
    """Write down what the next look has to know; the last look at a gone source leaves nothing behind."""
    cell = source_state_cell(claim.subject.id)
    jitter = random.randrange(JITTER)
    changes = Changes(
        expect={cell: row.version}, releases=[Release(claim, None if done else found.look_at + jitter)]
    )
    if done:
        changes.drop.append(cell)
    else:
        changes.put[cell] = dump(found.source_state)
    for copy, by in found.mute_changes.items():
        alert = held[copy].alert
        changes.log.append(
            LogEntry(alert.incident, "quieted_at_source", {"alert": alert.id, "by": by or "nothing any more"})
        )
    # This commit loses if an event changed the source's record meanwhile.
    await commit_claimed(context.store, claim, changes)
