"""A sample of webhooks is logged: each whole or not at all, and nothing that a person has to see is left out."""

from __future__ import annotations

import io
import json
import logging
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog

from gateway.telemetry.correlation import correlated
from gateway.telemetry.logging import configure_logging

WEBHOOKS = 2_000


@pytest.fixture
def tenth() -> Iterator[io.StringIO]:
    stream, before = io.StringIO(), logging.getLogger().handlers
    configure_logging("json", "debug", [], stream, sample=0.1)
    yield stream
    logging.getLogger().handlers = before
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_about_a_tenth_of_the_webhooks_is_written_and_each_of_them_whole(tenth: io.StringIO) -> None:
    log = structlog.get_logger("gateway.test")
    for number in range(WEBHOOKS):
        with correlated(f"trace-{number}"):
            log.info("webhook_received")
            log.debug("delivery_rests")
        log.info("source_corrected", correlation=f"trace-{number}")
    of_each = Counter(line["correlation"] for line in lines(tenth))
    assert set(of_each.values()) == {3}
    assert 0.07 < len(of_each) / WEBHOOKS < 0.13


def test_warnings_and_lines_of_no_webhook_are_always_written(tenth: io.StringIO) -> None:
    log = structlog.get_logger("gateway.test")
    for number in range(100):
        log.warning("delivery_failed", correlation=f"trace-{number}")
        log.error("subject_failed", correlation=f"trace-{number}")
        log.info("rules_reloaded")
    assert len(lines(tenth)) == 300
