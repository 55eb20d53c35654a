"""A page that a target is owed: since when, and what of it was counted.

The promise is that every page is told within a minute of falling due. Its counters change in the commits
that decide it, and what was counted stands in the ledger: whatever is killed or done twice, a page
counts once.
"""

from __future__ import annotations

import msgspec

from gateway.model.durations import MINUTE

PROMISED_WITHIN_MS = MINUTE
PAGES_DUE, PAGES_IN_TIME = "pages:due", "pages:in_time"  # names of the store's counters
PAGES_LATE, PAGES_NEVER = "pages:late", "pages:never"


class OwedPage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A page that falls, or fell, due at `due_at` (ms).

    `paged_at` is the ledger's when it came to be owed: another one says that the page was told.
    `is_counted` says that it was counted as due, `is_late` that its minute went by and was counted.
    """

    due_at: int
    paged_at: int | None = None
    is_counted: bool = False
    is_late: bool = False

    @property
    def deadline(self) -> int:
        """Return until when it has to be told (ms)."""
        return self.due_at + PROMISED_WITHIN_MS
