"""Counters and the log's entries keep their names: the sums of all versions together are what must balance."""

from __future__ import annotations

from tests.support.build import seen
from tests.support.world import World

# As the version before this file was left them after the same day.
COUNTED = {
    "ends_told": 4,
    "failing:chat": 0,
    "matches:correlate:default": 4,
    "matches:route:everything": 6,
    "open:counted": 2,
    "open:planned": 2,
    "open:waiting": 0,
    "pages:due": 3,
    "pages:in_time": 3,
    "reason:delivered": 6,
    "reason:group_wait": 0,
    "reason:severity_none": 2,
    "reason:waiting_to_send": 0,
    "received": 9,
    "seen:changed:copy_added": 1,
    "seen:ended:last_copy_ended": 2,
    "seen:ignored:orphan_resolve": 1,
    "seen:opened:first_firing": 4,
    "seen:repeated:still_firing": 1,
    "standing:due": 0,
    "standing:ends_due": 0,
    "standing:held": 0,
    "standing:members": 8,
    "standing:suppressed": 2,
    "standing:telling_firing": 2,
    "standing:told": 6,
    "statistics_events": 12,
    "tellings": 6,
}
LOGGED = {
    ("alerts", "ended", "opened"),
    ("failing", "error", "target"),
    ("resolved",),
    ("told_ended", "error", "target"),
    ("told_firing", "error", "target"),
    ("verdicts", "held", "target", "until", "why"),
    ("verdicts", "suppressed", "target", "why"),
}


async def test_a_day_is_counted_and_logged_under_the_names_of_earlier_versions() -> None:
    world = World()
    await world.webhook(
        seen("A", service="pay"), seen("B", service="pay"), seen("I", service="pay", severity="none")
    )
    await world.until(60_000)
    await world.webhook(
        seen("A", service="pay"), seen("C", ends=30_000), seen("B", service="pay", replica="r2")
    )
    world.slack.down = True
    await world.webhook(seen("D", service="cart"))
    await world.until(600_000)
    world.slack.down = False
    await world.until(1_200_000)
    await world.webhook(seen("A", service="pay", ends=1_100_000), seen("D", service="cart", ends=1_100_000))
    await world.until(4_000_000)
    assert world.store.counted == COUNTED
    assert {(entry.what, *sorted(entry.detail)) for _, entry in world.store.log} == LOGGED
