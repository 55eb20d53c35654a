"""A page that its vendor took while its service was in maintenance calls people after that: one call more, said as such."""

from __future__ import annotations

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.actions.why import why_lines
from gateway.decisions.losses import with_page_again
from gateway.decisions.watched_pages import watched_page
from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Query
from gateway.model.durations import HOUR, MINUTE
from gateway.model.ledger import Ledger, NotifiedState, ledger_cell
from gateway.model.records import dump
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.statistics.events import Call
from gateway.state.snapshots import read_snapshot
from gateway.state.statistics import read_events
from tests.support.build import START, rulebook, seen, someone
from tests.support.world import World

ROUTE = Route("all", BUILT_IN, page=("pager",), group_wait=0, update_interval=MINUTE)


async def lost_until(world: World, at: int) -> None:
    """Write down that the page is not at the vendor, and is sent again then: what a look there finds."""
    ledger = world.ledgers["pager"]
    page = watched_page(ledger, "pagerduty", START + world.at)
    assert page is not None
    after = with_page_again(ledger, page, START + at)
    assert after is not None
    cell = ledger_cell(ledger.incident, ledger.target)
    row = (await world.store.gather(Query(cells=(cell,)))).rows[cell]
    changes = Changes(expect={cell: row.version}, put={cell: dump(after)})
    changes.schedule(Subject.deliver(ledger.target, ledger.incident), START + at)
    await world.store.commit(changes)


async def lost(world: World) -> None:
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await lost_until(world, HOUR)


def sent(world: World) -> list[tuple[int, NotifiedState]]:
    return [(one.at // MINUTE, one.state) for one in world.pagerduty.sent]


async def kinds(world: World) -> list[str]:
    return [event.call_kind for event in await read_events(world.shards) if isinstance(event, Call)]


async def test_it_is_sent_again_when_the_maintenance_is_over_and_once() -> None:
    world = World(rulebook(ROUTE))
    await lost(world)
    await world.until(59 * MINUTE)
    assert sent(world) == [(0, NotifiedState.FIRING)]
    await world.until(3 * HOUR)
    assert sent(world) == [(0, NotifiedState.FIRING), (60, NotifiedState.FIRING)]
    ledger: Ledger = world.ledgers["pager"]
    assert (ledger.generation, ledger.lost_until, ledger.repeat_at) == (1, None, None)
    assert await kinds(world) == ["first", "rise"]


async def test_whoever_is_called_so_late_reads_why() -> None:
    world = World(rulebook(ROUTE))
    await lost(world)
    await world.until(2 * HOUR)
    reasons = [one.notification.reason for one in world.pagerduty.sent if one.notification]
    assert reasons == ["", "its service was in maintenance until 09:00 UTC, and called nobody"]


async def test_news_within_the_maintenance_calls_nobody_and_leaves_the_page_to_be_sent_again() -> None:
    world = World(rulebook(ROUTE))
    await lost(world)
    await world.webhook(seen(service="db", pod="p2", at=20 * MINUTE))
    await world.until(30 * MINUTE)
    assert [at for at, _ in sent(world)] == [0, 1]
    assert world.ledgers["pager"].repeat_at == START + HOUR
    await world.until(2 * HOUR)
    assert sent(world)[-1] == (60, NotifiedState.FIRING)
    assert await kinds(world) == ["first", "rise"]


@pytest.mark.parametrize("how", ["ended", "closed"])
async def test_what_is_over_by_then_is_not_sent_again(how: str) -> None:
    world = World(rulebook(ROUTE))
    await lost(world)
    if how == "ended":
        await world.webhook(seen(service="db", ends=20 * MINUTE))
    else:
        actions = IncidentActions(world.shards, lambda: None)
        await actions.close(world.incidents[0].id, someone("ann"), "", 3 * HOUR)
    await world.until(2 * HOUR)
    assert NotifiedState.FIRING not in [state for _, state in sent(world)[1:]]
    assert world.ledgers["pager"].lost_until is None
    assert await kinds(world) == ["first"]


async def test_until_then_whoever_asks_reads_that_nobody_is_called_yet() -> None:
    world = World(rulebook(ROUTE))
    await lost(world)
    policy = world.reconciler.context.policy
    versioned = await read_snapshot(world.store, world.incidents[0].id, policy)
    assert versioned is not None
    told = "The page at pager fell into a maintenance of its service, and is sent again at 09:00 UTC."
    assert told in why_lines(versioned, policy)
