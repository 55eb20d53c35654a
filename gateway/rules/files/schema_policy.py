"""The JSON Schema of the section `policy:`."""

from __future__ import annotations

from gateway.rules.files.schema_values import DURATIONS, TEXT, TEXTS, described, object_of

SILENCES = object_of(
    {
        "longest": described(DURATIONS, "the longest time of a silence; 7d unless given"),
        "reason": {"enum": ["optional", "required"], "description": "whether a silence needs a reason"},
        "ticket": described(TEXT, "a pattern of RE2 that the whole ticket has to match"),
        "critical": {
            "enum": ["allowed", "four_eyes"],
            "description": "four_eyes: a second person approves what covers critical alerts",
        },
        "warn_share": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "a silence over more of the last 7 days' alerts has to be confirmed",
        },
        "unmatched": described(DURATIONS, "a silence that matches nothing for so long is ended"),
    },
    description="limits for the silences that people make",
)
ACT = object_of(
    {
        "slack_groups": described(TEXTS, "ids of Slack user groups whose members may act, such as S01ONCALL"),
        "administer": described(TEXTS, "ids of Slack user groups whose members may do everything"),
        "pagerduty": {
            "enum": ["any", "listed"],
            "description": "listed: from PagerDuty only members of these groups act, by their address of mail",
        },
    },
    description="who may acknowledge, silence and resolve; without it everybody",
)
AUDIT = described(TEXTS, "webhook destinations that are sent every verdict and action")
POLICY = object_of(
    {
        "closed_by_hand": described(DURATIONS, "how long a close by hand lasts; 1h unless given"),
        "silences": SILENCES,
        "audit": AUDIT,
        "act": ACT,
    },
    description="what holds for the whole gateway",
)
