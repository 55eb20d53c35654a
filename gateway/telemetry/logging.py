"""Log lines, in JSON or for a console: one event per outcome, and no secret in any of them.

Lines of other libraries take the same way as our own.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.model.harmless import harmless, harmless_line, harmless_values
from gateway.telemetry.current_span import add_trace_ids
from gateway.telemetry.event_counter import EVENTS
from gateway.telemetry.log_sample import Sample
from gateway.telemetry.loguru_lines import LOGURU_EXTRA, take_over_loguru

HIDDEN = "[secret]"
EVENT_COLUMNS = 24
TRACEBACKS = ("exception", "stack")


class AlsoTo:
    """Hands each line that is about to be written to `taker`, which sends it elsewhere."""

    def __init__(self) -> None:
        self.taker: Callable[[EventDict], None] | None = None

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        if self.taker is not None:
            self.taker(event)
        return event


ALSO_TO = AlsoTo()


class HideSecrets:
    """Replaces known secret values wherever they stand, tracebacks included. `secrets` may grow later."""

    def __init__(self, secrets: Collection[str]) -> None:
        self._given = secrets
        self._size = -1
        self._found = _any_of([])

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        if len(self._given) != self._size:
            self._size = len(self._given)
            self._found = _any_of(tuple(self._given))
        return {key: value if key.startswith("_") else self.hide(value) for key, value in event.items()}

    def hide(self, value: object) -> object:
        if isinstance(value, str):
            return self._found.sub(HIDDEN, value)
        if isinstance(value, dict):
            return {self.hide(key): self.hide(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.hide(inner) for inner in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.hide(repr(value))  # a renderer would write its repr, with whatever secret is in it


class MakeHarmless:
    """Takes out of every text what acts on a terminal. Only a traceback has several lines."""

    def __init__(self, *, one_line: bool) -> None:
        self._shown = harmless_line if one_line else harmless

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {
            key: value
            if key.startswith("_")
            else harmless_values(value)
            if key in TRACEBACKS
            else self._values(value)
            for key, value in event.items()
        }

    def _values(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._shown(value)
        if isinstance(value, dict):
            return {self._values(key): self._values(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._values(inner) for inner in value]
        return value


def _any_of(secrets: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern of all secrets, the longest first, so that one which contains another is found whole.

    Without any secret the pattern never matches.
    """
    ordered = sorted(filter(None, secrets), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered)) or r"(?!)")


def configure_logging(
    how: str, level: str, secrets: Collection[str], stream: TextIO | None = None, *, sample: float = 1.0
) -> None:
    """Configure all logging of this process; `stream` is stderr by default.

    `how` is json, console, or auto: a console's lines on a terminal, and JSON everywhere else. `sample` is
    the share of webhooks whose lines are written.
    """
    target = stream or sys.stderr
    for_people = target.isatty() if how == "auto" else how == "console"
    shared = _processors(secrets, for_people=for_people)
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=target.isatty(), pad_event_to=EVENT_COLUMNS)
        if for_people
        else structlog.processors.JSONRenderer()
    )
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    foreign: list[Processor] = [structlog.stdlib.ExtraAdder(allow={LOGURU_EXTRA}), *shared]
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=foreign, processors=[remove_meta, last])
    handler = logging.StreamHandler(target)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    _quieten_libraries()
    take_over_loguru()
    sampled: list[Processor] = [Sample(sample)] if sample < 1 else []
    structlog.configure(
        processors=[
            EVENTS,
            structlog.stdlib.filter_by_level,
            *sampled,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _processors(secrets: Collection[str], *, for_people: bool) -> list[Processor]:
    """Return what each line passes in its turn, the gateway's own and those of libraries alike."""
    return [
        structlog.contextvars.merge_contextvars,
        add_trace_ids,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
        HideSecrets(secrets),
        # For people, a line that stands in a label would look like a line of the log.
        MakeHarmless(one_line=for_people),
        ALSO_TO,
    ]


def _quieten_libraries() -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    # httpx logs each request's address at INFO, and the address of a webhook is a secret.
    for name in ("uvicorn", "httpx", "slack_sdk", "pdpyras", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
