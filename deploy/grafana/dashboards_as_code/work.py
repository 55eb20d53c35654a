"""Rows of the operations dashboard: the requests, and where the time goes."""

from __future__ import annotations

from functools import partial

from dashboards_as_code.board import Row
from dashboards_as_code.figures import (
    JOB,
    buckets,
    increase,
    level,
    mean,
    or_none,
    quantile,
    rate,
)
from dashboards_as_code.panels import Query, beside_last_week, heat, lines

FAILED = JOB | {"status": "~5.."}


def requests() -> Row:
    failures = partial(rate, "gateway_http_requests_total", ["endpoint"], FAILED)
    return Row(
        "Requests",
        (
            lines(
                "Webhooks",
                "Webhooks in a second, of all replicas together.",
                "reqps",
                beside_last_week(_webhooks, "webhooks"),
            ),
            lines(
                "Webhooks by answer",
                "Webhooks in a second, by status and reason of the answer.",
                "reqps",
                [Query(rate("gateway_webhooks_total", ["status", "reason"]), "{{status}} {{reason}}")],
                stacked=True,
            ),
            heat(
                "Answer time of webhooks",
                "How many webhooks a second were answered in which time.",
                buckets("gateway_webhook_seconds"),
            ),
            lines(
                "Requests by endpoint",
                "Requests in a second, webhooks among them.",
                "reqps",
                [Query(rate("gateway_http_requests_total", ["endpoint"]), "{{endpoint}}")],
                stacked=True,
            ),
            lines(
                "Requests answered 5xx by endpoint",
                "Requests in a second that failed by our own fault or the store's.",
                "reqps",
                [Query(or_none(failures(), "endpoint"), "{{endpoint}}")],
            ),
            lines(
                "Answer time by endpoint",
                "The slowest of the fastest 95 %.",
                "s",
                [Query(quantile(0.95, "gateway_http_request_seconds", ["endpoint"]), "{{endpoint}}")],
            ),
            lines(
                "Requests refused",
                "Requests that the API or /metrics refused in the last hour, such as those with a wrong token.",
                "short",
                [
                    Query(
                        or_none(
                            increase("gateway_refused_requests_total", ["door", "reason"], window="1h"),
                            "door",
                        ),
                        "{{door}} {{reason}}",
                    )
                ],
            ),
            lines(
                "Webhooks being worked on",
                "Bytes of webhooks that are not answered yet.",
                "bytes",
                [Query(level("gateway_webhook_bytes_in_flight"), "in flight")],
            ),
            lines(
                "Heartbeats of our own",
                "Heartbeats in a second: sent, failed, or withheld while the gateway is not well.",
                "cps",
                [Query(or_none(rate("gateway_heartbeats_total", ["outcome"]), "outcome"), "{{outcome}}")],
            ),
        ),
    )


def _webhooks(at: str) -> str:
    return rate("gateway_webhooks_total", at=at)


def path() -> Row:
    return Row(
        "Where the time goes",
        (
            lines(
                "Time of each step",
                "The mean time of a step. The first half of the steps are taken for all webhooks of a commit at once.",
                "s",
                [Query(mean("gateway_step_seconds", ["step"]), "{{step}}")],
            ),
            lines(
                "Steps taken",
                "How often each step was taken in a second.",
                "cps",
                [Query(rate("gateway_step_seconds_count", ["step"]), "{{step}}")],
            ),
            lines(
                "Lag of the event loop",
                "How much too late the event loop came back to who slept: for so long everything else waited too.",
                "s",
                beside_last_week(_lag, "p99"),
            ),
            lines(
                "Answer time of the store",
                "The slowest of the fastest 95 %, by what the store was asked.",
                "s",
                [Query(quantile(0.95, "gateway_store_seconds", ["script"]), "{{script}}")],
            ),
            lines(
                "Questions to the store",
                "How often the store was asked in a second, by what.",
                "cps",
                [Query(rate("gateway_store_seconds_count", ["script"]), "{{script}}")],
                stacked=True,
            ),
            lines(
                "Trouble with the store",
                "Commits of the last hour that were not carried out, and questions that were not answered as they should.",
                "short",
                [
                    Query(
                        increase(
                            "gateway_commits_total",
                            ["outcome"],
                            JOB | {"outcome": "~lost|fenced|expired"},
                            window="1h",
                        ),
                        "commits: {{outcome}}",
                    ),
                    Query(
                        increase("gateway_store_failures_total", ["kind"], window="1h"), "failures: {{kind}}"
                    ),
                ],
            ),
            lines(
                "Work on the agenda",
                "Subjects that are due now or later, such as incidents to plan and notifications to send.",
                "short",
                beside_last_week(_agenda, "subjects"),
            ),
            lines(
                "Subjects worked on",
                "Subjects of the agenda that were worked on in a second, by kind and by what became of it.",
                "cps",
                [Query(rate("gateway_subjects_total", ["kind", "outcome"]), "{{kind}} {{outcome}}")],
                stacked=True,
            ),
            lines(
                "Calls to vendors by answer",
                "Calls of deliveries in a second, by vendor, by what they were for, and by the kind of answer.",
                "cps",
                [
                    Query(
                        or_none(rate("gateway_vendor_answers_total", ["vendor", "call", "answer"]), "vendor"),
                        "{{vendor}} {{call}} {{answer}}",
                    )
                ],
            ),
            lines(
                "Batches committed",
                "What was committed together in a second, by what became of it.",
                "cps",
                [Query(rate("gateway_batches_total", ["what", "outcome"]), "{{what}} {{outcome}}")],
            ),
            lines(
                "Decisions made again",
                "Decisions in a second that were made again because another writer was quicker. That is no fault; many of them cost time.",
                "cps",
                [
                    Query(rate("gateway_lost_races_total"), "batches of webhooks"),
                    Query(
                        or_none(rate("gateway_transaction_retries_total", ["transaction"]), "transaction"),
                        "{{transaction}}",
                    ),
                ],
            ),
            lines(
                "Faults of our own",
                "Work that failed in the last hour by a fault of the gateway. It is tried again, and the log says why.",
                "short",
                [
                    Query(
                        or_none(increase("gateway_subject_failures_total", ["kind"], window="1h"), "kind"),
                        "on {{kind}}",
                    ),
                    Query(
                        or_none(
                            increase("gateway_background_failures_total", ["work", "end"], window="1h"),
                            "work",
                        ),
                        "{{work}} {{end}}",
                    ),
                ],
            ),
        ),
    )


def _lag(at: str) -> str:
    return quantile(0.99, "gateway_event_loop_lag_seconds", at=at)


def _agenda(at: str) -> str:
    return level("gateway_agenda_subjects", at=at)
