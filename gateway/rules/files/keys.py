"""The keys of every section. The keys in `LATER_…` are known, but not available in this version."""

from __future__ import annotations

HOURS = ("during", "not_during")
RULE = ("name", "match", "owner", "reason", *HOURS)
LATER_RULE = ("mode",)
TOP = (
    "within", "labels", "partition_by", "sources", "destinations", "routes", "correlate", "time_intervals",
    "maintenance", "inhibit", "watchdogs", "policy", "precision",
)  # fmt: skip
LATER_TOP = (
    "topology", "transient", "flapping", "storm",
)  # fmt: skip
LABELS = ("ignore", "rename", "severity", "service", "thing", "scope", "redact", "links")
SOURCE = (
    "name",
    "match",
    "token",
    "alertmanager",
    "receiver",
    "group_interval",
    "repeat_interval",
    "stale_after",
)
# Beside the kind, whose keys stand in its folder under `outbound/`
DESTINATION = ("fallback", "fallback_after", "proxy")
TIMERS = ("group_wait", "update_interval", "resolve_after", "remind", "longest_hold")
ROUTE = (*RULE, "parent", "continue", "notify", "page", "page_when", "mute", "shifts", "escalate", *TIMERS)
LATER_ROUTE = ("digest", *LATER_RULE)
MUTE = ("page", "notify", "mute_critical")
SHIFT = ("notify", "page", *HOURS)
ESCALATION_STEP = ("after", "unless", "notify", "page", *HOURS)
CORRELATE = (*RULE, "by", "window", "stop_values", "max_values", "max_alerts")
LATER_CORRELATE = ("topology", "onset", *LATER_RULE)
TIME_INTERVAL = ("name", "time_intervals")
MAINTENANCE = (*RULE, "start", "end")
INHIBIT = ("name", "source_matchers", "target_matchers", "equal", "wait", "owner", "reason", *HOURS)
WATCHDOG = (*RULE, "every", "source", "notify", "page", "hold_resolves")
POLICY = ("closed_by_hand", "silences", "audit", "act")
ACT = ("slack_groups", "administer", "pagerduty")
PRECISION = (
    "target", "budget", "actionable", "noise", "cutoff", "miss_within", "persons", "note_prefix", "digest",
)  # fmt: skip
LATER_PRECISION = ("learn", "pinned")
BUDGET = ("pages", "per")
RESOLVED_BY_ITSELF = ("resolved_by_itself_within", "unless")
WEEKLY_DIGEST = ("at", "location", "to")
SILENCES = ("longest", "reason", "ticket", "critical", "warn_share", "unmatched")
