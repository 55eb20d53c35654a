"""Every event of the log is counted, whether its line is written or not."""

from __future__ import annotations

import io
import logging

import pytest
import structlog

from gateway.telemetry.event_counter import EVENTS, MAX_EVENTS, EventCounter
from gateway.telemetry.logging import configure_logging
from gateway.telemetry.metrics import Metrics


def counted(event: str, level: str) -> float:
    labels = {"event": event, "level": level}
    return Metrics().registry.get_sample_value("gateway_log_events_total", labels) or 0


@pytest.fixture
def written() -> io.StringIO:
    stream = io.StringIO()
    configure_logging("json", "warning", (), stream)
    return stream


def test_an_event_below_the_level_is_counted_and_not_written(written: io.StringIO) -> None:
    before = counted("tried_it", "info")
    structlog.get_logger("gateway.test").info("tried_it")
    assert counted("tried_it", "info") == before + 1
    assert written.getvalue() == ""


def test_an_exception_counts_as_an_error(written: io.StringIO) -> None:
    before = counted("broke_it", "error")
    structlog.get_logger("gateway.test").exception("broke_it")
    assert counted("broke_it", "error") == before + 1
    assert "broke_it" in written.getvalue()


def test_lines_of_libraries_are_no_events(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("a text of somebody else")
    assert counted("a text of somebody else", "warning") == 0
    assert "a text of somebody else" in written.getvalue()


def test_there_are_only_so_many_series() -> None:
    counter = EventCounter()
    for number in range(MAX_EVENTS + 5):
        counter(None, "info", {"event": f"event_{number}"})
    (family,) = counter.collect()
    assert len(family.samples) == MAX_EVENTS + 1
    assert sum(sample.value for sample in family.samples) == MAX_EVENTS + 5


def test_a_process_has_one_log() -> None:
    assert {
        collector for metrics in (Metrics(), Metrics()) for collector in metrics.registry._collector_to_names
    } >= {EVENTS}
