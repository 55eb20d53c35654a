"""All dashboards, where their JSON lies, and the metrics that none of them shows."""

from __future__ import annotations

from pathlib import Path

from dashboards_as_code.board import Board
from dashboards_as_code.delivery import delivery
from dashboards_as_code.evaluation import evaluation
from dashboards_as_code.infrastructure import infrastructure
from dashboards_as_code.operations import operations
from dashboards_as_code.precision import precision

FOLDER = Path(__file__).parents[1] / "dashboards"

NOT_SHOWN = {
    "process_virtual_memory_bytes": "The address space that a process has reserved says nothing of the memory that it uses.",
}
"""Metrics of the gateway that are on no dashboard, and why."""


def every_board() -> tuple[Board, ...]:
    return operations(), delivery(), precision(), infrastructure(), evaluation()
