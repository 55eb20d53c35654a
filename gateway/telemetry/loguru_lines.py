"""Lines of libraries that log by Loguru take the way of all others, where Loguru is installed.

Loguru writes by itself to stderr, past the standard library:
https://loguru.readthedocs.io/en/stable/overview.html
"""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.util import find_spec
from typing import Any

LOGURU_EXTRA = "bound"  # what a Loguru logger was bound to, as one field of the line
# Levels of Loguru that the standard library does not know:
# https://loguru.readthedocs.io/en/stable/api/logger.html#levels
FURTHER_LEVELS = {5: "TRACE", 25: "SUCCESS"}


def take_over_loguru() -> None:
    """Have Loguru write nothing by itself, and hand each line to the standard library's logger of its module."""
    for number, name in FURTHER_LEVELS.items():
        logging.addLevelName(number, name)
    if find_spec("loguru") is not None:
        logger = import_module("loguru").logger
        logger.remove()
        logger.add(hand_over, level=0, format="{message}", backtrace=False, diagnose=False)


def hand_over(message: Any) -> None:
    """Log a message of Loguru: https://loguru.readthedocs.io/en/stable/api/logger.html#record"""
    said = message.record
    logger = logging.getLogger(said["name"] or "loguru")
    level = said["level"].no
    if not logger.isEnabledFor(level):
        return
    thrown = said["exception"]
    record = logger.makeRecord(
        logger.name,
        level,
        said["file"].path,
        said["line"],
        # The text is whole: a per cent sign in it is no place for an argument.
        said["message"],
        (),
        (thrown.type, thrown.value, thrown.traceback) if thrown is not None else None,
        said["function"],
        extra={LOGURU_EXTRA: dict(said["extra"])} if said["extra"] else None,
    )
    logger.handle(record)
