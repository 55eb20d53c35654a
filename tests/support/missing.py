"""What a test needs and this machine does not have."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(message: str) -> NoReturn:
    """Fail the test in CI, and skip it elsewhere; the message says what is missing and what brings it."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
