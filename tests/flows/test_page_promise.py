"""Every page is told within a minute of falling due, and the store counts whether it was: each page once, whatever
vendors, restarts and people do.
"""

from __future__ import annotations

import asyncio
import random
from typing import NamedTuple

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.model import owed_page
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.notification import Refused, Unanswered
from gateway.model.owed_page import PAGES_DUE, PAGES_IN_TIME, PAGES_LATE, PAGES_NEVER
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.telemetry.metrics import Metrics
from tests.flows.test_silences import rules, silenced
from tests.support.build import pager, rulebook, seen, slack, someone
from tests.support.patience import PATIENCE
from tests.support.processes import alert
from tests.support.running_gateway import Running, Starter
from tests.support.world import World

DOWN = Refused("unavailable")
REVOKED = Refused("invalid", permanent=True)
PAGE_ONLY = rulebook(
    Route("everything", BUILT_IN, page=("pager",), group_wait=10 * SECOND), destinations=(pager(),)
)


class Counted(NamedTuple):
    due: int = 0
    in_time: int = 0
    late: int = 0
    never: int = 0


KEPT = Counted(due=1, in_time=1)


def counted(world: World) -> Counted:
    names = (PAGES_DUE, PAGES_IN_TIME, PAGES_LATE, PAGES_NEVER)
    return Counted(*(world.store.counted.get(name, 0) for name in names))


async def test_a_page_that_is_told_at_once_is_told_in_time() -> None:
    world = World(PAGE_ONLY)
    await world.webhook(seen())
    await world.until(5 * SECOND)
    assert counted(world) == Counted(), "it waits for what belongs to it, and is not due yet"
    await world.until(HOUR)
    assert counted(world) == KEPT
    assert world.ledgers["pager"].owed_page is None


async def test_a_vendor_that_is_away_for_a_moment_breaks_no_promise() -> None:
    world = World(PAGE_ONLY)
    world.pagerduty.answers = [DOWN, DOWN, DOWN]
    await world.webhook(seen())
    await world.until(HOUR)
    assert counted(world) == KEPT


async def test_a_dead_vendor_is_seen_when_the_minute_is_over_and_counts_once_however_long_it_is_dead() -> (
    None
):
    world = World(PAGE_ONLY)
    world.pagerduty.refuses = DOWN
    await world.webhook(seen())
    await world.until(11 * SECOND)
    assert counted(world) == Counted(due=1), "tried in vain, and there is time left"
    await world.until(69 * SECOND)
    assert counted(world) == Counted(due=1)
    await world.until(71 * SECOND)
    assert counted(world) == Counted(due=1, late=1)
    await world.until(HOUR)
    world.pagerduty.refuses = None
    await world.until(2 * HOUR)
    assert len(world.pagerduty.sent) == 1
    assert counted(world) == Counted(due=1, late=1), "that it was told at last changes nothing"


async def test_a_dead_vendor_burns_the_objective() -> None:
    """What Prometheus sees: due grows, in time does not."""
    world = World(PAGE_ONLY)
    world.pagerduty.refuses = DOWN
    for number in range(5):
        await world.webhook(seen(service=f"s{number}"))
    await world.until(2 * MINUTE)
    metrics = Metrics()
    metrics.audited(world.store.counted, 0, 0)
    shown = metrics.registry.get_sample_value
    assert shown("gateway_page_due_total") == 5
    assert shown("gateway_page_in_time_total") == 0
    assert shown("gateway_page_late_total", {"state": "late"}) == 5
    assert shown("gateway_page_late_total", {"state": "never"}) == 0


async def test_what_a_vendor_refuses_for_good_is_never_told() -> None:
    world = World(PAGE_ONLY)
    world.pagerduty.refuses = REVOKED
    await world.webhook(seen())
    await world.until(30 * SECOND)
    assert counted(world) == Counted(due=1)
    await world.until(HOUR)
    assert counted(world) == Counted(due=1, never=1)
    world.pagerduty.refuses = None
    await world.until(2 * HOUR)
    assert counted(world) == Counted(due=1, never=1)


async def test_a_vendor_that_does_not_answer_has_told_nobody_as_far_as_anybody_knows() -> None:
    world = World(PAGE_ONLY)
    world.pagerduty.answers = [Unanswered("timeout")] * 200
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    assert counted(world) == Counted(due=1, late=1)


async def test_a_repeat_that_is_answered_in_time_is_told_in_time() -> None:
    world = World(PAGE_ONLY)
    world.pagerduty.answers = [Unanswered("timeout")] * 2
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    assert counted(world) == KEPT


async def test_an_alert_that_ends_before_its_page_is_due_was_no_page() -> None:
    world = World(PAGE_ONLY)
    await world.webhook(seen())
    await world.until(5 * SECOND)
    await world.webhook(seen(ends=5_000))
    await world.until(HOUR)
    assert counted(world) == Counted()


async def test_an_alert_that_ends_while_its_vendor_is_dead_was_never_told() -> None:
    world = World(PAGE_ONLY)
    world.pagerduty.refuses = DOWN
    await world.webhook(seen())
    await world.until(20 * SECOND)
    await world.webhook(seen(ends=20_000))
    await world.until(HOUR)
    assert counted(world) == Counted(due=1, never=1)


