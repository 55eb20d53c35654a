"""Read a whole table page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator

from gateway.model.changes import Row, Table
from gateway.ports import Archive

PAGE_ROWS = 500


async def pages(store: Archive, table: Table, named: str = "*") -> AsyncIterator[dict[str, Row]]:
    """Yield the rows of every page by field, those whose field is like `named` alone; a row may come twice.

    Raises `StateUnavailable`.
    """
    cursor = 0
    while True:
        cursor, rows = await store.page(table, cursor, PAGE_ROWS, named)
        yield rows
        # The cursor ends the walk, and not an empty page: HSCAN may return one in the middle
        # (https://redis.io/docs/latest/commands/scan/).
        if not cursor:
            return
