"""What is open is listed for people who ask, in as few questions to the store as there are pages of it."""

from __future__ import annotations

import pytest

from gateway.actions.open_incidents import list_open
from gateway.model.changes import Query, Result
from gateway.model.durations import MINUTE
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from tests.flows.test_escalation import rules
from tests.support.build import seen
from tests.support.world import World


@pytest.mark.parametrize("incidents", [3, 40])
async def test_however_many_are_open_the_store_is_asked_as_often(
    incidents: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(rules(correlate=(CorrelateRule("each", BUILT_IN, by=("service",), window=MINUTE),)))
    await world.webhook(*(seen(service=f"s{number}") for number in range(incidents)))
    await world.until(MINUTE)
    assert len(world.incidents) == incidents
    asked, gather = [], world.store.gather

    async def counted(ask: Query) -> Result:
        asked.append(ask)
        return await gather(ask)

    monkeypatch.setattr(world.store, "gather", counted)
    lines = await list_open(world.shards, world.reconciler.context.policy)
    assert len(lines) == min(incidents, 31)
    assert len(asked) <= 3


async def test_it_is_said_for_how_long_it_fires_and_not_since_when_the_gateway_knows() -> None:
    world = World(rules())
    await world.webhook(seen(at=-12 * MINUTE))
    await world.until(3 * MINUTE)
    (line,) = await list_open(world.shards, world.reconciler.context.policy)
    assert " · 15m · " in line
