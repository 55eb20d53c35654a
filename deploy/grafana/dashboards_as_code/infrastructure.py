"""Infrastructure Metrics: what the processes and their database use, whatever job they belong to."""

from __future__ import annotations

from functools import partial

from dashboards_as_code.board import Board, Row
from dashboards_as_code.figures import EVERY_JOB, highest, level, rate, ratio, select
from dashboards_as_code.panels import Limit, Query, beside_last_week, lines, number

PROCESS = ["job", "instance"]
NAMED = "{{job}} {{instance}}"
every_level = partial(level, where=EVERY_JOB)


def infrastructure() -> Board:
    return Board(
        "infrastructure-metrics",
        "Infrastructure Metrics",
        "What the processes that Prometheus scrapes use of processor, memory and database, whatever job they belong to.",
        "gateway_build_info",
        (_now(), _use(), _processes()),
    )


def _now() -> Row:
    down = f"count({select('up', EVERY_JOB)} == 0) or vector(0)"
    return Row(
        "Now",
        (
            number(
                "Instances that answer",
                "Instances of all jobs whose last scrape succeeded.",
                "short",
                every_level("up"),
                width=6,
            ),
            number(
                "Instances that do not",
                "Instances whose last scrape failed.",
                "short",
                down,
                limits=(Limit(1, "red"),),
                width=6,
            ),
            number(
                "Fullest memory",
                "The share of its memory that the evaluation service uses; above 80 % an alert fires.",
                "percentunit",
                f"max({_memory_share()})",
                limits=(Limit(0.8, "red"),),
                width=6,
            ),
            number(
                "Most open files",
                "The share of its open file descriptors that the process with the least room uses.",
                "percentunit",
                f"max({select('process_open_fds', EVERY_JOB)} / {select('process_max_fds', EVERY_JOB)})",
                limits=(Limit(0.8, "red"),),
                width=6,
            ),
        ),
    )


def _memory_share() -> str:
    return ratio(every_level("memory_usage_bytes", PROCESS), every_level("memory_total_bytes", PROCESS))


def _use() -> Row:
    memory = every_level("memory_usage_bytes", [*PROCESS, "component"])
    return Row(
        "Use",
        (
            lines(
                "CPU Usage",
                "How much of one core each process uses. That of the evaluation service is what it says of itself.",
                "percentunit",
                [
                    Query(rate("process_cpu_seconds_total", PROCESS, EVERY_JOB), NAMED),
                    Query(f"{every_level('cpu_usage_percent', PROCESS)} / 100", NAMED),
                ],
            ),
            lines(
                "Memory Usage",
                "Memory in use, of the evaluation service by component.",
                "bytes",
                [
                    Query(every_level("process_resident_memory_bytes", PROCESS), NAMED),
                    Query(memory, f"{NAMED} {{{{component}}}}"),
                ],
            ),
            lines(
                "Database Connections",
                "Connections to the database that evaluations hold.",
                "short",
                beside_last_week(_connections, "{{instance}}"),
            ),
            lines(
                "CPU Usage, beside last week",
                "How many cores all processes use together.",
                "short",
                beside_last_week(_cores, "cores"),
            ),
            lines(
                "Memory Usage, beside last week",
                "Memory of all processes together.",
                "bytes",
                beside_last_week(_memory, "memory"),
            ),
            lines(
                "Memory Usage, as a share",
                "Of the memory that the evaluation service may use; above 80 % an alert fires.",
                "percentunit",
                [Query(_memory_share(), NAMED)],
                limits=(Limit(0.8, "red"),),
                most=1,
            ),
        ),
    )


def _connections(at: str) -> str:
    return level("active_database_connections", PROCESS, EVERY_JOB, at)


def _cores(at: str) -> str:
    return rate("process_cpu_seconds_total", where=EVERY_JOB, at=at)


def _memory(at: str) -> str:
    return level("process_resident_memory_bytes", where=EVERY_JOB, at=at)


def _processes() -> Row:
    return Row(
        "Processes",
        (
            lines(
                "Open files",
                "Open file descriptors, sockets among them.",
                "short",
                [Query(every_level("process_open_fds", PROCESS), NAMED)],
                width=12,
            ),
            lines(
                "Time since the start",
                "A line that falls to 0 is a restart.",
                "s",
                [Query(f"time() - {highest('process_start_time_seconds', PROCESS, EVERY_JOB)}", NAMED)],
                width=12,
            ),
        ),
    )
