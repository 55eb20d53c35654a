"""Note in every shard which kinds of destinations have a credential, for as long as the store lasts."""

from __future__ import annotations

from functools import partial

from gateway.model.agenda import TOLD_IN_LOG
from gateway.model.cells import CREDENTIALED
from gateway.model.changes import Changes, Query, Result, Table
from gateway.model.credentialed import LOG, dump_credentialed, load_credentialed
from gateway.model.ledger import NOWHERE
from gateway.model.records import load_ledger
from gateway.ports import State
from gateway.state.paging import pages
from gateway.state.shards import Shards
from gateway.state.transact import transact

FIRST_PLANS = 0  # the priority of the look at what only the log was told: people may be waiting for it


async def note_credentialed(shards: Shards, kinds: frozenset[str]) -> frozenset[str]:
    """Note the kinds that have a credential now, and return them with those that ever had one.

    A store without that row was written by a version before it, or is new: then a kind that anybody was told
    through had a credential. Raises `StateUnavailable`.
    """
    row = (await shards.home.gather(Query(cells=(CREDENTIALED,)))).rows[CREDENTIALED]
    known = kinds | (load_credentialed(row.value) if row.version else await _told_through(shards))
    for state in shards.states:
        await transact(state, "credentialed", partial(_read, state), partial(_noted, known))
    return known


async def _read(state: State) -> Result:
    return await state.gather(Query(cells=(CREDENTIALED,)))


def _noted(kinds: frozenset[str], gathered: Result) -> tuple[Changes | None, None]:
    row = gathered.rows[CREDENTIALED]
    before = load_credentialed(row.value)
    if row.version and kinds <= before:
        return None, None
    after = dump_credentialed(before | kinds)
    changes = Changes(expect={CREDENTIALED: row.version}, put={CREDENTIALED: after})
    if not kinds <= before:
        # The same commit has what only the log was told looked at, so that no crash loses it.
        changes.schedule(TOLD_IN_LOG, gathered.now, FIRST_PLANS)
    return changes, None


async def _told_through(shards: Shards) -> frozenset[str]:
    kinds = set()
    async for rows in pages(shards, Table.LEDGERS):
        for row in rows.values():
            endpoint = load_ledger(row.value).endpoint
            kinds |= {endpoint.kind} if endpoint is not None else set()
    return frozenset(kinds - {LOG, NOWHERE})
