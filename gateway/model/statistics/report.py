"""A report: the rows of a request, and how they were made."""

from __future__ import annotations

from typing import Literal

import msgspec

from gateway.model.statistics.rows import Row


class Report(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """All rows of a request. Instants are texts: in UTC, a row's `bucket_start` with its zone's offset."""

    schema: int = 1
    from_: str
    to: str
    as_of: str
    tz: str
    by: str
    bucket: str
    cutoff_seconds: float
    miss_within_seconds: float
    sample: float
    seed: str
    rules_revision: str | None
    basis: Literal["exact", "compacted", "mixed"]
    exact_since: str | None
    complete: bool
    incomplete_because: tuple[str, ...]
    other_values: int
    rows: tuple[Row, ...]
    other: Row | None
    total: Row
