"""How long what has ended is kept, and how much of what happened, unless the settings say otherwise."""

from __future__ import annotations

from gateway.model.durations import DAY, MINUTE

KEEP_ENDED_MS = 7 * DAY
KEEP_STATISTICS_MS = 90 * DAY
SHORTEST_KEEP_MS = MINUTE
LOG_LENGTH = 50_000  # entries of the log of a shard
SHORTEST_LOG = 1_000
QUARANTINE_LENGTH = 1_000  # entries of the quarantine of a shard
