"""A fault of the statistics costs figures, and neither loses nor doubles what people are told."""

from __future__ import annotations

from typing import NoReturn

import pytest

from gateway.model.durations import MINUTE
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.flows.test_page_events import rulebook, seen
from tests.support.world import World


@pytest.mark.parametrize(
    "what", ["settlement_events", "ends_and_reopenings", "newly_silenced", "QuietSpells"]
)
async def test_a_page_is_sent_once_though_its_events_cannot_be_made(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError(what)

    monkeypatch.setattr(f"gateway.reconcile.statistics_record.{what}", fail)
    world = World(rulebook(Route("all", BUILT_IN, page=("pager",), group_wait=0)))
    world.forgives = True
    await world.webhook(seen(service="db"))
    await world.until(5 * MINUTE)
    assert len(world.pagerduty.sent) == 1
    assert {type(error) for _, error in world.watcher.failures} == {ZeroDivisionError}
