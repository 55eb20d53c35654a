"""A source that falls silent is said aloud, once; it ends with the next heartbeat, whoever is killed or away
meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import msgspec
import pytest

from gateway.decisions.sources.missing_heartbeat import AWAY_AFTER
from gateway.errors import StateUnavailable
from gateway.model.alert import Observation
from gateway.model.cells import RULES, watchdog_cell
from gateway.model.changes import Changes, Query, Result, Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.records import load_alert, load_watchdog_state
from gateway.model.rule_generation import RuleGeneration
from gateway.model.rules.kinds import Maintenance, Watchdog
from gateway.model.rules.origin import BUILT_IN, Origin
from gateway.model.rules.route import Hours, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.time_intervals import TimeInterval
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


def heartbeat(*, ends: int | None = None, **changed: object) -> Observation:
    beat = seen("Watchdog", severity="none", cluster="eu-1", ends=ends)
    return msgspec.structs.replace(beat, **changed)


async def watching(book: Rulebook | None = None) -> World:
    """A world whose rules were just loaded."""
    world = World(book or rules())
    await world.replan()
    return world


async def heartbeats(world: World, *, until: int, each: int = MINUTE) -> None:
    while world.at + each <= until:
        await world.until(world.at + each)
        await world.webhook(heartbeat())


def pages(world: World) -> list[NotifiedState]:
    return [one.state for one in world.pagerduty.sent]


def shown(world: World) -> list[str]:
    return [one.notification.title for one in world.slack.sent if one.notification is not None]


async def test_a_heartbeat_that_goes_on_is_told_to_nobody() -> None:
    world = await watching()
    await heartbeats(world, until=60 * MINUTE)
    assert not world.slack.sent
    assert not world.pagerduty.sent


async def test_silence_pages_who_the_watchdog_names_and_shows_it_where_the_routes_lead() -> None:
    world = await watching()
    await heartbeats(world, until=10 * MINUTE)
    await world.until(15 * MINUTE)
    assert not pages(world)
    await world.until(16 * MINUTE)
    assert pages(world) == [NotifiedState.FIRING]
    assert [one.target for one in world.slack.sent] == ["chat"]
    notification = world.pagerduty.sent[0].notification
    assert notification is not None
    assert notification.lines[0].summary == "No heartbeat of eu: alerts from default may not reach us"


async def test_it_ends_at_once_with_the_next_heartbeat() -> None:
    world = await watching()
    await world.until(6 * MINUTE)
    await world.webhook(heartbeat())
    own = [
        one
        for one in map(load_alert, (row.value for row in world.store.rows[Table.ALERTS].values()))
        if one.name != "Watchdog"
    ]
    assert [one.firing for one in own] == [False]
    assert pages(world) == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_an_end_of_the_heartbeat_is_no_heartbeat() -> None:
    world = await watching()
    await heartbeats(world, until=2 * MINUTE)
    await world.until(5 * MINUTE)
    await world.webhook(heartbeat(ends=world.at))
    await world.until(8 * MINUTE)
    assert pages(world) == [NotifiedState.FIRING]


async def test_what_another_source_sends_is_no_heartbeat_and_is_told_as_ever() -> None:
    world = await watching(rules(dog(source="eu", page=("pager",)), routes=rules().routes))
    await world.webhook(heartbeat(severity=Severity.WARNING))
    await world.until(2 * MINUTE)
    assert shown(world) == ["Watchdog · eu-1"]
    await world.until(6 * MINUTE)
    assert pages(world) == [NotifiedState.FIRING]


async def test_what_is_inferred_of_a_heartbeat_is_none() -> None:
    world = await watching()
    await world.until(4 * MINUTE)
    await world.webhook(heartbeat(inferred_at=START + world.at))
    await world.until(6 * MINUTE)
    assert pages(world) == [NotifiedState.FIRING]


async def test_a_watchdog_that_names_nobody_is_told_by_the_routes() -> None:
    everything = Route("everything", BUILT_IN, notify=("chat",), page=("pager",))
    of_eu = Route("eu", BUILT_IN, match("cluster=eu-1"), notify=("ops",), page=("pager",))
    plain = rulebook(of_eu, everything, destinations=(slack(), slack("ops", "C2"), pager()))
    world = await watching(replace(plain, watchdogs={"eu": dog()}))
    await world.until(6 * MINUTE)
    assert [one.target for one in world.slack.sent] == ["ops"]
    assert pages(world) == [NotifiedState.FIRING]


async def test_what_it_names_to_be_shown_takes_the_place_of_what_the_routes_say() -> None:
    world = await watching(rules(dog(notify=("ops",), page=("pager",))))
    await world.until(6 * MINUTE)
    assert [one.target for one in world.slack.sent] == ["ops"]


async def test_where_no_route_leads_anywhere_everybody_hears_of_it() -> None:
    plain = rulebook(
        Route("payments", BUILT_IN, match("team=payments"), notify=("chat",)), destinations=(slack(), pager())
    )
    world = await watching(replace(plain, watchdogs={"eu": dog()}))
    await world.until(6 * MINUTE)
    assert shown(world) == ["GatewayHeartbeatMissing · eu-1/alert-gateway"]


async def test_it_is_suppressed_like_every_alert_where_its_cluster_is_in_maintenance() -> None:
    work = Maintenance("move", BUILT_IN, match("cluster=eu-1"), START, START + 30 * MINUTE)
    world = await watching(rules(maintenance=(work,)))
    await world.until(29 * MINUTE)
    assert not pages(world)
    await world.until(31 * MINUTE)
    assert pages(world) == [NotifiedState.FIRING]


async def test_outside_of_its_hours_nothing_is_missing_and_they_begin_with_a_whole_wait() -> None:
    noon = {"noon": (TimeInterval.parse({"times": [{"start_time": "08:10", "end_time": "24:00"}]}),)}
    world = await watching(rules(dog(page=("pager",), hours=Hours(("noon",))), intervals=noon))
    await world.until(14 * MINUTE)
    assert not pages(world)
    await world.until(17 * MINUTE)
    assert pages(world) == [NotifiedState.FIRING]


async def test_a_watchdog_that_is_taken_out_of_the_rules_ends_what_was_said_of_it() -> None:
    world = await watching()
    await world.until(6 * MINUTE)
    await world.reload(replace(rules(), watchdogs={}))
    await world.until(8 * MINUTE)
    assert pages(world) == [NotifiedState.FIRING, NotifiedState.MOVED]  # no rule names the pager any more
    assert [one.state for one in world.slack.sent if one.notification] == [
        NotifiedState.FIRING,
        NotifiedState.ENDED,
    ]
    assert not [name for name in world.store.rows[Table.META] if "watchdog:" in name or "heartbeat:" in name]


async def test_one_that_changes_what_it_listens_to_says_so_under_its_new_labels() -> None:
    world = await watching()
    await world.until(6 * MINUTE)
    other = replace(dog(page=("pager",)), match=match('{alertname="Watchdog", cluster="eu-2"}'))
    await world.reload(rules(other))
    await world.until(8 * MINUTE)
    own = [load_alert(row.value) for row in world.store.rows[Table.ALERTS].values()]
    assert sorted((one.labels["cluster"], one.firing) for one in own) == [("eu-1", False), ("eu-2", True)]


async def test_a_heartbeat_that_becomes_one_by_new_rules_is_no_longer_told_where_it_was() -> None:
    world = await watching(replace(rules(), watchdogs={}))
    await world.webhook(seen("Watchdog", severity="warning", cluster="eu-1"))
    await world.until(MINUTE)
    await world.reload(rules())
    await world.until(2 * MINUTE)
    assert [one.state for one in world.slack.sent if one.notification] == [
        NotifiedState.FIRING,
        NotifiedState.MOVED,
    ]


async def test_a_gateway_that_was_away_gives_it_a_whole_wait_once_more() -> None:
    world = await watching()
    await heartbeats(world, until=3 * MINUTE)
    world.at = 3 * MINUTE + 2 * EVERY  # nobody worked off the agenda, so nobody could have heard anything
    await world.until(world.at + 4 * MINUTE)
    assert not pages(world)
    await world.until(world.at + 2 * MINUTE)
    assert pages(world) == [NotifiedState.FIRING]


async def test_what_was_missing_before_the_gateway_was_away_is_missing_still() -> None:
    world = await watching()
    await world.until(6 * MINUTE)
    world.at += 10 * MINUTE
    await world.until(world.at + 2 * MINUTE)
    assert pages(world) == [NotifiedState.FIRING]


async def test_a_gap_that_is_shorter_than_two_looks_is_none() -> None:
    world = await watching()
    await heartbeats(world, until=MINUTE)
    await world.until(3 * MINUTE)
    world.at += AWAY_AFTER - 31 * SECOND
    await world.until(MINUTE + EVERY + 15 * SECOND)
    assert pages(world) == [NotifiedState.FIRING]


async def test_a_process_that_dies_between_its_word_and_its_deed_leaves_it_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await watching()
    await world.until(EVERY - SECOND)

    async def dies(*_: object) -> None:
        raise StateUnavailable("killed")

    with monkeypatch.context() as away:
        away.setattr(world.spread, "accept", dies)
        await world.until(EVERY)
    world.begin(rules())
    await world.until(6 * MINUTE)
    assert pages(world) == [NotifiedState.FIRING]
    with monkeypatch.context() as away:
        away.setattr(world.reconciler.context, "intake", SimpleNamespace(accept=dies))
        await world.webhook(heartbeat())
        await world.until(world.at + SECOND)
    world.begin(rules())
    await world.until(9 * MINUTE)
    assert pages(world) == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_a_heartbeat_that_comes_while_the_silence_is_judged_wins() -> None:
    world = await watching()
    await world.until(EVERY - SECOND)
    world.at = EVERY
    gather = world.store.gather

    async def and_then_it_beats(ask: Query) -> Result:
        gathered = await gather(ask)
        if watchdog_cell("eu") in ask.cells:
            world.store.gather = gather  # type: ignore[method-assign]
            await world.spread.accept([heartbeat()], ())
        return gathered

    world.store.gather = and_then_it_beats  # type: ignore[method-assign]
    await world.until(EVERY + 3 * MINUTE)
    assert not pages(world)


async def test_a_replica_with_older_rules_leaves_it_to_those_with_newer_ones() -> None:
    world = await watching()
    now = START + world.at
    rule_generation = RuleGeneration(5, "newer", now).dump()
    await world.store.commit(Changes(put={RULES: rule_generation}))
    await world.until(50 * SECOND)
    assert load_watchdog_state(world.store.rows[Table.META][watchdog_cell("eu").field].value).looked_at == now
