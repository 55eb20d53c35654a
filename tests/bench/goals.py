"""What the gateway may cost: the rows of the first table in docs/benchmarks.md."""

from __future__ import annotations

from dataclasses import dataclass

RATIO = "×"
CORE = "% of a core"


@dataclass(frozen=True)
class Goal:
    """`row` is its name in the document; what is measured is held up to `at_most`, in `unit`."""

    row: str
    at_most: float
    unit: str = RATIO


NEW = Goal("new, 100 a webhook, ten an incident", 1.3)
GROWING = Goal("new, 100 a webhook into 50 incidents that grow to 400 members", 1.6)
GROWING_LAST = Goal("the same, the last hundred members of each against the first", 1.15)
JOIN = Goal("one alert into an incident of 400 against one of 1", 1.3)
REPEATED = Goal("repeated, 100 a webhook", 0.2)
REPEATED_OLD = Goal("repeated, 100 a webhook, last said over a minute ago", 0.2)
REPEATED_ACTIVE = Goal("repeated, 100 a webhook, 100,000 active", 0.2)
NEW_SINGLE = Goal("new, 1 a webhook, 16 connections", 3)
REPEATED_SINGLE = Goal("repeated, 1 a webhook, 16 connections", 1.2)
SLACK_MEDIAN = Goal("alert to Slack, 100 webhooks/s, `group_wait: 0s`: p50", 3.5, "ms")
SLACK_LATE = Goal("alert to Slack, 100 webhooks/s, `group_wait: 0s`: p99", 8, "ms")
MEMORY = Goal("memory at 100,000 active alerts", 213, "MiB")
IDLE = Goal("idle", 0.4, CORE)

GOALS = (
    NEW, GROWING, GROWING_LAST, JOIN, REPEATED, REPEATED_OLD, REPEATED_ACTIVE, NEW_SINGLE, REPEATED_SINGLE,
    SLACK_MEDIAN, SLACK_LATE, MEMORY, IDLE,
)  # fmt: skip
