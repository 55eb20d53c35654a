"""After a trigger that nobody answered, the end waits until its vendor shows the page, where vendors are read."""

from __future__ import annotations

from gateway.decisions.delivery.confirmation import confirmed
from gateway.model.agenda import Subject
from gateway.model.changes import Cell, Changes, Query, Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Refused, Unanswered
from gateway.model.records import dump, load_ledger
from tests.flows.test_telling import states
from tests.support.build import seen
from tests.support.world import World


def read_world() -> World:
    world = World()
    world.read = {"pagerduty"}
    return world


def ended_at(world: World) -> int:
    """When the vendor was first told the end."""
    return next(
        sent.at for sent in world.pagerduty.sent if sent.notification and sent.state is NotifiedState.ENDED
    )


async def shown(world: World) -> None:
    """The vendor shows the page: whoever reads it writes that down."""
    ledger = world.ledgers["pager"]
    cell = Cell(Table.LEDGERS, ledger.key)
    row = (await world.store.gather(Query(cells=(cell,)))).rows[cell]
    after = confirmed(load_ledger(row.value))
    assert after is not None
    changes = Changes(expect={cell: row.version}, put={cell: dump(after)})
    changes.schedule(Subject.deliver("pager", ledger.incident), 0)
    await world.store.commit(changes)


async def test_an_end_waits_for_its_page_no_longer_than_two_looks_take() -> None:
    world = read_world()
    world.pagerduty.answers = [Unanswered("timeout"), *[Refused("unavailable")] * 3]
    await world.webhook(seen())
    await world.until(20 * SECOND)
    unanswered_at = world.pagerduty.tried[0][0]
    await world.webhook(seen(ends=20_000))
    await world.until(2 * MINUTE)
    assert NotifiedState.ENDED not in states(world, "pager")
    assert NotifiedState.ENDED in states(world, "chat")
    await world.until(10 * MINUTE)
    assert ended_at(world) - unanswered_at == 150 * SECOND


async def test_an_end_is_told_as_soon_as_its_page_is_shown() -> None:
    world = read_world()
    world.pagerduty.answers = [Unanswered("timeout")]
    await world.webhook(seen())
    await world.until(20 * SECOND)
    await world.webhook(seen(ends=20_000))
    await world.until(100 * SECOND)
    assert NotifiedState.ENDED not in states(world, "pager")
    await shown(world)
    await world.until(101 * SECOND)
    assert NotifiedState.ENDED in states(world, "pager")


async def test_a_page_that_was_answered_ends_at_once() -> None:
    world = read_world()
    await world.webhook(seen())
    await world.until(20 * SECOND)
    await world.webhook(seen(ends=20_000))
    await world.until(2 * MINUTE)
    assert ended_at(world) < 90 * SECOND


async def test_where_nobody_reads_the_vendor_an_end_waits_for_nothing() -> None:
    world = World()
    world.pagerduty.answers = [Unanswered("timeout")]
    await world.webhook(seen())
    await world.until(20 * SECOND)
    await world.webhook(seen(ends=20_000))
    await world.until(2 * MINUTE)
    assert ended_at(world) < 90 * SECOND
