"""Alert gateway: delivery and noise. Are people told in time, and of how little of what is sent."""

from __future__ import annotations

from functools import partial

from dashboards_as_code.board import Board, Row
from dashboards_as_code.figures import (
    buckets,
    increase,
    level,
    or_none,
    quantile,
    rate,
    ratio,
)
from dashboards_as_code.noise import noise, pagerduty, what_people_see
from dashboards_as_code.panels import Limit, Query, beside_last_week, heat, lines, number

ANY = Limit(1, "red")


def delivery() -> Board:
    return Board(
        "alert-gateway-delivery",
        "Alert gateway: delivery and noise",
        "Are people told in time, and how much of what is sent to the gateway are they told of?",
        "gateway_build_info",
        (_pages(), _deliveries(), noise(), what_people_see(), pagerduty()),
        "gateway",
    )


def _pages() -> Row:
    late = partial(increase, "gateway_page_late_total", ["state"])
    return Row(
        "Pages",
        (
            number(
                "Pages due",
                "Pages that fell due in the time shown.",
                "short",
                increase("gateway_page_due_total"),
                width=4,
            ),
            number(
                "Pages told within 60 s",
                "The share of the pages of the time shown that their destination took within a minute of falling due. Promised are 99.9 %.",
                "percentunit",
                f"clamp_max({ratio(increase('gateway_page_in_time_total'), increase('gateway_page_due_total'))}, 1)",
                limits=(Limit(0, "red"), Limit(0.999, "green")),
                width=4,
            ),
            number(
                "Pages late",
                "Pages of the time shown that were not told within a minute.",
                "short",
                f"sum({late()})",
                limits=(ANY,),
                width=4,
            ),
            number(
                "Dead letters",
                "Notifications of the time shown that a destination refused for good, so that nobody tries again.",
                "short",
                increase("gateway_dead_letters_total"),
                limits=(ANY,),
                width=4,
            ),
            number(
                "Undeliverable now",
                "Members of incidents, and ends, that a destination refused for good.",
                "short",
                f"sum({level('gateway_undeliverable', ['what'])})",
                limits=(ANY,),
                width=4,
            ),
            number(
                "Quarantined now",
                "What came in a webhook and could not be taken as an alert.",
                "short",
                level("gateway_quarantine_entries"),
                limits=(Limit(1, "orange"),),
                width=4,
            ),
            lines(
                "Pages in an hour",
                "Pages that fell due in the hour before.",
                "short",
                beside_last_week(_pages_of_an_hour, "pages"),
            ),
            lines(
                "Pages late in an hour",
                "late: they were told later, or are tried on. never: the vendor refused them for good, or what they were for was over first.",
                "short",
                [Query(late(window="1h"), "{{state}}")],
            ),
            heat(
                "From the first alert to the first telling",
                "How many incidents a second were first told after which time, waits included.",
                buckets("gateway_alert_to_delivery_seconds"),
            ),
        ),
    )


def _pages_of_an_hour(at: str) -> str:
    return increase("gateway_page_due_total", window="1h", at=at)


def _deliveries() -> Row:
    return Row(
        "Deliveries",
        (
            lines(
                "Deliveries",
                "Calls to vendors in a second, of all replicas together.",
                "cps",
                beside_last_week(_sent, "deliveries"),
            ),
            lines(
                "Deliveries by destination",
                "Calls to vendors in a second.",
                "cps",
                [Query(rate("gateway_deliveries_total", ["destination"]), "{{destination}}")],
                stacked=True,
            ),
            lines(
                "Deliveries by answer",
                "Calls to vendors in a second, by what the vendor said.",
                "cps",
                [Query(rate("gateway_deliveries_total", ["outcome"]), "{{outcome}}")],
                stacked=True,
            ),
            lines(
                "Answer time of vendors",
                "The slowest of the fastest 95 %.",
                "s",
                [Query(quantile(0.95, "gateway_delivery_seconds", ["destination"]), "{{destination}}")],
            ),
            lines(
                "From the first alert to the first telling",
                "The slowest of the fastest 95 % of incidents, waits of the rules included.",
                "s",
                beside_last_week(_told, "p95"),
            ),
            lines(
                "Why people are told",
                "Notifications in a second that a vendor took, by why they were due.",
                "cps",
                [Query(rate("gateway_notifications_total", ["reason"]), "{{reason}}")],
                stacked=True,
            ),
            lines(
                "Tries repeated",
                "Sends of the last hour that were tried again, since the try before was not taken.",
                "short",
                [
                    Query(
                        or_none(
                            increase("gateway_delivery_retries_total", ["destination"], window="1h"),
                            "destination",
                        ),
                        "{{destination}}",
                    )
                ],
            ),
            lines(
                "Parts left out",
                "Parts of notifications that were left out in the last hour because a vendor refused them.",
                "short",
                [
                    Query(
                        or_none(
                            increase(
                                "gateway_plainer_notifications_total", ["destination", "part"], window="1h"
                            ),
                            "destination",
                        ),
                        "{{destination}} {{part}}",
                    )
                ],
            ),
            lines(
                "Audit trail",
                "Entries of the audit trail in a second, by destination.",
                "cps",
                [
                    Query(
                        or_none(
                            rate("gateway_audit_entries_total", ["destination", "outcome"]), "destination"
                        ),
                        "{{destination}} {{outcome}}",
                    )
                ],
            ),
        ),
    )


def _sent(at: str) -> str:
    return rate("gateway_deliveries_total", at=at)


def _told(at: str) -> str:
    return quantile(0.95, "gateway_alert_to_delivery_seconds", at=at)
