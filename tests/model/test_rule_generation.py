"""Replicas agree by a generation in the store which rules are the newest."""

from __future__ import annotations

import pytest

from gateway.model.rule_generation import RuleGeneration, load_rule_generation


@pytest.mark.parametrize(
    ("row", "generation"),
    [
        pytest.param(b"", RuleGeneration(), id="nobody has announced any rules"),
        pytest.param(
            b"3 0123abcd 1800000000000",
            RuleGeneration(3, "0123abcd", 1_800_000_000_000),
            id="as it is stored",
        ),
    ],
)
def test_a_generation_is_read_as_it_was_written(row: bytes, generation: RuleGeneration) -> None:
    assert load_rule_generation(row) == generation
    assert not row or generation.dump() == row
