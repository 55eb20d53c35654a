"""Log lines: JSON, other libraries' too, and no secret in any."""

from __future__ import annotations

import io
import json
import logging

import structlog

from gateway.telemetry.logging import configure_logging


def lines(secrets: list[str]) -> list[dict[str, object]]:
    stream = io.StringIO()
    before = logging.getLogger().handlers
    configure_logging("json", "info", secrets, stream)
    try:
        log = structlog.get_logger("gateway.test")
        with structlog.contextvars.bound_contextvars(correlation="c1"):
            log.info("something_happened", detail="token=xoxb-secret", nested={"a": ["xoxb-secret"]})
        try:
            raise ValueError("xoxb-secret in a traceback")
        except ValueError as error:
            log.error("it_failed", exc_info=error)
        logging.getLogger("elsewhere").warning("a foreign line with %s", "xoxb-secret")
        log.debug("too_quiet")
    finally:
        logging.getLogger().handlers = before
        structlog.reset_defaults()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_line_is_json_with_its_correlation_and_foreign_ones_too() -> None:
    shown = lines([])
    assert [one["event"] for one in shown] == ["something_happened", "it_failed", "a foreign line with xoxb-secret"]
    assert shown[0]["correlation"] == "c1"
    assert {"level", "timestamp", "logger"} <= shown[2].keys()


def test_no_secret_stands_in_any_line() -> None:
    assert "xoxb-secret" not in json.dumps(lines(["xoxb-secret"]))
