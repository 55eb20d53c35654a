"""A replica with older rules leaves planning to one that has newer ones and lives."""

from __future__ import annotations

import pytest

from gateway.model.rule_generation import RuleGeneration
from gateway.reconcile.context import outdated
from tests.support.build import START
from tests.support.world import World


@pytest.mark.parametrize(
    ("generation", "leaves"),
    [
        pytest.param(2, False, id="the same rules are the newest"),
        pytest.param(1, False, id="the store has older ones"),
        pytest.param(3, True, id="somebody has newer ones"),
    ],
)
def test_who_plans(generation: int, leaves: bool) -> None:
    context = World().reconciler.context
    context.generation = 2
    assert outdated(context, RuleGeneration(generation, "newer", START)) is leaves
