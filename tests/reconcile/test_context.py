"""A replica with older rules leaves planning to one that has newer ones and lives."""

from __future__ import annotations

import pytest

from gateway.model.rule_generation import RuleGeneration
from gateway.reconcile.context import OUTDATED_PATIENCE, outdated
from tests.support.build import START
from tests.support.world import World


@pytest.mark.parametrize(
    ("generation", "silent_for", "leaves"),
    [
        pytest.param(2, 0, False, id="the same rules are the newest"),
        pytest.param(1, 0, False, id="the store has older ones"),
        pytest.param(3, 0, True, id="somebody has newer ones"),
        pytest.param(3, OUTDATED_PATIENCE - 1, True, id="and was there within the last minute"),
        pytest.param(3, OUTDATED_PATIENCE, False, id="nobody with newer ones lives: somebody has to plan"),
    ],
)
def test_who_plans(generation: int, silent_for: int, leaves: bool) -> None:
    context = World().reconciler.context
    context.generation = 2
    assert outdated(context, RuleGeneration(generation, "newer", START), START + silent_for) is leaves
