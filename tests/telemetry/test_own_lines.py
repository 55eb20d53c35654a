"""The gateway's own lines are written whole, whatever becomes of the log."""

from __future__ import annotations

import errno
import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway.telemetry.logging import configure_logging


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    before = logging.getLogger().handlers
    yield
    logging.getLogger().handlers = before
    structlog.reset_defaults()


@pytest.mark.parametrize("close", [False, True])
def test_a_log_that_takes_no_line_is_no_fault_of_whoever_logs(
    close: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = io.StringIO() if close else FullDisk()
    configure_logging("json", "info", [], stream)
    if close:
        stream.close()
    structlog.get_logger("gateway.test").info("something_happened")
    assert "something_happened" in capsys.readouterr().err


def test_each_line_is_written_at_once_and_ends() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", [], stream)
    log = structlog.get_logger("gateway.test")
    log.info("first")
    log.bind(target="#a").warning("second")
    assert [line.partition(",")[0] for line in stream.getvalue().splitlines()] == [
        '{"event": "first"',
        '{"target": "#a"',
    ]
    assert stream.getvalue().endswith("\n")


def test_a_level_of_one_logger_counts_for_its_lines() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", [], stream)
    logging.getLogger("gateway.test.quiet").setLevel(logging.ERROR)
    structlog.get_logger("gateway.test.quiet").warning("not_worth_it")
    structlog.get_logger("gateway.test.quiet").error("worth_it")
    assert "not_worth_it" not in stream.getvalue()
    assert "worth_it" in stream.getvalue()
