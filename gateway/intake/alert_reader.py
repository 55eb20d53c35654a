"""Read the alerts that a batch of observations is about, in one look as a rule and in three at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.decisions.intake.alert_lookup import AlertLookup, query_of
from gateway.model.alert import Observation
from gateway.model.cells import RESERVE, TOMBSTONES_UNTIL, TRUNCATED
from gateway.model.changes import Query
from gateway.model.reserve import load_reserve_use
from gateway.model.truncated_groups import load_truncated
from gateway.ports import Store


async def read_alerts(
    store: Store, observations: Sequence[Observation]
) -> tuple[list[Observation], AlertLookup]:
    """Return the observations with the alert that each belongs to, and these alerts.

    Raises `StateUnavailable`.

    1. Every copy leads to its alert, or the identity does where the copy is unknown.
    2. A copy whose identity the rules have changed belongs to another alert, which is read too; and the
       tombstones of copies that nobody knows, where anything was forgotten early within the last day.
    3. A copy that is one too many for its alert is an alert of its own, which is read too.
    """
    query = query_of(observations)
    result = await store.gather(replace(query, cells=(*query.cells, TRUNCATED, RESERVE, TOMBSTONES_UNTIL)))
    lookup = AlertLookup(result.now, result.ahead)
    lookup.truncated = load_truncated(result.rows[TRUNCATED].value)
    lookup.reserve_use = load_reserve_use(result.rows[RESERVE].value)
    for cell in (TRUNCATED, RESERVE):
        lookup.versions[cell] = result.rows[cell].version
    resolved = lookup.resolve(observations, result)
    unread = lookup.unread(resolved)
    buried = lookup.may_be_buried(observations, result, int(result.rows[TOMBSTONES_UNTIL].value or 0))
    if unread or buried:
        rows = (await store.gather(Query(cells=(*unread, *buried)))).rows
        lookup.add(rows)
        lookup.recall(resolved, rows)
    # An alert has at most `MAX_COPIES` copies: a label that is
    # ignored must not make its record grow for ever.
    crowded = lookup.crowded(resolved)
    if crowded:
        own = {seen.copy: seen for seen in crowded}
        resolved = [own.get(seen.copy, seen) for seen in resolved]
        lookup.resolve(crowded, await store.gather(query_of(crowded)))
    return resolved, lookup
