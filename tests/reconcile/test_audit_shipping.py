"""The log is shipped batch by batch: a receiver that is away delays it, and one that is gone is forgotten."""

from __future__ import annotations

from dataclasses import replace

from gateway.model.cells import shipped_cell
from gateway.model.changes import Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.notification import Refused
from gateway.model.records import load_shipped
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.support.build import rulebook, seen, slack, webhook
from tests.support.world import Receiver, World

PLAIN = rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(), webhook("archive")))
AUDITED = replace(PLAIN, audit=("archive",))


async def audited() -> World:
    world = World(AUDITED)
    await world.replan()
    return world


def shipped_of(world: World) -> int:
    """How many entries the receiver has taken, by the store."""
    return load_shipped(world.store.rows[Table.META][shipped_cell("archive").field].value).number


async def test_how_far_a_receiver_is_stands_in_the_store() -> None:
    world = await audited()
    await world.webhook(seen())
    await world.until(MINUTE)
    assert shipped_of(world) == len(world.trail.said) == len(world.store.log) > 0


async def test_a_batch_that_was_not_taken_is_sent_again_under_the_same_name() -> None:
    world = await audited()
    world.trail.down = True
    await world.webhook(seen())
    await world.until(20 * SECOND)
    world.trail.down = False
    await world.until(2 * MINUTE)
    names = [batch.id for batch in world.trail.tried]
    assert names[0] == names[1]
    assert shipped_of(world) == len(world.store.log)


async def test_a_batch_that_is_too_large_is_halved_until_it_is_taken() -> None:
    world = await audited()
    world.trail.down = True
    await world.webhook(*[seen(pod=str(number)) for number in range(4)])
    await world.until(30 * SECOND)
    world.trail.down = False
    world.trail.answers = [Refused("invalid")]
    tried = len(world.trail.tried)
    await world.until(5 * MINUTE)
    refused, taken = world.trail.tried[tried : tried + 2]
    assert len(taken.entries) == max(1, len(refused.entries) // 2)
    assert shipped_of(world) == len(world.store.log)


async def test_a_receiver_that_is_away_for_long_is_an_alert_of_our_own() -> None:
    world = await audited()
    world.trail.down = True
    await world.webhook(seen())
    await world.until(MINUTE)
    assert world.reports == []
    await world.until(4 * MINUTE)
    assert {(name, labels["destination"]) for name, labels in world.reports} == {
        ("GatewayAuditDelayed", "archive")
    }


async def test_a_receiver_without_an_address_delays_the_trail_and_loses_nothing() -> None:
    world = await audited()
    address = world.secrets.values.pop("HOOK_URL")
    await world.webhook(seen())
    await world.until(MINUTE)
    assert world.trail.tried == []
    world.secrets.values["HOOK_URL"] = address
    await world.until(3 * MINUTE)
    assert shipped_of(world) == len(world.store.log)


async def test_a_destination_that_the_rules_name_no_more_is_forgotten() -> None:
    world = await audited()
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.reload(PLAIN)
    await world.until(2 * MINUTE)
    assert shipped_cell("archive").field not in world.store.rows[Table.META]
    assert not [subject for subject in world.store.agenda_at if subject.kind == "audit"]


async def test_each_batch_is_sent_by_the_notifier_of_its_destinations_kind() -> None:
    world = World(replace(PLAIN, audit=("archive", "chat")))
    other = Receiver(world)
    world.reconciler.context.trails = {"webhook": world.trail, "slack": other}
    await world.replan()
    await world.webhook(seen())
    await world.until(MINUTE)
    assert {batch.destination for batch in world.trail.batches} == {"archive"}
    assert {batch.destination for batch in other.batches} == {"chat"}
