"""Incidents of which only the log was told are planned again, and the look comes back while there are any."""

from __future__ import annotations

from gateway.model.agenda import TOLD_IN_LOG
from gateway.model.cells import CREDENTIALED, RULES
from gateway.model.changes import Changes, Claim
from gateway.model.durations import MINUTE, SECOND
from gateway.model.rule_generation import RuleGeneration
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.reconcile.told_in_log import plan_told_in_log
from tests.support.build import START, rulebook, seen, slack
from tests.support.world import World


async def told_in_log(*services: str) -> World:
    """The pager has no key, and Slack has a token: only the log was told of what is to be paged."""
    world = World(rulebook())
    await world.credentialed("slack")
    world.secrets.values.pop("PAGERDUTY_ROUTING_KEY")
    for service in services:
        await world.webhook(seen(service=service))
    await world.until(MINUTE)
    return world


async def look(world: World, kinds: bytes = b"pagerduty slack") -> tuple[set[str], int | None]:
    """The incidents that are planned after a look, and when the next look is, in ms from now."""
    changes = Changes(put={CREDENTIALED: kinds}, agenda={TOLD_IN_LOG: (START + world.at, 0)})
    await world.store.commit(changes)
    found = await world.store.claim(1, 1_000, world.reconciler.lanes())
    (claim,) = found.claims
    assert isinstance(claim, Claim)
    await plan_told_in_log(world.reconciler.context, claim)
    now = START + world.at
    planned = {one.id for one, at in world.store.agenda_at.items() if one.kind == "plan" and at == now}
    again = world.store.agenda_at.get(TOLD_IN_LOG)
    return planned, None if again is None else again - now


async def test_what_still_fires_is_planned_and_looked_for_once_more() -> None:
    world = await told_in_log("pay", "shop")
    assert await look(world) == ({one.id for one in world.incidents}, MINUTE)


async def test_once_people_are_told_nothing_is_looked_for_any_more() -> None:
    world = await told_in_log("pay")
    world.secrets.values["PAGERDUTY_ROUTING_KEY"] = "key-1"
    await world.credentialed("pagerduty")
    assert len(world.pagerduty.sent) == 1
    await world.until(3 * MINUTE)
    assert TOLD_IN_LOG not in world.store.agenda_at


async def test_what_has_ended_is_left_as_it_is() -> None:
    world = await told_in_log("pay")
    await world.webhook(seen(service="pay", ends=MINUTE))
    await world.until(10 * MINUTE)
    assert await look(world) == (set(), None)


async def test_a_kind_that_still_has_no_credential_goes_on_telling_the_log() -> None:
    world = await told_in_log("pay")
    assert await look(world, b"email slack") == (set(), None)


async def test_a_destination_that_the_rules_name_no_more_is_told_nothing() -> None:
    world = await told_in_log("pay")
    world.use(rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),)))
    assert await look(world) == (set(), None)


async def test_a_replica_with_older_rules_leaves_it_to_one_with_the_newest() -> None:
    world = await told_in_log("pay")
    newest = RuleGeneration(5, "newer", START + world.at)
    await world.store.commit(Changes(put={RULES: newest.dump()}))
    assert await look(world) == (set(), 2 * SECOND)
