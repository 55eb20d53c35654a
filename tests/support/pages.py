"""What the local PagerDuty was told of a page, and what the gateway has written down of it."""

from __future__ import annotations

import asyncio

from gateway.model.changes import Table
from gateway.model.records import load_ledger
from gateway.sandbox.pagerduty import Incident as Paged
from gateway.state.paging import pages
from gateway.state.shards import Shards


def leads_to_slack(page: Paged) -> bool:
    """Return whether PagerDuty was told where the message is, which it is once that stands in Slack."""
    return any("'slack'" in str(entry.event) for entry in page.log if entry.kind == "trigger")


async def answers_written(shards: Shards, wanted: int = 2) -> None:
    """Wait until so many ledgers say that their target was told, and no ledger waits for an answer.

    The count `standing:told` has a target already while its vendor's answer is on the way.
    """
    while True:
        rows = [row async for page in pages(shards, Table.LEDGERS) for row in page.values()]
        ledgers = [load_ledger(row.value) for row in rows]
        told = sum(ledger.notified_at is not None for ledger in ledgers)
        if told >= wanted and not any(ledger.intent for ledger in ledgers):
            return
        await asyncio.sleep(0.02)
