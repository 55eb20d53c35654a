"""What must be heard does not wait for the pace of a lane that is busy with what interrupts nobody."""

from __future__ import annotations

import pytest

from gateway.model.durations import MINUTE, SECOND
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.outbound.registry import PACES
from tests.support.build import pager, rulebook, seen, slack
from tests.support.world import Destinations, World

INCIDENTS = 40
BUSY = 2 * MINUTE  # when every incident has news that interrupt nobody
PAGED = Route("all", BUILT_IN, page=("pager",), group_wait=0, update_interval=0, resolve_after=0)
POSTED = Route("all", BUILT_IN, notify=("chat",), group_wait=0, update_interval=0)


async def busy_with_updates(world: World) -> None:
    """Everybody knows of many incidents, and an alert joins each of them."""
    for number in range(INCIDENTS):
        await world.spread.accept((seen(f"P{number}", service=f"s{number}", instance="a"),), ())
    await world.until(BUSY)
    for number in range(INCIDENTS):
        joined = seen(f"P{number}", service=f"s{number}", instance="b", at=BUSY)
        await world.spread.accept((joined,), ())
    await world.until(BUSY + SECOND)


def told_at(vendor: Destinations, title: str) -> list[int]:
    return [one.at for one in vendor.sent if one.notification is not None and title in one.notification.title]


@pytest.mark.parametrize(
    ("route", "kind"),
    [pytest.param(PAGED, "pagerduty", id="a page"), pytest.param(POSTED, "slack", id="a message")],
)
async def test_a_new_critical_alert_is_told_at_once_while_many_updates_wait_in_its_lane(
    route: Route, kind: str
) -> None:
    world = World(rulebook(route, destinations=(pager(), slack())), paces=PACES)
    await busy_with_updates(world)
    vendor: Destinations = getattr(world, kind)
    before = len(vendor.tried)
    await world.webhook(seen("New", service="new", at=world.at))
    assert told_at(vendor, "New") == [BUSY + SECOND]
    await world.until(BUSY + 10 * MINUTE)
    waited = len(vendor.tried) - before - 1
    assert waited > INCIDENTS // 2, "so many updates waited then, and all have been sent since"


async def test_a_rise_and_an_end_are_told_at_once_too() -> None:
    world = World(rulebook(PAGED, destinations=(pager(),)), paces=PACES)
    await world.webhook(seen("Rises", severity="warning", service="r", instance="a"))
    await world.webhook(seen("Ends", service="e", instance="a"))
    await busy_with_updates(world)
    at = world.at
    await world.webhook(
        seen("Rises", severity="critical", service="r", instance="b", at=at),
        seen("Ends", service="e", instance="a", ends=at),
    )
    await world.until(at + 100)
    assert (told_at(world.pagerduty, "Rises")[-1], told_at(world.pagerduty, "Ends")[-1]) == (at, at)
