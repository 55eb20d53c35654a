"""A source that falls silent is said aloud, once; it ends with the next heartbeat, whoever is killed or away meanwhile."""

from __future__ import annotations

from dataclasses import replace

from gateway.decisions.listen import AWAY
from gateway.model.alert import Observation, fingerprint
from gateway.model.changes import Ask, Changes, Table
from gateway.model.incident import Told
from gateway.model.records import load_alert
from gateway.model.rulebook import BUILT_IN, MINUTE, SECOND, Hours, Origin, Route, Rulebook, Watchdog
from gateway.model.watch import watch_cell
from tests.support.build import START, match, pager, rulebook, seen, slack
from tests.support.world import World

EVERY = 5 * MINUTE


def dog(name: str = "eu", **more: object) -> Watchdog:
    matchers = match('{alertname="Watchdog", cluster="eu-1"}')
    return Watchdog(name, Origin("rules.yaml", 7), matchers, EVERY, **more)  # type: ignore[arg-type]


def rules(*dogs: Watchdog, **more: object) -> Rulebook:
    plain = rulebook(
        Route("everything", BUILT_IN, notify=("chat",)),
        destinations=(slack(), slack("ops", "C2"), pager()),
    )
    return replace(plain, watchdogs={one.name: one for one in dogs or (dog(page=("pager",)),)}, **more)  # type: ignore[arg-type]


def heartbeat(source: str = "default", **more: object) -> Observation:
    beat = seen("Watchdog", severity="none", cluster="eu-1", **more)  # type: ignore[arg-type]
    return Observation(
        **{name: getattr(beat, name) for name in beat.__struct_fields__} | {"copy": f"{source}/{fingerprint(beat.labels)}"}
    )


async def watching(book: Rulebook | None = None) -> World:
    """A world whose rules were just loaded."""
    world = World(book or rules())
    await world.replan()
    return world


async def beats(world: World, *, until: int, each: int = MINUTE) -> None:
    while world.at + each <= until:
        await world.until(world.at + each)
        await world.webhook(heartbeat())


def pages(world: World) -> list[Told]:
    return [one.state for one in world.pagerduty.sent]


def shown(world: World) -> list[str]:
    return [one.telling.title for one in world.slack.sent if one.telling is not None]


async def test_a_heartbeat_that_goes_on_is_told_to_nobody() -> None:
    world = await watching()
    await beats(world, until=60 * MINUTE)
    assert not world.slack.sent
    assert not world.pagerduty.sent


async def test_silence_pages_who_the_watchdog_names_and_shows_it_where_the_routes_lead() -> None:
    world = await watching()
    await beats(world, until=10 * MINUTE)
    await world.until(15 * MINUTE)
    assert not pages(world)
    await world.until(16 * MINUTE)
    assert pages(world) == [Told.FIRING]
    assert [one.target for one in world.slack.sent] == ["chat"]
    telling = world.pagerduty.sent[0].telling
    assert telling is not None
    assert telling.lines[0].summary == "No heartbeat of eu: alerts from default may not reach us"


async def test_it_ends_at_once_with_the_next_heartbeat() -> None:
    world = await watching()
    await world.until(6 * MINUTE)
    await world.webhook(heartbeat())
    own = [
        one for one in map(load_alert, (row.value for row in world.store.rows[Table.ALERTS].values())) if one.name != "Watchdog"
    ]
    assert [one.firing for one in own] == [False]
    await world.until(9 * MINUTE)
    assert pages(world) == [Told.FIRING, Told.ENDED]
