"""The level may be changed for a while; then that of the settings is in force again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from gateway.telemetry.log_level import LogLevel


@pytest.fixture
def level() -> Iterator[LogLevel]:
    before = logging.getLogger().level
    yield LogLevel("info")
    logging.getLogger().setLevel(before)


async def test_it_goes_back_by_itself(level: LogLevel) -> None:
    level.change("debug", 20, "ann")
    assert logging.getLogger().level == logging.DEBUG
    assert level.until is not None
    while level.now != "info":
        await asyncio.sleep(0.01)
    assert logging.getLogger().level == logging.INFO
    assert level.until is None


async def test_without_a_duration_it_stays_and_the_newest_word_counts(level: LogLevel) -> None:
    level.change("debug", 20, "ann")
    level.change("warning", None, "bob")
    await asyncio.sleep(0.05)
    assert (level.now, level.until) == ("warning", None)
    assert logging.getLogger().level == logging.WARNING
