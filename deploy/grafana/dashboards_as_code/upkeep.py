"""Rows of the operations dashboard: the store, the rules in force, and the sources of alerts."""

from __future__ import annotations

from dashboards_as_code.board import Row
from dashboards_as_code.figures import (
    JOB,
    highest,
    increase,
    level,
    lowest,
    or_none,
    rate,
    ratio,
)
from dashboards_as_code.panels import Limit, Query, lines, number

ANY = Limit(1, "red")


def store() -> Row:
    used, limit = (
        level("gateway_store_memory_bytes", where=JOB | {"what": what}) for what in ("used", "limit")
    )
    return Row(
        "Store",
        (
            lines(
                "Memory of the store",
                "Memory of the fullest server of the store, beside its limit. A server without a limit has no second line.",
                "bytes",
                [Query(level("gateway_store_memory_bytes", ["what"]), "{{what}}")],
            ),
            lines(
                "Memory of the store, as a share",
                "The share of its limit that the fullest server uses. From 80 % on the gateway says that its store is filling up; 0 where there is no limit.",
                "percentunit",
                [Query(or_none(ratio(used, limit)), "used")],
                limits=(Limit(0.8, "red"),),
                most=1,
            ),
            lines(
                "Forgotten before their time",
                "Ended alerts, and earlier lives of alerts, that were forgotten in the last hour since the store was filling up.",
                "short",
                [
                    Query(
                        increase("gateway_forgotten_early_total", ["source"], window="1h"),
                        "alerts of {{source}}",
                    ),
                    Query(
                        increase("gateway_lives_forgotten_early_total", ["source"], window="1h"),
                        "lives of {{source}}",
                    ),
                ],
            ),
            lines(
                "Clock of the store",
                "How far the time by which notifications wait is ahead of the store's clock; 0 unless that was stepped.",
                "s",
                [Query(level("gateway_clock_offset_seconds"), "ahead")],
            ),
            lines(
                "Steps of the store's clock",
                "How often the store's clock was stepped in the last day, by what became of it.",
                "short",
                [Query(increase("gateway_clock_steps_total", ["kind"], window="1d"), "{{kind}}")],
            ),
            number(
                "People's time",
                "Whose clock people's time goes by: the store's, or the gateways' while the store's is not believed.",
                "short",
                level("gateway_store_clock_believed"),
                limits=(Limit(0, "orange"), Limit(1, "green")),
                words={0: "the gateways' clocks", 1: "the store's clock"},
                width=8,
            ),
        ),
    )


def rules() -> Row:
    return Row(
        "Rules",
        (
            lines(
                "Rules in force",
                "The generation of the rules in each replica. Replicas with an older one than others take webhooks and plan nothing.",
                "short",
                [Query(level("gateway_rules_generation", ["instance"]), "{{instance}}")],
            ),
            lines(
                "Reloads of rules",
                "Rule files that were read anew in the last hour: loaded, unchanged, or rejected for their errors.",
                "short",
                [Query(increase("gateway_rules_reloads_total", ["outcome"], window="1h"), "{{outcome}}")],
            ),
            number(
                "Rules on disk",
                "Whether any replica has files with errors, and an older set of rules in force.",
                "short",
                highest("gateway_rules_rejected"),
                limits=(ANY,),
                words={0: "in force", 1: "rejected"},
                width=4,
            ),
            number(
                "Age of the rules",
                "How long ago the rules in force were loaded.",
                "s",
                f"time() - {highest('gateway_rules_loaded_timestamp_seconds')}",
                width=4,
            ),
        ),
    )


def sources() -> Row:
    heard = f"time() - ({highest('gateway_source_last_seen_timestamp_seconds', ['source'])} > 0)"
    beats = f"time() - ({level('gateway_watchdog_last_heartbeat_timestamp_seconds', ['watchdog'])} > 0)"
    return Row(
        "Sources",
        (
            lines(
                "Alerts by source",
                "Alerts that each source sent in a second.",
                "cps",
                [Query(rate("gateway_source_alerts_total", ["source"]), "{{source}}")],
            ),
            lines(
                "Silence of each source",
                "How long ago each source was heard last. One that was never heard has no line.",
                "s",
                [Query(heard, "{{source}}")],
            ),
            lines(
                "Clock of each source",
                "The least time lately from an event, by the source's clock, to its arrival, by ours. Below 0 the source's clock is ahead by at least that.",
                "s",
                [Query(lowest("gateway_source_least_lag_seconds", ["source"]), "{{source}}")],
            ),
            lines(
                "Turned away",
                "Webhooks and alerts in a second that reach nobody, by source (unknown: no token was shown) and reason.",
                "cps",
                [Query(rate("gateway_turned_away_total", ["source", "reason"]), "{{source}} {{reason}}")],
            ),
            lines(
                "Concluded without a word",
                "Ends and beginnings in a second that no webhook told: an Alertmanager that was asked no longer knew an alert, or knew a new one.",
                "cps",
                [
                    Query(
                        rate("gateway_source_inferences_total", ["source", "outcome", "reason"]),
                        "{{source}} {{outcome}} {{reason}}",
                    )
                ],
            ),
            lines(
                "Questions to sources",
                "How often in a second the peers of a source were asked what fires.",
                "cps",
                [
                    Query(
                        rate("gateway_source_questions_total", ["source", "answer"]), "{{source}} {{answer}}"
                    )
                ],
            ),
            lines(
                "Last heartbeat of each watchdog",
                "How long ago it came. One that never came has no line.",
                "s",
                [Query(beats, "{{watchdog}}")],
            ),
            lines(
                "Left out by Alertmanager",
                "Alerts in the last hour that Alertmanager left out of its webhooks (max_alerts): nobody can be told of them.",
                "short",
                [Query(increase("gateway_truncated_alerts_total", window="1h"), "left out")],
            ),
        ),
    )


def telemetry() -> Row:
    sent = rate("gateway_telemetry_records_total", ["signal", "outcome"])
    return Row(
        "Log and traces",
        (
            lines(
                "Log by level",
                "Events of the log in a second, those whose line a level or a sample leaves out among them.",
                "cps",
                [Query(rate("gateway_log_events_total", ["level"]), "{{level}}")],
                stacked=True,
            ),
            lines(
                "Warnings and errors of the log",
                "Events of the log in the last hour that are warnings or worse, by name.",
                "short",
                [
                    Query(
                        or_none(
                            increase(
                                "gateway_log_events_total",
                                ["event", "level"],
                                JOB | {"level": "~warning|error|critical"},
                                window="1h",
                            ),
                            "event",
                        ),
                        "{{event}} ({{level}})",
                    )
                ],
            ),
            lines(
                "Sent to a receiver of OTLP",
                "Spans and log records in a second: sent, failed there, or dropped since too many waited. None where OTLP is off.",
                "cps",
                [Query(or_none(sent, "signal"), "{{signal}} {{outcome}}")],
            ),
        ),
    )
