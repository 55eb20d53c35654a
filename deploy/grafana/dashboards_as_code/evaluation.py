"""Causal Evaluation Framework: how much the evaluation service does, how fast, and how well."""

from __future__ import annotations

from functools import partial

from dashboards_as_code.board import Board, Row
from dashboards_as_code.figures import buckets, increase, level, mean, quantile, rate, ratio, select
from dashboards_as_code.panels import Limit, Query, bars, beside_last_week, heat, lines, number

DURATION = "evaluation_duration_seconds"


def evaluation() -> Board:
    return Board(
        "causal-evaluation",
        "Causal Evaluation Framework",
        "How much the causal-evaluation service does, how fast it is, and how often it is right.",
        "user_satisfaction_score_count",
        (_now(), _service(), _answers(), _users()),
        "causal-eval",
    )


def _failed(at: str) -> str:
    return ratio(rate("evaluation_errors_total", at=at), rate("evaluation_requests_total", at=at))


def _now() -> Row:
    names = {
        "alertname": "~HighErrorRate|ServiceDown|HighResponseTime|HighMemoryUsage",
        "alertstate": "firing",
    }
    return Row(
        "Is it well?",
        (
            number(
                "Instances that answer",
                "Instances whose last scrape succeeded.",
                "short",
                level("up"),
                limits=(Limit(0, "red"), Limit(1, "green")),
                width=6,
            ),
            number(
                "Alerts that fire",
                "Alerts about the service that fire now.",
                "short",
                f"count({select('ALERTS', names)}) or vector(0)",
                limits=(Limit(1, "red"),),
                width=6,
            ),
            number(
                "Evaluations of the last day",
                "Evaluations that succeeded.",
                "short",
                increase("daily_evaluations_total", window="1d"),
                width=6,
            ),
            number(
                "Database connections",
                "Connections to the database that evaluations hold, of a pool of 8.",
                "short",
                level("active_database_connections"),
                limits=(Limit(7, "orange"),),
                width=6,
            ),
        ),
    )


def _service() -> Row:
    return Row(
        "How much, how fast, how often in vain",
        (
            lines(
                "Evaluation Throughput",
                "Evaluations begun in a second.",
                "reqps",
                beside_last_week(_begun, "evaluations"),
            ),
            heat(
                "Response Time Distribution",
                "How many evaluations a second took which time.",
                buckets(DURATION),
            ),
            lines(
                "Error Rate",
                "The share of evaluations that failed. Above 10 % an alert fires; a gap means that nobody asked.",
                "percentunit",
                beside_last_week(_failed, "failed"),
                limits=(Limit(0.1, "red"),),
            ),
            lines(
                "Evaluation Throughput by task type",
                "Evaluations begun in a second.",
                "reqps",
                [Query(rate("evaluation_requests_total", ["task_type"]), "{{task_type}}")],
                stacked=True,
            ),
            lines(
                "Response time",
                "The slowest of the fastest 95 %, failed evaluations included. Above 5 s an alert fires.",
                "s",
                beside_last_week(_slowest, "p95"),
                limits=(Limit(5, "red"),),
            ),
            lines(
                "Errors by type",
                "Evaluations that failed in a second.",
                "cps",
                [Query(rate("evaluation_errors_total", ["error_type"]), "{{error_type}}")],
                stacked=True,
            ),
            lines(
                "Response time by difficulty",
                "The mean time of an evaluation.",
                "s",
                [Query(mean(DURATION, ["difficulty"]), "{{difficulty}}")],
                width=12,
            ),
            lines(
                "Response time by domain",
                "The mean time of an evaluation.",
                "s",
                [Query(mean(DURATION, ["domain"]), "{{domain}}")],
                width=12,
            ),
        ),
    )


def _begun(at: str) -> str:
    return rate("evaluation_requests_total", at=at)


def _slowest(at: str) -> str:
    return quantile(0.95, DURATION, at=at)


def _answers() -> Row:
    accuracy = f"avg by (model, task_type) ({select('evaluation_accuracy_ratio')})"
    return Row(
        "How often the models are right",
        (
            lines(
                "Accuracy",
                "The share of the newest 200 answers of each model that were right.",
                "percentunit",
                [Query(accuracy, "{{model}} {{task_type}}")],
                width=12,
                most=1,
            ),
            bars(
                "Accuracy now",
                "The share of the newest 200 answers of each model that were right.",
                "percentunit",
                accuracy,
                "{{model}} {{task_type}}",
                width=12,
                most=1,
            ),
        ),
    )


def _users() -> Row:
    daily = partial(increase, "daily_evaluations_total", window="1d")
    return Row(
        "Who uses it",
        (
            bars(
                "Evaluations of the last day by organization",
                "Evaluations that succeeded. The first 20 organizations have a bar, the others share one.",
                "short",
                daily(["organization"]),
                "{{organization}}",
            ),
            lines(
                "Evaluations of a day by type of model",
                "Evaluations that succeeded in the twenty-four hours before.",
                "short",
                [Query(daily(["model_type"]), "{{model_type}}")],
            ),
            lines(
                "What users say",
                "The mean of what users said of a feature in the last hour, from 1 to 5. A gap means that nobody said anything.",
                "short",
                [Query(_satisfaction(), "{{feature}}")],
                limits=(Limit(3, "orange"),),
                most=5,
            ),
        ),
    )


def _satisfaction() -> str:
    said = partial(increase, by=["feature"], window="1h")
    return ratio(said("user_satisfaction_score_sum"), said("user_satisfaction_score_count"))
