"""Log lines, in JSON or for a console: one event per outcome, and no secret in any of them.

Lines of other libraries take the same way as our own.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.telemetry.correlation import add_correlation
from gateway.telemetry.current_span import add_trace_ids
from gateway.telemetry.event_counter import EVENTS
from gateway.telemetry.harmless_lines import HideSecrets, MakeHarmless
from gateway.telemetry.json_lines import JsonLine
from gateway.telemetry.log_sample import Sample
from gateway.telemetry.loguru_lines import LOGURU_EXTRA, take_over_loguru
from gateway.telemetry.own_lines import LineHandler, OwnLogger, by_level

EVENT_COLUMNS = 24


class AlsoTo:
    """Hands each line that is about to be written to `taker`, which sends it elsewhere."""

    def __init__(self) -> None:
        self.taker: Callable[[EventDict], None] | None = None

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        if self.taker is not None:
            self.taker(event)
        return event


ALSO_TO = AlsoTo()
# What each line passes before it is rendered, the gateway's own and those of libraries alike
SHARED: tuple[Processor, ...] = (
    add_correlation,
    add_trace_ids,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
)


def configure_logging(
    how: str, level: str, secrets: Collection[str], stream: TextIO | None = None, *, sample: float = 1.0
) -> None:
    """Configure all logging of this process; `stream` is stderr by default.

    `how` is json, console, or auto: a console's lines on a terminal, and JSON everywhere else. `sample` is
    the share of webhooks whose lines are written.
    """
    target = stream or sys.stderr
    for_people = target.isatty() if how == "auto" else how == "console"
    hide = HideSecrets(secrets)
    # For people, a line that stands in a label would look like a line of the log.
    cleaning: list[Processor] = [
        structlog.processors.UnicodeDecoder(),
        hide,
        MakeHarmless(one_line=for_people),
    ]
    console = structlog.dev.ConsoleRenderer(colors=target.isatty(), pad_event_to=EVENT_COLUMNS)
    handler = LineHandler(target)
    handler.setFormatter(_formatter(cleaning, console if for_people else structlog.processors.JSONRenderer()))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    _quieten_libraries()
    take_over_loguru()
    sampled: list[Processor] = [Sample(sample)] if sample < 1 else []
    rendering = [*cleaning, ALSO_TO, console] if for_people else [JsonLine(hide, cleaning, ALSO_TO)]
    structlog.configure(
        processors=[EVENTS, by_level, *sampled, *SHARED, *rendering],
        logger_factory=cache(lambda name: OwnLogger(name, handler.write)),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _formatter(cleaning: Sequence[Processor], last: Processor) -> logging.Formatter:
    """Return what makes the lines of other libraries look like the gateway's own."""
    foreign: list[Processor] = [
        structlog.stdlib.ExtraAdder(allow={LOGURU_EXTRA}),
        *SHARED,
        *cleaning,
        ALSO_TO,
    ]
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=foreign, processors=[remove_meta, last])


def _quieten_libraries() -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    # httpx logs each request's address at INFO, and the address of a webhook is a secret.
    for name in ("uvicorn", "httpx", "slack_sdk", "pdpyras", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
