"""Fixtures of the commands."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.support.command_line import beside, gateway

__all__ = ["beside", "gateway"]


@pytest.fixture(scope="module")
def logging_as_before() -> Iterator[None]:
    """The demo configures the log of the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()
