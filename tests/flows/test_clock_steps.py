"""The store's clock is stepped while the gateway runs: nobody is told late, and people's times hold."""

from __future__ import annotations

import pytest

from gateway.model.alert import Alert
from gateway.model.changes import Table
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.records import load_alert
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Mute, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.storage.caller_clock import CallerClock, MachineClocks
from gateway.storage.memory import MemoryStore
from tests.flows.test_silences import MORNING, rules, silenced
from tests.support.build import START, seen
from tests.support.world import World

WAITING = Route("everything", BUILT_IN, notify=("chat",), page=("pager",), group_wait=30 * SECOND)
MUTED = Route("everything", BUILT_IN, page=("pager",), mute=Mute(page=("morning",), critical=True))


class SteppedWorld(World):
    """A world whose store has another idea of the time; the gateway's own clocks are right."""

    def __init__(self, rulebook: Rulebook, step: int = 0) -> None:
        self.step = step
        super().__init__(rulebook)
        clocks = MachineClocks(lambda: START + self.at, lambda: self.at)
        self.store = MemoryStore(lambda: START + self.at + self.step, CallerClock(clocks, "own"))
        self.begin(rulebook)

    async def until(self, at: int) -> None:
        """Let time pass second by second, as a gateway claims."""
        while self.at < at:
            self.at += SECOND
            await self.settle()

    @property
    def alert(self) -> Alert:
        [row] = self.store.rows[Table.ALERTS].values()
        return load_alert(row.value)


@pytest.mark.parametrize("step", [-5 * HOUR, -150 * SECOND, 150 * SECOND, 5 * HOUR])
async def test_a_page_that_waits_is_told_in_time(step: int) -> None:
    world = SteppedWorld(rules(WAITING))
    await world.until(10 * SECOND)
    await world.webhook(seen(service="db", at=9 * SECOND))
    world.step = step
    await world.until(MINUTE)
    assert [sent.at for sent in world.pagerduty.sent] == [pytest.approx(40 * SECOND, abs=2 * SECOND)]
    world.step = 0
    await world.webhook(seen(service="web", at=MINUTE))
    await world.until(2 * MINUTE)
    assert world.pagerduty.sent[-1].at == pytest.approx(90 * SECOND, abs=3 * SECOND)
    assert len(world.pagerduty.sent) == 2, "and nothing is told twice"


@pytest.mark.parametrize("step", [-5 * HOUR, 5 * HOUR])
async def test_an_end_and_a_start_are_believed_by_people_s_time(step: int) -> None:
    world = SteppedWorld(rules())
    await world.until(10 * SECOND)
    world.step = step
    await world.until(30 * SECOND)
    await world.webhook(seen(service="db", at=29 * SECOND))
    assert world.alert.started_at == START + 29 * SECOND
    await world.until(MINUTE)
    await world.webhook(seen(service="db", at=29 * SECOND, ends=59 * SECOND))
    await world.until(10 * MINUTE)
    assert not world.alert.firing
    assert [sent.state for sent in world.pagerduty.sent] == ["firing", "ended"]


@pytest.mark.parametrize("step", [-5 * HOUR, 5 * HOUR])
async def test_a_silence_ends_when_its_maker_said(step: int) -> None:
    world = SteppedWorld(rules())
    await silenced(world, hours=0.5)
    await world.webhook(seen(service="db"))
    await world.until(10 * MINUTE)
    world.step = step
    await world.until(40 * MINUTE)
    assert [sent.at for sent in world.pagerduty.sent] == [pytest.approx(30 * MINUTE, abs=2 * SECOND)]


@pytest.mark.parametrize("wrong", [-20 * MINUTE, 20 * MINUTE])
async def test_a_silence_ends_when_its_maker_said_though_the_store_was_wrong_when_it_was_made(
    wrong: int,
) -> None:
    world = SteppedWorld(rules(), step=wrong)
    await silenced(world, hours=0.75)
    await world.webhook(seen(service="db", at=wrong))
    await world.until(10 * MINUTE)
    world.step = 0
    await world.until(50 * MINUTE)
    assert [sent.at for sent in world.pagerduty.sent] == [pytest.approx(45 * MINUTE, abs=3 * SECOND)]


async def test_a_mute_ends_by_the_clock_on_the_wall() -> None:
    world = SteppedWorld(rules(MUTED), step=30 * MINUTE)
    assert MORNING, "from 08:00, which START is, to 09:00"
    await world.webhook(seen(service="db"))
    await world.until(10 * MINUTE)
    world.step = 0
    await world.until(HOUR + MINUTE)
    assert [sent.at for sent in world.pagerduty.sent] == [pytest.approx(HOUR, abs=3 * SECOND)]


async def test_a_pause_of_paging_ends_when_its_maker_said() -> None:
    world = SteppedWorld(rules())
    await world.desk.switch("pause", "anna", START + 20 * MINUTE, "moving")
    await world.webhook(seen(service="db"))
    await world.until(5 * MINUTE)
    world.step = -5 * HOUR
    await world.until(25 * MINUTE)
    assert [sent.at for sent in world.pagerduty.sent] == [pytest.approx(20 * MINUTE, abs=2 * SECOND)]


async def test_the_timeline_says_what_people_call_the_time() -> None:
    world = SteppedWorld(rules(), step=20 * MINUTE)
    await world.until(MINUTE)
    world.step = 0
    await world.until(2 * MINUTE)
    await world.webhook(seen(service="db", at=2 * MINUTE))
    at, _ = (await world.store.timeline(world.incidents[0].id, 10))[0]
    assert at == START + 2 * MINUTE
    assert await world.store.now() > START + 20 * MINUTE, "which is given back"
