"""Count what a silence would hide, in the time that a person waits, and without holding up anybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from gateway.clock import elapsed_ms
from gateway.decisions.suppression.silence_preview import SilencePreview
from gateway.decisions.suppression.silence_request import SilenceRequest, propose
from gateway.model.alert import Alert
from gateway.model.changes import Table
from gateway.model.controls import Rejection, Silence
from gateway.model.records import load_alert
from gateway.model.rules.rulebook import Rulebook
from gateway.state.aside import Aside
from gateway.state.paging import pages
from gateway.state.shards import Shards

PREVIEW_MS = 2_000
LAST_MATCH_MS = 500  # more, for the one match that is under way when the time is over
MAX_LOOKED_AT = 100_000  # alerts and past episodes

TOO_COSTLY = Rejection(
    "matchers", "its patterns are too large: two seconds do not compile them", "use smaller ones"
)

Found = TypeVar("Found")

# Threads of their own: what people try out must not delay a plan.
_PREVIEWING = Aside("preview silences", 2)


async def propose_aside(
    requested: SilenceRequest, name: str, rules: Rulebook, now: int
) -> Silence | Rejection:
    """Return the silence that is asked for, or the first objection to it; large patterns compile slowly."""
    proposed = await _within(
        elapsed_ms() + PREVIEW_MS, lambda: propose(requested, name, rules.silences, rules.intervals, now)
    )
    return TOO_COSTLY if proposed is None else proposed


async def count_hidden(shards: Shards, preview: SilencePreview) -> None:
    """Count all alerts and the past episodes, as far as the time and `MAX_LOOKED_AT` reach."""
    until = elapsed_ms() + PREVIEW_MS
    # Without the past episodes, any silence that is made on a quiet day would look harmless.
    for table in (Table.ALERTS, Table.PAST):
        async for rows in pages(shards, table):
            episodes = [load_alert(row.value) for row in rows.values()]
            known = episodes[: MAX_LOOKED_AT - preview.looked_at]
            hidden = await _within(until + LAST_MATCH_MS, partial(_match, preview, known, until)) or ()
            for episode, hides in zip(known, hidden, strict=False):
                preview.add(episode, hidden=hides)
            if len(hidden) < len(episodes):
                preview.whole = False
                return


def _match(preview: SilencePreview, episodes: Sequence[Alert], until: int) -> list[bool]:
    """Return for the first of these episodes whether the silence hides them: as many as the time allows."""
    found: list[bool] = []
    for episode in episodes:
        if elapsed_ms() >= until:
            break
        found.append(preview.hides(episode))
    return found


async def _within(until: int, work: Callable[[], Found]) -> Found | None:
    """Return what the work finds, None where it takes longer than until then."""
    try:
        async with asyncio.timeout(max(0, until - elapsed_ms()) / 1000):
            return await _PREVIEWING.run(work)
    except TimeoutError:
        return None
