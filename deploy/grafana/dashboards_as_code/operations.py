"""Alert gateway: operations. Is it well, does it keep its promises, and where does the time go."""

from __future__ import annotations

from dashboards_as_code.board import Board, Row
from dashboards_as_code.figures import (
    JOB,
    level,
    lowest,
    or_none,
    select,
)
from dashboards_as_code.panels import Limit, Query, bars, beside_last_week, lines, number
from dashboards_as_code.upkeep import rules, sources, store, telemetry
from dashboards_as_code.work import path, requests

ANY = Limit(1, "red")
BUDGETS = {"downtime": 0.001, "errors": 0.001, "slow": 0.05, "pages": 0.001}
"""The share that each objective leaves: deploy/prometheus/rules/slo.yml."""


def operations() -> Board:
    return Board(
        "alert-gateway-operations",
        "Alert gateway: operations",
        "Is the gateway well, does it keep its promises, and where does the time go?",
        "gateway_build_info",
        (_wellness(), _objectives(), requests(), path(), store(), rules(), sources(), telemetry()),
        "gateway",
    )


def _wellness() -> Row:
    imbalance = f"max(abs({select('gateway_identity_residue')}))"
    alerts = select("ALERTS", {"alertname": "~Gateway.+", "alertstate": "firing"})
    return Row(
        "Is it well?",
        (
            number(
                "Replicas",
                "Replicas whose last scrape succeeded. At 0 nobody is told of anything.",
                "short",
                level("up"),
                limits=(Limit(0, "red"), Limit(1, "green")),
            ),
            number(
                "Store",
                "The view of the replica that is worst off. Without the store webhooks are answered 503 and come again.",
                "short",
                lowest("gateway_store_up"),
                limits=(Limit(0, "red"), Limit(1, "green")),
                words={0: "away", 1: "answers"},
            ),
            number(
                "Work overdue by",
                "How long the oldest entry of the agenda has been due. It stays under some seconds; above a minute people are told late.",
                "s",
                level("gateway_agenda_overdue_seconds"),
                limits=(Limit(10, "orange"), Limit(60, "red")),
            ),
            number(
                "Alerts about it",
                "Alerts of Prometheus about the gateway that fire now.",
                "short",
                f"count({alerts}) or vector(0)",
                limits=(ANY,),
            ),
            number(
                "Missing watchdogs",
                "Watchdogs whose heartbeat does not come: alerts from there may not arrive.",
                "short",
                or_none(f"sum({level('gateway_watchdog_missing', ['watchdog'])})"),
                limits=(ANY,),
            ),
            number(
                "Unheard incidents",
                "Incidents that fire and of which nobody could be told.",
                "short",
                level("gateway_unheard_incidents"),
                limits=(ANY,),
            ),
            number(
                "Imbalance",
                "What does not balance between alerts taken and alerts accounted for. Anything but 0 is a fault of the gateway.",
                "short",
                imbalance,
                limits=(ANY,),
            ),
            number(
                "Paused or bypassed",
                "1 while people have paging paused, or suppression bypassed.",
                "short",
                f"max({level('gateway_ordered', ['what'])})",
                limits=(ANY,),
                words={0: "no", 1: "yes"},
            ),
        ),
    )


def _objectives() -> Row:
    burned = [
        Query(f"{select(f'slo:{name}:ratio', JOB | {'window': '1h'})} / {budget}", name)
        for name, budget in BUDGETS.items()
    ]
    return Row(
        "Does it keep its promises?",
        (
            bars(
                "Error budget left",
                "What is left of the budget of thirty days: all of it is 100 %, and below 0 the promise is broken.",
                "percentunit",
                f"max by (slo) ({select('slo:error_budget_left:ratio')})",
                "{{slo}}",
                limits=(Limit(-1000, "red"), Limit(0, "orange"), Limit(0.25, "green")),
                least=-1,
                most=1,
            ),
            lines(
                "Burn rate of the last hour",
                "How many times faster than the budget allows it is used up. At 1 it lasts for thirty days; at 14.4 somebody is called.",
                "short",
                burned,
                limits=(Limit(1, "orange"), Limit(14.4, "red")),
            ),
            lines(
                "Availability",
                "The lower of two shares: scrapes at which a replica answered, and webhooks that were answered other than 5xx. Promised are 99.9 %.",
                "percentunit",
                beside_last_week(lambda at: select("sli_availability_ratio", at=at), "availability"),
                least=0.99,
                most=1,
            ),
            lines(
                "Pages told within 60 s",
                "The share of pages that their destination took within a minute of falling due. A gap means that no page was due. Promised are 99.9 %.",
                "percentunit",
                beside_last_week(lambda at: select("sli_page_ratio", at=at), "in time"),
                least=0.9,
                most=1,
            ),
            lines(
                "Answer time of webhooks, as promised",
                "The slowest of the fastest 95 %. Promised is under 500 ms.",
                "s",
                beside_last_week(lambda at: select("sli_latency_seconds", at=at), "p95"),
                limits=(Limit(0.5, "red"),),
            ),
            lines(
                "Share of webhooks answered 5xx",
                "A gap means that no webhook came. Promised is under 0.1 %.",
                "percentunit",
                beside_last_week(lambda at: select("sli_error_rate_ratio", at=at), "5xx"),
                limits=(Limit(0.001, "red"),),
            ),
        ),
    )
