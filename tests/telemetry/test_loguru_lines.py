"""Lines of Loguru look as all others do, with their level, and hide the same secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from loguru import logger

from gateway.telemetry.harmless_lines import HIDDEN
from gateway.telemetry.logging import configure_logging

SECRET = "xoxb-1234-secret"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream, before = io.StringIO(), logging.getLogger().handlers
    configure_logging("json", "info", [SECRET], stream)
    yield stream
    logger.remove()
    logging.getLogger().handlers = before
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_success_is_a_level_and_what_is_below_the_level_is_not_written(written: io.StringIO) -> None:
    logger.debug("too quiet")
    logger.success("done: 100 %s", "whole")
    logger.critical("gone")
    assert [(line["level"], line["event"]) for line in lines(written)] == [
        ("success", "done: 100 %s"),
        ("critical", "gone"),
    ]
    assert {"timestamp", "logger"} <= lines(written)[0].keys()


def test_what_a_logger_is_bound_to_and_its_traceback_are_shown_without_secrets(written: io.StringIO) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        logger.bind(token=SECRET, task="score").exception("failed with {}", SECRET)
    (line,) = lines(written)
    assert line["event"] == f"failed with {HIDDEN}"
    assert line["bound"] == {"token": HIDDEN, "task": "score"}
    assert "Traceback" in str(line["exception"])
    assert SECRET not in written.getvalue()
