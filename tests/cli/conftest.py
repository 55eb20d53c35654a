"""Fixtures of the commands."""

from __future__ import annotations

from tests.support.command_line import beside, gateway

__all__ = ["beside", "gateway"]
