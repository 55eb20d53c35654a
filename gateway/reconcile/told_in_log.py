"""Tell people what only the log was told, once a kind of destination has its first credential.

What still fires is planned again, the most urgent first; the plan finds that nobody was told, and the paces
of the destinations spread the notifications.
"""

from __future__ import annotations

from gateway.decisions.notification.assumptions import as_if_untold
from gateway.model.agenda import Subject, urgency
from gateway.model.cells import CREDENTIALED, RULES
from gateway.model.changes import Changes, Claim, Query, Release, Table
from gateway.model.credentialed import load_credentialed
from gateway.model.durations import MINUTE, SECOND
from gateway.model.records import load_ledger
from gateway.model.rule_generation import load_rule_generation
from gateway.reconcile.context import Context, outdated
from gateway.state.commit import commit
from gateway.state.paging import pages
from gateway.state.transact import commit_claimed, let_go

PLANS_AT_ONCE = 500  # put on the agenda by one commit
APART_MS = SECOND  # between the plans of one severity and those of the next


async def plan_told_in_log(context: Context, claim: Claim) -> None:
    """Plan every incident of which only the log was told, and come again until there is none.

    A replica of an earlier version, or one that has not read the newest row yet, may still tell the log.
    """
    store = context.store
    gathered = await store.gather(Query(cells=(RULES, CREDENTIALED)))
    if outdated(context, load_rule_generation(gathered.rows[RULES].value)):
        await let_go(store, claim, gathered.now + 2 * SECOND)
        return
    found = await _told_in_log(context, load_credentialed(gathered.rows[CREDENTIALED].value))
    in_order = sorted(found.items(), key=lambda item: (item[1], item[0]))
    for start in range(0, len(in_order), PLANS_AT_ONCE):
        changes = Changes()
        for incident, priority in in_order[start : start + PLANS_AT_ONCE]:
            # Sends run side by side: what is less urgent starts later, so that it overtakes nothing.
            changes.schedule(Subject.plan(incident), gathered.now + priority * APART_MS, priority)
        await commit(store, changes)
    again = gathered.now + MINUTE if found else None
    await commit_claimed(store, claim, Changes(releases=[Release(claim, again)]))


async def _told_in_log(context: Context, credentialed: frozenset[str]) -> dict[str, int]:
    """Return the incidents of which only the log was told, with the priority of their plan."""
    found: dict[str, int] = {}
    destinations = context.policy.rules.destinations
    async for rows in pages(context.store, Table.LEDGERS):
        for row in rows.values():
            ledger = load_ledger(row.value)
            if as_if_untold(ledger, destinations, credentialed) is ledger:
                continue
            # What has ended meanwhile is told to nobody, so nobody waits for it.
            if any(ledger.last_notified.members.values()):
                priority = urgency(ledger.last_notified.severity)
                found[ledger.incident] = min(priority, found.get(ledger.incident, priority))
    return found
