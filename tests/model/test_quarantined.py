"""An entry of the quarantine says what is wrong with it, and where."""

from __future__ import annotations

import pytest

from gateway.model.quarantined import Quarantined


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        pytest.param(
            "alerts[].labels", "alerts[].labels: not a mapping", id="the place stands before the error"
        ),
        pytest.param("", "not a mapping", id="a fault of the whole body has no place"),
    ],
)
def test_the_fault_names_its_place(field: str, fault: str) -> None:
    assert Quarantined("default", field, "not a mapping", b"{}").fault == fault
