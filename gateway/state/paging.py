"""Read a whole table page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator

from gateway.model.changes import Row, Table
from gateway.ports import Archive

PAGE = 500


async def pages(store: Archive, table: Table) -> AsyncIterator[dict[str, Row]]:
    cursor = 0
    while True:
        cursor, rows = await store.page(table, cursor, PAGE)
        yield rows
        if not cursor:
            return
