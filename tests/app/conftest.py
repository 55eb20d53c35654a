"""The fixtures of a running gateway and its classes have moved to tests/support/running_gateway.py."""

from __future__ import annotations

from tests.support.running_gateway import RULES, Running, Starter

__all__ = ["RULES", "Running", "Starter"]
