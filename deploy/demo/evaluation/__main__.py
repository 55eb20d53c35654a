"""`python -m evaluation`: serves until it is stopped."""

from __future__ import annotations

import os
from pathlib import Path

import click
import uvicorn
from prometheus_client import disable_created_metrics

from evaluation.answer_cache import AnswerCache
from evaluation.app import Endpoints
from evaluation.evaluate import Evaluator
from evaluation.health import Health
from evaluation.logs import configure_logs
from evaluation.metrics import Metrics
from evaluation.observers import observers_of
from evaluation.process import memory_limit
from evaluation.results import DatabaseUnavailable, Results
from evaluation.switches import Switches


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True)
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    default="evaluations.sqlite3",
    show_default=True,
    help="Where results are kept.",
)
@click.option("--redis-url", default="", help="Where right answers are kept; without one each is computed.")
@click.option(
    "--depends-on", "apis", multiple=True, metavar="URL", help="What /health is to ask too; repeat."
)
@click.option(
    "--memory-limit-mib",
    type=click.IntRange(0),
    default=0,
    show_default="the container's, or else the machine's",
    help="The memory that is planned for it.",
)
@click.option("--with-switches", is_flag=True, help="Serve /switches, by which anybody can break it.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
def main(
    host: str,
    port: int,
    database: Path,
    redis_url: str,
    apis: tuple[str, ...],
    memory_limit_mib: int,
    with_switches: bool,
    log_level: str,
) -> None:
    """Serve the causal-evaluation service until it is stopped."""
    configure_logs(log_level)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a series of its own for each series, which nobody asks for
    try:
        results, answers = Results(database.absolute()), AnswerCache(redis_url)
    except DatabaseUnavailable as error:
        raise click.ClickException(f"{error}; --database names a file that can be written") from error
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--redis-url") from error
    total = memory_limit_mib << 20 or memory_limit()
    switches = Switches()
    metrics = Metrics(
        memory_total=total, held=lambda: switches.held_bytes, connections=lambda: results.in_use
    )
    endpoints = Endpoints(
        evaluator=Evaluator(results, answers, switches, metrics, observers_of(os.environ)),
        health=Health(results, answers, apis, total),
        metrics=metrics,
        results=results,
        switches=switches if with_switches else None,
    )
    uvicorn.run(endpoints.app(), host=host, port=port, log_config=None, access_log=False, server_header=False)
    results.close()


if __name__ == "__main__":
    main()
