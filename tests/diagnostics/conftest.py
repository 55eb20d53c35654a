"""Fixtures of an installation to look at."""

from __future__ import annotations

from tests.support.installation import patient, vendors

__all__ = ["patient", "vendors"]
