"""Ship the log to the destinations of `policy.audit`: all of its entries, in order and at least once.

The position of each destination stands in the store and moves on with the lease. So one replica ships at a
time, and what a killed replica has left is shipped by the next. A receiver that is away only delays the
trail: entries that are cut off the log meanwhile are counted, and the next batch says how many they were.
"""

from __future__ import annotations

import structlog

from gateway.clock import elapsed_ms
from gateway.decisions.delivery.audit_batches import after, is_delayed, next_batch, wait
from gateway.model.audit_trail import MAX_BATCH_ENTRIES, Batch, Shipped
from gateway.model.cells import RULES, shipped_cell
from gateway.model.changes import Changes, Claim, CommitOutcome, Query, Release
from gateway.model.durations import SECOND
from gateway.model.notification import Answer, Delivered, Refused
from gateway.model.own_alert import OWN_SUBJECT
from gateway.model.records import dump, load_shipped
from gateway.model.rule_generation import load_rule_generation
from gateway.model.rules.destination import Destination
from gateway.reconcile.context import Context, outdated
from gateway.reconcile.job import endpoint_of
from gateway.state.commit import commit
from gateway.state.transact import commit_claimed, let_go

IDLE_WAIT = 2 * SECOND  # between two looks at a log that holds nothing new

log = structlog.get_logger("gateway.reconcile")


async def ship(context: Context, claim: Claim) -> None:
    """Send the next batch to a destination; a destination that the rules name no more is forgotten."""
    name = claim.subject.id
    store, cell = context.store, shipped_cell(name)
    gathered = await store.gather(Query(cells=(RULES, cell)))
    # The newer rules of another replica may redact other labels, so the batch is left to that replica.
    if outdated(context, load_rule_generation(gathered.rows[RULES].value)):
        await let_go(store, claim, gathered.now + IDLE_WAIT)
        return
    row, rules = gathered.rows[cell], context.policy.rules
    if name not in rules.audit:
        await commit(store, Changes(drop=[cell], releases=[Release(claim, None)]))
        return
    shipped = load_shipped(row.value) if row.value else Shipped()
    stretch = await store.log_after(shipped.position, MAX_BATCH_ENTRIES)
    if not stretch.entries:
        await let_go(store, claim, gathered.now + IDLE_WAIT)
        return
    batch = next_batch(shipped, stretch, name, context.shard, rules.labels.redact, context.labels.redact_key)
    answer = await _send(context, rules.destinations[name], batch)
    # The send may have taken seconds: the next try is counted from the answer, not from the first read.
    now = await store.now()
    done = after(shipped, stretch, batch, answer, now)
    # A receiver that has fallen behind gets the next batch at once; there is a pause only at the log's end.
    rest = len(stretch.entries) > len(batch.entries) or len(stretch.entries) == MAX_BATCH_ENTRIES
    again = now + (wait(shipped, answer) or (0 if rest else IDLE_WAIT))
    changes = Changes(expect={cell: row.version}, put={cell: dump(done)}, releases=[Release(claim, again)])
    committed = await commit_claimed(store, claim, changes)
    # Entries whose commit did not stand are shipped again and counted then, so that each counts once.
    if committed.outcome is CommitOutcome.DONE:
        _notify(context, batch, answer, done, now)


async def _send(context: Context, destination: Destination, batch: Batch) -> Answer:
    secret = context.secrets.secret(destination.credential, destination.kind)
    if secret is None:
        # This refusal is not permanent: the trail waits for the operator to set the variable.
        return Refused("auth", context.secrets.why_missing(destination.credential, destination.kind))
    started = elapsed_ms()
    trail = context.trails[destination.kind]
    answer = await trail.ship(endpoint_of(destination, destination.address, ""), secret, batch)
    outcome = "delivered" if isinstance(answer, Delivered) else answer.reason
    context.watcher.delivered(destination.name, outcome, max(0, elapsed_ms() - started) / 1000)
    return answer


def _notify(context: Context, batch: Batch, answer: Answer, done: Shipped, now: int) -> None:
    name = batch.destination
    if isinstance(answer, Delivered):
        context.watcher.shipped(name, len(batch.entries), batch.lost)
        if batch.lost:
            log.error(
                "audit_lost",
                destination=name,
                entries=batch.lost,
                remedy="the log was cut before the receiver took it",
            )
        return
    log.warning(
        "audit_delayed", destination=name, reason=answer.reason, detail=answer.detail, attempts=done.attempts
    )
    # A short outage of the receiver is only logged; people are warned when the trail stays behind.
    if is_delayed(done, now):
        context.report("GatewayAuditDelayed", {"destination": name, OWN_SUBJECT: name})
