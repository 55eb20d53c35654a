"""Ends that wait for a heartbeat: a dying Prometheus clears no pager, and every end is told in the end."""

from __future__ import annotations

from dataclasses import replace

from gateway.actions.controls import ControlActions
from gateway.actions.incidents import IncidentActions
from gateway.decisions.notification.plan import plan
from gateway.decisions.sources.watchdogs import MAX_RESOLVE_HOLD
from gateway.inbound.api.standing import show_verdicts
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.incident import Incident
from gateway.model.ledger import NotifiedState
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.origin import BUILT_IN, Origin
from gateway.model.rules.route import Hours, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.rules.source import Source
from gateway.model.time_intervals import TimeInterval
from gateway.state.snapshots import read_snapshot
from tests.support.build import START, match, pager, rulebook, seen, slack, someone
from tests.support.world import World

EVERY = 5 * MINUTE


def rules(**more: object) -> Rulebook:
    """Shown at chat, paged where it is critical; everything ends at once where nothing holds it back."""
    dog = Watchdog(
        "eu", Origin("rules.yaml", 7), match("alertname=Watchdog"), EVERY, hold_resolves=True, page=("ops",)
    )
    everything = Route("everything", BUILT_IN, notify=("chat",), page=("pager",), resolve_after=0)
    plain = rulebook(everything, destinations=(slack(), slack("ops", "C2"), pager()))
    return replace(plain, watchdogs={"eu": replace(dog, **more)})  # type: ignore[arg-type]


async def told(book: Rulebook | None = None) -> World:
    """A world in which something fires and was told, and the heartbeat came a moment ago."""
    world = World(book or rules())
    await world.replan()
    await world.webhook(seen())
    await world.until(MINUTE)
    await heartbeats(world)
    return world


async def heartbeats(world: World) -> None:
    await world.webhook(seen("Watchdog", severity="none", at=-1))


async def ends(world: World) -> None:
    world.at += SECOND
    await world.webhook(seen(ends=world.at))


def at(world: World, target: str) -> list[NotifiedState]:
    sent = [*world.slack.sent, *world.pagerduty.sent]
    return [one.state for one in sent if one.notification is not None and one.target == target]


def of_the_alert(world: World) -> Incident:
    return next(one for one in world.incidents if one.targets and "pager" in one.targets)


async def test_an_end_is_told_with_the_next_heartbeat_and_at_once() -> None:
    world = await told()
    await ends(world)
    await world.until(3 * MINUTE)
    assert at(world, "pager") == [NotifiedState.FIRING]
    assert at(world, "chat") == [NotifiedState.FIRING]
    await heartbeats(world)
    assert at(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]
    assert at(world, "chat") == [NotifiedState.FIRING, NotifiedState.ENDED]
    assert of_the_alert(world).resolved_at == START + world.at


async def test_a_heartbeat_that_came_with_the_end_is_not_newer() -> None:
    world = await told()
    world.at += SECOND
    await world.webhook(seen(ends=world.at), seen("Watchdog", severity="none", at=-1))
    await world.until(world.at + 30 * SECOND)
    assert at(world, "pager") == [NotifiedState.FIRING]


async def test_a_missing_heartbeat_keeps_everything_firing_and_says_so() -> None:
    world = await told()
    await ends(world)
    await world.until(2 * HOUR)
    assert at(world, "pager") == [NotifiedState.FIRING]
    (missing,) = [one.notification for one in world.slack.sent if one.target == "ops" and one.notification]
    own = world.ledgers_of(next(one.id for one in world.incidents if "ops" in one.targets))
    assert own["ops"].last_notified.paged
    assert missing.title == "GatewayHeartbeatMissing · alert-gateway"


