"""A copy that is held was heard of when it was said last."""

from __future__ import annotations

import msgspec
import pytest

from gateway.model.alert import Copy
from gateway.model.source_peers import HeldCopy
from tests.decisions.cases import alert
from tests.support.build import START


@pytest.mark.parametrize(
    ("said_at", "heard_at"),
    [
        pytest.param(START + 5, START + 5, id="the copy says when"),
        pytest.param(None, START + 9, id="an older gateway wrote the copy: its alert says when"),
    ],
)
def test_when_a_copy_was_heard_of(said_at: int | None, heard_at: int) -> None:
    known = msgspec.structs.replace(alert(), last_seen=START + 9)
    assert HeldCopy(known, Copy(True, START, None, said_at)).heard_at == heard_at
