"""A ledger is found by its incident and target, and knows whether repeating a send does harm."""

from __future__ import annotations

import pytest

from gateway.model.changes import Cell, Table
from gateway.model.ledger import Endpoint, Ledger, ledger_cell


def test_a_ledger_is_kept_under_its_incident_and_target() -> None:
    ledger = Ledger("i1", "team:#pay", "team")
    assert (
        ledger_cell("i1", "team:#pay")
        == Cell(Table.LEDGERS, ledger.key)
        == Cell(Table.LEDGERS, "i1|team:#pay")
    )


@pytest.mark.parametrize(
    ("kind", "keyed"),
    [
        pytest.param("pagerduty", True, id="a page has a key of ours: said twice it is one"),
        pytest.param("webhook", True, id="so has a webhook"),
        pytest.param("slack", False, id="a message in chat would stand there twice"),
        pytest.param("log", False, id="a line in the log has none"),
    ],
)
def test_only_what_has_a_key_may_be_repeated_blindly(kind: str, keyed: bool) -> None:
    assert Endpoint(kind, "C1", "TOKEN", "mark").keyed is keyed
