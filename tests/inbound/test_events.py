"""Alertmanager's event recorder posts to the same door as its webhooks."""

from __future__ import annotations

import pytest

from tests.inbound.test_door import Taker, door, post
from tests.support.event_recorder import PATH, resolved, silenced


@pytest.mark.parametrize("path", [PATH, PATH + "/"])
async def test_events_come_through_the_same_door(path: str) -> None:
    taker = Taker()
    answer = await post(door(taker, ["token"]), [resolved(), silenced()], path, headers={"authorization": "Bearer token"})
    assert (answer.status_code, answer.json()["alerts"]) == (200, 1)
    assert len(taker.seen) == len(taker.quieted) == 1


async def test_the_door_keeps_its_manners_for_events() -> None:
    assert (await post(door(Taker(), ["token"]), [], PATH)).status_code == 401
    assert (await post(door(Taker(refuses="away")), [], PATH)).status_code == 503
    assert (await post(door(Taker()), b"", PATH, method="GET")).status_code == 405
    taker = Taker()
    refused = await post(door(taker), {"alerts": []}, PATH)
    assert (refused.status_code, refused.json()["field"]) == (400, "data")
    assert taker.quarantined[0].whole
