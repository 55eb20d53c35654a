"""Incidents of which people know, with so many members that joins wait to be planned."""

from __future__ import annotations

from gateway.model.durations import MINUTE
from gateway.model.rules.rulebook import Rulebook
from tests.support.build import seen
from tests.support.world import World

CROWD = 40


async def crowded(rules: Rulebook, members: int = CROWD) -> World:
    """A world in which people know of an incident with so many members, which is a minute old."""
    world = World(rules)
    await world.webhook(*(seen(severity="warning", pod=f"p{number}") for number in range(members)))
    await world.until(MINUTE)
    return world


async def join(world: World, name: str, severity: str = "warning") -> None:
    await world.webhook(seen(at=world.at, severity=severity, pod=name))
