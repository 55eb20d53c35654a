"""Cells are named as the stores of running gateways have them."""

from __future__ import annotations

import pytest

from gateway.model.cells import (
    CONTROLS,
    CREDENTIALED,
    RULES,
    SWEPT,
    heartbeat_cell,
    shipped_cell,
    source_state_cell,
    watchdog_cell,
)
from gateway.model.changes import Cell, Table


@pytest.mark.parametrize(
    ("cell", "field"),
    [
        pytest.param(RULES, "rules", id="the newest rules"),
        pytest.param(CONTROLS, "orders", id="silences, the pause and the bypass"),
        pytest.param(CREDENTIALED, "credentialed", id="the kinds that ever had a credential"),
        pytest.param(SWEPT, "orders_swept", id="the controls that everything was looked at for"),
        pytest.param(shipped_cell("hook"), "audit:hook", id="how far a destination of the audit trail is"),
        pytest.param(watchdog_cell("eu"), "watchdog:eu", id="what is made of a watchdog's silence"),
        pytest.param(heartbeat_cell("eu"), "heartbeat:eu", id="a watchdog's last heartbeat"),
        pytest.param(source_state_cell("eu"), "source:eu", id="what is remembered of a source"),
    ],
)
def test_a_cell_keeps_its_name_across_releases(cell: Cell, field: str) -> None:
    assert cell == Cell(Table.META, field)
