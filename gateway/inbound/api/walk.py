"""Walk through a table of the store for one answer of the API, page by page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request

from gateway.inbound.api.requests import (
    CURSOR,
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    QueryParameter,
    Refusal,
    position,
)
from gateway.model.changes import Cell, Query, Row, Table
from gateway.state.shards import Shards

CURSORS = 1 << 64  # https://redis.io/docs/latest/commands/scan/: unsigned 64-bit numbers
MAX_PAGES_READ = 20  # for one answer, since a filter may pass over every row of a page
PAGE_QUERY = {
    "cursor": QueryParameter(
        "where to go on: `next` of the page before", {"type": "string", "pattern": f"^{CURSOR}$"}
    ),
    "limit": QueryParameter(
        "how many rows an answer may have",
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": DEFAULT_PAGE_SIZE},
    ),
}

Take = Callable[[Row], Awaitable[bool]]


async def walk(
    shards: Shards, request: Request, table: Table, limit: int, take: Take, named: str = "*"
) -> str | None:
    """Show the rows of a table from the request's cursor on to `take`, until that returns False.

    `named` is a pattern of the names of rows that are shown, in which `*` stands for any text.

    Return the cursor of the next row, or None after the last, so that no row is left out between two
    answers. The cursor is the store's own of a page, with the number of rows of that page that were shown
    already.
    """
    cursor, shown = position(request)
    # A number that no server counts to is no cursor that it gave; asked
    # for it, the server would call it a fault.
    if cursor // len(shards.states) >= CURSORS:
        raise Refusal(409, f"cursor={cursor} is none of ours", "cursor", "`next` of the page before")
    for _ in range(MAX_PAGES_READ):
        begin, (cursor, found) = cursor, await shards.page(table, cursor, limit, named)
        rows = list(found.values())
        for at, row in enumerate(rows[shown:], shown + 1):
            if not await take(row):
                return f"{begin}.{at}" if at < len(rows) else str(cursor) if cursor else None
        shown = 0
        if not cursor:
            return None
    # A filter that matches little must not keep the caller waiting: the next request goes on from here.
    return str(cursor)


async def row_of(shards: Shards, table: Table, name: str) -> Row | None:
    """Return the row of this name, whichever shard has it, or None."""
    cell = Cell(table, name)
    state = await shards.holding(cell)
    row = (await state.gather(Query(cells=(cell,)))).rows[cell]
    return row if row.value else None
