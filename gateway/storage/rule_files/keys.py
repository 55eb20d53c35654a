"""The keys of every section; the `LATER_…` ones are known and not available in this version."""

from __future__ import annotations

LATER_RULE = ("during", "not_during", "mode")
TOP = ("within", "labels", "destinations", "routes", "correlate", "policy")
LATER_TOP = (
    "partition_by", "sources", "topology", "inhibit", "time_intervals", "maintenance", "transient", "flapping", "storm", "watchdogs", "precision",
)  # fmt: skip
LABELS = ("ignore", "rename", "severity", "service", "scope", "redact", "links")
DESTINATION = ("slack", "pagerduty", "fallback", "fallback_after")
SLACK = ("channel", "allow", "token", "mention_on_page")
PAGERDUTY = ("routing_key", "service")
TIMERS = ("group_wait", "update_interval", "resolve_after", "remind")
ROUTE = ("name", "parent", "match", "continue", "owner", "reason", "notify", "page", "page_when", *TIMERS)
LATER_ROUTE = ("digest", "longest_hold", "escalate", "shifts", "mute", *LATER_RULE)
CORRELATE = ("name", "match", "owner", "reason", "by", "window", "stop_values", "max_values", "max_alerts")
LATER_CORRELATE = ("topology", "onset", *LATER_RULE)
POLICY = ("closed_by_hand",)
LATER_POLICY = ("silences", "act", "audit")
