"""Rows of the delivery dashboard: what alerts meant, what people see of them, and what PagerDuty says."""

from __future__ import annotations

from dashboards_as_code.board import Row
from dashboards_as_code.figures import (
    increase,
    level,
    or_none,
    rate,
    ratio,
    select,
)
from dashboards_as_code.panels import Query, bars, beside_last_week, lines


def noise() -> Row:
    notified = ratio(
        rate("gateway_notifications_total", window="1h"), rate("gateway_observations_total", window="1h")
    )
    matches = increase("gateway_rule_matches_total", ["kind", "rule"], window="1h")
    return Row(
        "Noise",
        (
            lines(
                "Alerts taken",
                "Alerts in a second, of all replicas together.",
                "cps",
                beside_last_week(_taken, "alerts"),
            ),
            lines(
                "What the alerts meant",
                "Alerts in a second: most repeat what is known.",
                "cps",
                [Query(rate("gateway_observations_total", ["outcome"]), "{{outcome}}")],
                stacked=True,
            ),
            lines(
                "Reasons of the verdicts",
                "Alerts in a second, by the reason of the verdict.",
                "cps",
                [Query(rate("gateway_observations_total", ["reason"]), "{{reason}}")],
                stacked=True,
            ),
            lines(
                "Notifications for each alert taken",
                "Notifications divided by alerts, over the last hour. The lower the share is, the more the gateway keeps from people; a gap means that no alert came.",
                "percentunit",
                [Query(notified, "notifications / alerts")],
            ),
            bars(
                "Busiest rules of the last hour",
                "Alerts that a rule decided on, and incidents that a correlation rule opened: the ten with the most.",
                "short",
                f"topk(10, {matches})",
                "{{kind}} {{rule}}",
            ),
            lines(
                "Matches of rules",
                "Matches of the last hour, by kind of rule.",
                "short",
                [Query(f"sum by (kind) ({matches})", "{{kind}}")],
            ),
            lines(
                "Oddities of alerts",
                "Alerts of the last hour beyond 64 copies, or with over 32 KiB of labels, of which the longest were cut, and quarantine entries that made room for newer ones.",
                "short",
                [
                    Query(increase("gateway_crowded_copies_total", window="1h"), "too many copies"),
                    Query(increase("gateway_labels_cut_total", window="1h"), "labels cut"),
                    Query(
                        increase("gateway_quarantine_evicted_total", window="1h"), "evicted from quarantine"
                    ),
                ],
            ),
            lines(
                "Unknown severities",
                "Alerts that were read in the last hour with a severity word that no rule knows.",
                "short",
                [Query(increase("gateway_unknown_severities_total", window="1h"), "alerts")],
            ),
        ),
    )


def _taken(at: str) -> str:
    return rate("gateway_observations_total", at=at)


def what_people_see() -> Row:
    return Row(
        "What people see",
        (
            lines(
                "Members of incidents",
                "Alerts at their targets, by what they are there.",
                "short",
                [Query(level("gateway_standing", ["standing"]), "{{standing}}")],
            ),
            lines(
                "Reasons for that",
                "Alerts at their targets, by the reason why they are there as they are.",
                "short",
                [Query(level("gateway_standing_reason", ["reason"]), "{{reason}}")],
                stacked=True,
            ),
            lines(
                "Open episodes",
                "Alerts that began and have not ended, as intake counts them.",
                "short",
                beside_last_week(_open, "counted"),
            ),
            lines(
                "Episodes waiting for a plan",
                "Episodes of which intake knows and no plan yet. Their number goes down to 0 within seconds while the gateway keeps up.",
                "short",
                [Query(level("gateway_open_episodes", where={"job": "$job", "state": "waiting"}), "waiting")],
            ),
            lines(
                "Episodes told and ended",
                "How much the number of episodes told, and of ends told, has grown in the last hour.",
                "short",
                [
                    Query(
                        f"max by (what) (clamp_min(delta({select('gateway_tellings', window='1h')}), 0))",
                        "{{what}}",
                    )
                ],
            ),
        ),
    )


def _open(at: str) -> str:
    return level("gateway_open_episodes", where={"job": "$job", "state": "counted"}, at=at)


def pagerduty() -> Row:
    return Row(
        "PagerDuty",
        (
            lines(
                "What PagerDuty said",
                "Webhooks and answers of PagerDuty in the last hour, by what happened there and what became of it here.",
                "short",
                [
                    Query(
                        or_none(
                            increase("gateway_pagerduty_events_total", ["kind", "outcome"], window="1h"),
                            "kind",
                        ),
                        "{{kind}} {{outcome}}",
                    )
                ],
                width=12,
            ),
            lines(
                "Questions to PagerDuty",
                "Questions to PagerDuty's REST API in the last hour: read, or why not.",
                "short",
                [
                    Query(
                        or_none(
                            increase("gateway_pagerduty_requests_total", ["outcome"], window="1h"), "outcome"
                        ),
                        "{{outcome}}",
                    )
                ],
                width=12,
            ),
        ),
    )