async def test_an_alert_that_ends_after_its_minute_counts_no_second_time() -> None:
    world = World(PAGE_ONLY)
    world.pagerduty.refuses = DOWN
    await world.webhook(seen())
    await world.until(2 * MINUTE)
    await world.webhook(seen(ends=120_000))
    await world.until(HOUR)
    assert counted(world) == Counted(due=1, late=1)


async def test_a_gateway_that_stood_still_for_its_minute_says_so_when_it_is_back() -> None:
    world = World(PAGE_ONLY)
    await world.webhook(seen())
    world.at = 5 * MINUTE
    await world.until(HOUR)
    assert counted(world) == Counted(due=1, late=1)


async def test_what_ended_while_the_gateway_stood_still_was_never_told() -> None:
    world = World(PAGE_ONLY)
    await world.webhook(seen())
    world.at = 5 * MINUTE
    await world.spread.accept([seen(ends=290_000)], ())
    await world.until(HOUR)
    assert world.pagerduty.sent == []
    assert counted(world) == Counted(due=1, never=1)


async def test_each_page_counts_once_though_the_gateway_starts_anew_all_the_time() -> None:
    world = World(PAGE_ONLY)
    world.pagerduty.refuses = DOWN
    await world.webhook(seen())
    for at in range(0, 5 * MINUTE, 7 * SECOND):
        world.begin(PAGE_ONLY)
        await world.until(at)
    assert counted(world) == Counted(due=1, late=1)


async def test_a_page_that_a_silence_kept_back_falls_due_when_the_silence_ends() -> None:
    world = World(rules())
    await silenced(world)
    await world.webhook(seen(service="db"))
    await world.until(HOUR - MINUTE)
    assert counted(world) == Counted()
    await world.until(2 * HOUR)
    assert counted(world) == KEPT


async def test_who_is_called_anew_is_owed_a_page_of_its_own() -> None:
    """It got worse than what a person had taken."""
    world = World(rules())
    await world.webhook(seen(service="db", severity="warning"))
    await world.until(MINUTE)
    assert counted(world) == KEPT
    people = IncidentActions(world.shards, lambda: None)
    await people.acknowledge(world.incidents[0].id, someone("ann"))
    await world.until(2 * MINUTE)
    world.pagerduty.refuses = DOWN
    await world.webhook(seen(service="db", severity="critical", at=120_000))
    await world.until(10 * MINUTE)
    assert counted(world) == Counted(due=2, in_time=1, late=1)


async def test_what_only_the_log_is_told_is_no_page() -> None:
    world = World(PAGE_ONLY)
    del world.secrets.values["PAGERDUTY_ROUTING_KEY"]
    await world.webhook(seen())
    await world.until(HOUR)
    assert counted(world) == Counted()


async def test_a_message_that_mentions_nobody_is_no_page() -> None:
    route = Route("everything", BUILT_IN, notify=("chat",), page=("chat",))
    world = World(rulebook(route, destinations=(slack(),)))
    await world.webhook(seen())
    await world.until(HOUR)
    assert len(world.slack.sent) == 1
    assert counted(world) == Counted()


@pytest.mark.parametrize("seed", range(25))
async def test_every_page_that_was_due_is_exactly_one_of_in_time_late_and_never(seed: int) -> None:
    dice = random.Random(seed)
    world = World(PAGE_ONLY)
    answers: list[Refused | Unanswered | None] = [None, None, DOWN, DOWN, REVOKED, Unanswered("timeout")]
    world.pagerduty.fails = lambda: dice.choice(answers)
    fires: dict[str, int] = {}  # since when, by service
    for _ in range(40):
        service = f"s{dice.randrange(4)}"
        if service in fires:
            await world.webhook(seen(service=service, at=fires.pop(service), ends=world.at))
        else:
            fires[service] = world.at
            await world.webhook(seen(service=service, at=world.at))
        if dice.random() < 0.2:
            world.begin(PAGE_ONLY)
        await world.until(world.at + dice.randrange(1, 180) * SECOND)
    world.pagerduty.fails = lambda: None
    for service, since in fires.items():
        await world.webhook(seen(service=service, at=since, ends=world.at))
    await world.until(world.at + 3 * HOUR)
    found = counted(world)
    assert found.due == found.in_time + found.late + found.never
    assert found.due > 0


@pytest.fixture
def short_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owed_page, "PROMISED_WITHIN_MS", 500)


async def test_a_running_gateway_whose_vendor_is_dead_shows_it(short_minute: None, starter: Starter) -> None:
    starter.more["PAGERDUTY_EVENTS_URL"] = "http://127.0.0.1:9"  # nobody listens there
    app: Running = await starter.start()
    metrics = app.gateway.metrics.registry.get_sample_value
    assert (await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))).status_code == 200
    async with asyncio.timeout(PATIENCE):
        while not (await app.gateway.shards.counters()).get(PAGES_LATE):
            await asyncio.sleep(0.05)
    await app.gateway.auditor.look()
    assert metrics("gateway_page_late_total", {"state": "late"}) == 1
    text = (await app.ask("/metrics")).text
    assert 'gateway_page_late_total{state="never"} 0.0' in text
