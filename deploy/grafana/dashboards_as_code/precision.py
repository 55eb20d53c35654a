"""Alert gateway: precision and on-call load. Are the pages worth it, and what do they cost the people on call."""

from __future__ import annotations

from functools import partial

from dashboards_as_code.board import Board, Row
from dashboards_as_code.figures import JOB, increase, level, select
from dashboards_as_code.panels import Limit, Query, beside_last_week, lines, number

SHARES = "gateway_statistics_ratio"
EVENTS = "gateway_statistics_events"


def precision() -> Board:
    return Board(
        "alert-gateway-precision",
        "Alert gateway: precision and on-call load",
        "Are the pages worth it, and what do they cost the people on call? All figures but the load are of the last four weeks.",
        "gateway_build_info",
        (_now(), _worth(), _times(), _load()),
        "gateway",
    )


def _share(figure: str) -> str:
    return level(SHARES, where=JOB | {"figure": figure})


def _events(what: str) -> str:
    return level(EVENTS, where=JOB | {"what": what})


def _now() -> Row:
    return Row(
        "The last four weeks",
        (
            number(
                "Precision",
                "The share of labelled pages that somebody had to do something about.",
                "percentunit",
                select("sli_precision_ratio"),
                limits=(Limit(0, "red"), Limit(0.5, "orange"), Limit(0.8, "green")),
                width=4,
            ),
            number(
                "Time to acknowledge (MTTA)",
                "Half of the pages were acknowledged within this time.",
                "s",
                select("sli_mtta_seconds"),
                width=4,
            ),
            number(
                "Time to end (MTTR)",
                "Half of the incidents that paged were over within this time of their first alert.",
                "s",
                select("sli_mttr_seconds"),
                width=4,
            ),
            number(
                "Time between failures (MTBF)",
                "The time that services were well, divided by their failures: incidents that paged.",
                "s",
                select("sli_mtbf_seconds"),
                width=4,
            ),
            number(
                "Pages",
                "The first calls of incidents at their targets. A page that rings again is one page and two calls.",
                "short",
                _events("pages"),
                width=4,
            ),
            number(
                "Age of these figures",
                "How long ago the statistics were made.",
                "s",
                f"time() - {level('gateway_statistics_made_timestamp_seconds')}",
                limits=(Limit(7200, "orange"),),
                width=4,
            ),
        ),
    )


def _worth() -> Row:
    bounds = [
        Query(_share(figure), name)
        for figure, name in (
            ("precision", "precision"),
            ("precision_lower", "lower bound"),
            ("precision_upper", "upper bound"),
        )
    ]
    return Row(
        "Are the pages worth it?",
        (
            lines(
                "Precision",
                "The share of labelled pages that somebody had to do something about, with the bounds between which the true share lies with 95 % certainty.",
                "percentunit",
                bounds,
                most=1,
            ),
            lines(
                "Precision, beside last week",
                "The same share, and that of a week ago. The difference is what the last week changed.",
                "percentunit",
                beside_last_week(lambda at: select("sli_precision_ratio", at=at), "precision"),
                most=1,
            ),
            lines(
                "Pages by label",
                "Pages that people labelled: worth it, or noise.",
                "short",
                [Query(_events("actionable"), "actionable"), Query(_events("noise"), "noise")],
                stacked=True,
            ),
            lines(
                "Kept quiet and missed",
                "Alerts that a rule kept quiet, and those of them that mattered after all: somebody said so, acknowledged them, or was paged soon after.",
                "short",
                [Query(_events("spells"), "kept quiet"), Query(_events("misses"), "missed")],
            ),
            lines(
                "Told of what mattered",
                "Of what mattered, the share that people were paged for at once. It stands beside precision, which silence alone would raise.",
                "percentunit",
                [Query(_share("told_share"), "told")],
                most=1,
            ),
            lines(
                "Ended within 15 minutes",
                "The share of incidents that paged and were over within 15 minutes, the goal of the statistics.",
                "percentunit",
                [Query(_share("within_goal"), "within the goal")],
                most=1,
            ),
        ),
    )


def _times() -> Row:
    return Row(
        "How long it takes",
        (
            lines(
                "Time to acknowledge (MTTA)",
                "The median of four weeks.",
                "s",
                beside_last_week(partial(_sli, "sli_mtta_seconds"), "MTTA"),
            ),
            lines(
                "Time to end (MTTR)",
                "The median of four weeks.",
                "s",
                beside_last_week(partial(_sli, "sli_mttr_seconds"), "MTTR"),
            ),
            lines(
                "Time between failures (MTBF)",
                "Of four weeks. It grows when services fail less often.",
                "s",
                beside_last_week(partial(_sli, "sli_mtbf_seconds"), "MTBF"),
            ),
        ),
    )


def _sli(name: str, at: str) -> str:
    return select(name, at=at)


def _load() -> Row:
    return Row(
        "On-call load",
        (
            lines(
                "Pages in a day",
                "Pages that fell due in the twenty-four hours before. More than a few a day wear people out.",
                "short",
                beside_last_week(_pages_of_a_day, "pages"),
                limits=(Limit(2, "orange"),),
                width=12,
            ),
            lines(
                "Pages in an hour",
                "Pages that fell due in the hour before: at night each of them wakes somebody.",
                "short",
                beside_last_week(_pages_of_an_hour, "pages"),
                width=12,
            ),
            lines(
                "Incidents, pages and calls of four weeks",
                "Several pages may belong to one incident, and several calls to one page.",
                "short",
                [Query(_events(what), what) for what in ("incidents", "pages", "calls")],
                width=24,
            ),
        ),
    )


def _pages_of_a_day(at: str) -> str:
    return increase("gateway_page_due_total", window="1d", at=at)


def _pages_of_an_hour(at: str) -> str:
    return increase("gateway_page_due_total", window="1h", at=at)
