"""The receiver of OTLP that tests of this folder share."""

from __future__ import annotations

from tests.support.traced import receiver

__all__ = ["receiver"]
