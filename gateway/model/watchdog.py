"""The memory of a watchdog: when its last heartbeat came, and since when one is missing."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from gateway.model.rules.kinds import Watchdog


class WatchdogState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The state of a watchdog; all times in ms of the store's clock.

    `since` is when the gateway began to watch, or was back after a gap of its own: silence counts from then
    at the earliest. `missing_since` is None while heartbeats come. `alert` holds the labels of the own alert
    that says that the heartbeat is missing, until that alert has ended.
    """

    since: int
    looked_at: int
    missing_since: int | None = None
    alert: dict[str, str] = {}


class WatchdogStatus(NamedTuple):
    """A watchdog for people to see: its last heartbeat, and since when one is missing (ms, None for never)."""

    rule: Watchdog
    last: int | None
    missing_since: int | None


def load_heartbeat(row: bytes) -> int | None:
    """Return the time of the last heartbeat (ms), None for never."""
    return int(row or 0) or None
