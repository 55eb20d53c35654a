"""Choose the entries of the log that a destination is sent next, and say what its answer means for that."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.decisions.delivery.redaction import redacted
from gateway.model.audit_trail import MAX_BATCH_ENTRIES, Batch, LoggedEntry, Shipped, Stretch
from gateway.model.durations import MINUTE, SECOND
from gateway.model.notification import Answer, Delivered, Refused

LONGEST_BACKOFF_MS = MINUTE
SILENT_FAILURE_MS = 2 * MINUTE  # a receiver that fails for longer raises an alert of our own
TOO_LARGE = "invalid"  # 413 among others: fewer at once may be taken


def next_batch(
    shipped: Shipped, stretch: Stretch, destination: str, shard: int, hidden: frozenset[str], key: bytes = b""
) -> Batch:
    """Return what is sent next. `hidden` are the labels that no vendor is shown, `key` is of their hashes."""
    entries = tuple(_shown(entry, hidden, key) for entry in stretch.entries[: shipped.most])
    span = f"{entries[0].position}-{entries[-1].position}" if entries else ""
    # What the log dropped before it was sent is counted: an audit trail must not hide its gaps.
    lost = stretch.first - 1 - shipped.number if shipped.position and shipped.number <= stretch.last else 0
    return Batch(f"log-{shard}-{span}", destination, shard, entries, max(0, lost))


def after(shipped: Shipped, stretch: Stretch, batch: Batch, answer: Answer, now: int) -> Shipped:
    if isinstance(answer, Delivered):
        known = shipped.number if shipped.position and shipped.number <= stretch.last else 0
        number = max(known, stretch.first - 1) + len(batch.entries)
        return Shipped(batch.entries[-1].position, number, min(MAX_BATCH_ENTRIES, shipped.most * 2))
    # Half as many may fit. The size doubles again with each batch that arrives.
    too_large = isinstance(answer, Refused) and answer.reason == TOO_LARGE
    return msgspec.structs.replace(
        shipped,
        most=max(1, len(batch.entries) // 2) if too_large else shipped.most,
        attempts=shipped.attempts + 1,
        failing_since=shipped.failing_since or now,
    )


def wait(shipped: Shipped, answer: Answer) -> int:
    """Return how long to wait until it is tried again, in ms."""
    if isinstance(answer, Delivered):
        return 0
    # The receiver knows best when to come back; our own wait is for one that does not say.
    return answer.retry_after or min(LONGEST_BACKOFF_MS, SECOND << min(shipped.attempts, 8))


def is_delayed(shipped: Shipped, now: int) -> bool:
    return shipped.failing_since is not None and now - shipped.failing_since >= SILENT_FAILURE_MS


def _shown(logged: LoggedEntry, hidden: frozenset[str], key: bytes) -> LoggedEntry:
    """A text that speaks of a redacted label (a silence's matchers) is shown as a hash."""
    if not hidden:
        return logged
    detail: Mapping[str, str | int] = {
        name: redacted(value, key)
        if isinstance(value, str) and any(label in value for label in hidden)
        else value
        for name, value in logged.entry.detail.items()
    }
    return logged._replace(entry=logged.entry._replace(detail=detail))
