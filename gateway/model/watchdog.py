"""What is remembered of a watchdog: when its last heartbeat came, and what was made of the silence since."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from gateway.model.rules.kinds import Watchdog


class WatchdogState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Times in ms of the store's clock.

    Silence counts from `since` at the earliest: when we began to look, or could see again. `missing_since` is 0 while it beats;
    `alert` holds the labels of the alert of our own that says so, until that one has ended.
    """

    since: int
    looked_at: int
    missing_since: int = 0
    alert: dict[str, str] = {}


class WatchdogStatus(NamedTuple):
    """How a watchdog does now: when it was heard last, and since when it is missing (ms, 0 for never)."""

    rule: Watchdog
    last: int
    missing_since: int


def load_heartbeat(row: bytes) -> int:
    """When it was, in ms; 0 for never."""
    return int(row or 0)
