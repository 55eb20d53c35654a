"""A table is read page by page, to its last row."""

from __future__ import annotations

from gateway.model.changes import Cell, Changes, Table
from gateway.state.paging import PAGE_ROWS, pages
from gateway.storage.memory import MemoryStore
from tests.support.build import START


async def test_every_row_of_a_table_that_has_several_pages_comes() -> None:
    store = MemoryStore(lambda: START)
    names = [f"row {number}" for number in range(2 * PAGE_ROWS + 1)]
    await store.commit(Changes(put={Cell(Table.META, name): b"x" for name in names}))
    found = [page async for page in pages(store, Table.META)]
    assert {name for page in found for name in page} == set(names)
    assert len(found) > 1


async def test_an_empty_table_has_one_empty_page() -> None:
    assert [page async for page in pages(MemoryStore(lambda: START), Table.META)] == [{}]