async def test_no_end_waits_for_longer_than_a_day() -> None:
    world = await told()
    await ends(world)
    ended = world.at
    await world.until(ended + MAX_RESOLVE_HOLD - SECOND)
    assert at(world, "pager") == [NotifiedState.FIRING]
    await world.until(ended + MAX_RESOLVE_HOLD)
    assert at(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_a_refire_meanwhile_just_goes_on() -> None:
    world = await told()
    await ends(world)
    await world.until(2 * MINUTE)
    await world.webhook(seen(at=world.at))
    await world.until(4 * MINUTE)
    await heartbeats(world)
    await world.until(6 * MINUTE)
    assert at(world, "pager")[-1] is NotifiedState.FIRING
    assert NotifiedState.ENDED not in at(world, "pager")
    incident = of_the_alert(world)
    assert len(incident.members) == 2
    assert not incident.resolved_at


async def test_what_ends_beside_what_still_fires_is_shown_as_firing() -> None:
    world = await told()
    await world.webhook(seen("Second", at=world.at))
    await world.webhook(seen(at=0, instance="b"))
    await world.until(3 * MINUTE)
    await heartbeats(world)
    before = len(world.slack.sent)
    await ends(world)
    await world.until(world.at + 2 * MINUTE)
    assert len(world.slack.sent) == before
    await heartbeats(world)
    await world.until(world.at + MINUTE)
    notification = world.slack.sent[-1].notification or world.slack.sent[-2].notification
    assert notification is not None
    assert (notification.firing, notification.ended) == (1, 1)


async def test_ends_of_other_sources_wait_for_nothing() -> None:
    book = replace(
        rules(source="eu"), listed_sources={name: Source(name, BUILT_IN) for name in ("default", "eu")}
    )
    world = await told(book)
    await ends(world)
    assert at(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_what_ended_before_anybody_was_told_is_told_to_nobody() -> None:
    world = World(rules())
    await world.replan()
    await world.webhook(seen())
    await ends(world)
    await world.until(2 * MINUTE)
    await heartbeats(world)
    await world.until(3 * MINUTE)
    assert not at(world, "pager")
    assert not at(world, "chat")


async def test_a_watchdog_that_no_longer_holds_lets_go_of_what_it_held() -> None:
    world = await told()
    await ends(world)
    await world.until(2 * MINUTE)
    await world.reload(rules(hold_resolves=False))
    assert at(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_out_of_its_hours_it_holds_nothing() -> None:
    noon = {"noon": (TimeInterval.parse({"times": [{"start_time": "00:00", "end_time": "08:05"}]}),)}
    world = await told(replace(rules(hours=Hours(("noon",))), intervals=noon))
    await ends(world)
    await world.until(4 * MINUTE)
    assert at(world, "pager") == [NotifiedState.FIRING]
    await world.until(6 * MINUTE)
    assert at(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_a_bypass_holds_nothing_back_either() -> None:
    world = await told()
    await ends(world)
    desk = ControlActions(world.shards, lambda: world.reconciler.context.policy, lambda: None)
    await desk.switch("bypass", "anna", START + HOUR, "raw, please")
    await world.settle()
    assert at(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_an_end_that_is_held_shows_its_rule_and_until_when() -> None:
    world = await told()
    await ends(world)
    incident = of_the_alert(world).id
    versioned = await read_snapshot(world.store, incident, rules_of(world))
    assert versioned is not None
    planned = plan(versioned.snapshot, rules_of(world), versioned.now)
    (verdict,) = [
        one
        for one in show_verdicts(planned, dict(versioned.snapshot.alerts), versioned.now)
        if one.target == "pager"
    ]
    assert (verdict.standing, verdict.reason, verdict.rule) == ("told", "hold_resolves", "eu (rules.yaml:7)")
    assert verdict.until is not None
    assert verdict.until.timestamp() * 1000 == START + world.at + MAX_RESOLVE_HOLD
    assert versioned.snapshot.ledgers["pager"].status_counts.ends_held == 1
    lines = [
        line
        for _, line in await world.store.timeline(incident, 20)
        if "hold_resolves" in line.detail.get("why", "")
    ]
    assert {line.detail["target"] for line in lines} == {"chat", "pager"}
    assert lines[0].detail["why"] == "1 × hold_resolves: eu (rules.yaml:7)"


def rules_of(world: World):  # type: ignore[no-untyped-def]
    return world.reconciler.context.policy


async def test_a_process_that_dies_meanwhile_changes_nothing() -> None:
    world = await told()
    await ends(world)
    world.begin(rules())
    await world.until(3 * MINUTE)
    await heartbeats(world)
    assert at(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_a_person_may_close_what_waits_for_its_end() -> None:
    world = await told()
    await ends(world)
    closed = await IncidentActions(world.shards, lambda: None).close(
        of_the_alert(world).id, someone("anna"), "", HOUR
    )
    assert isinstance(closed, Incident)
    await world.until(world.at + MINUTE)
    assert at(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_a_false_end_that_is_taken_back_was_never_told_and_just_goes_on() -> None:
    world = await told()
    await ends(world)
    await world.until(2 * MINUTE)
    await world.webhook(seen(at=0))  # no newer start: a late copy, or the end was false
    await heartbeats(world)
    await world.until(20 * MINUTE)
    assert {*at(world, "pager"), *at(world, "chat")} == {NotifiedState.FIRING}
    assert world.ledgers_of(of_the_alert(world).id)["pager"].generation == 1
