"""What people hear of the clocks of the store and of the gateways."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.lanes import LaneRule
from gateway.self_monitoring.clock_watch import ClockWatch
from gateway.state.shards import Shards
from gateway.storage.caller_clock import CallerClock, MachineClocks
from gateway.storage.memory import MemoryStore
from gateway.telemetry.metrics import Metrics
from tests.support.build import START


@dataclass
class Clocks:
    """A store, its gateways, by how much each one's time of day is wrong, and what is said of them."""

    wrong: dict[str, int]
    real: int = START
    step: int = 0
    said: list[tuple[str, str]] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.store = MemoryStore(lambda: self.real + self.step)
        self.callers = [CallerClock(self._machine(by), name) for name, by in self.wrong.items()]
        self.watch = ClockWatch(
            Shards([self.store]),
            self.metrics,
            lambda name, _labels, details="": self.said.append((name, details)),
        )

    def _machine(self, wrong: int) -> MachineClocks:
        return MachineClocks(lambda: self.real + wrong, lambda: self.real - START)

    async def go_on(self, seconds: int) -> list[tuple[str, str]]:
        """Let all of them claim for so long; return what is said then."""
        for _ in range(seconds):
            for caller in self.callers:
                self.store.caller = caller
                await self.store.claim(1, 1_000, LaneRule())
            self.real += SECOND
        self.said.clear()
        await self.watch.look()
        return self.said

    def shown(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(name)


async def test_nothing_is_said_of_clocks_that_agree() -> None:
    clocks = Clocks({"one": 0, "other": 3_000})
    assert await clocks.go_on(10) == []
    assert clocks.watch.doubts == ()
    assert clocks.shown("gateway_clock_offset_seconds") == 0
    assert clocks.shown("gateway_store_clock_believed") == 1


async def test_a_step_back_is_said_until_the_clock_is_right_again_and_for_ten_minutes_more() -> None:
    clocks = Clocks({"one": 0})
    await clocks.go_on(5)
    clocks.step = -5 * HOUR
    ((name, details),) = await clocks.go_on(5)
    assert name == "GatewayClockDoubtful"
    assert details.startswith("The store's clock was set back by 5h")
    assert "silences, mutes and maintenance go by the gateways' clocks" in details
    assert clocks.shown("gateway_store_clock_believed") == 0
    assert clocks.shown("gateway_clock_offset_seconds") == pytest.approx(5 * 3_600, abs=2)
    assert await clocks.go_on(20 * 60), "it is wrong still"
    clocks.step = 0
    assert await clocks.go_on(9 * 60)
    assert await clocks.go_on(2 * 60) == []


async def test_a_step_forward_is_said_to_be_refused() -> None:
    clocks = Clocks({"one": 0, "other": 0})
    await clocks.go_on(5)
    clocks.step = HOUR
    ((_, details),) = await clocks.go_on(10)
    assert details.startswith("The store's clock was set forward by 1h")


async def test_an_offset_is_said_while_it_is_given_back() -> None:
    clocks = Clocks({"one": 0}, step=20 * MINUTE)
    await clocks.go_on(5)
    clocks.step = 0
    ((_, details),) = await clocks.go_on(12 * 60)
    assert details.startswith("The time by which notifications wait is 18m ahead of the store's clock")
    assert clocks.shown("gateway_clock_offset_seconds") == pytest.approx(18.8 * 60, abs=5)


async def test_an_offset_that_stays_is_said_for_ten_minutes_and_shown_by_the_metric_alone_then() -> None:
    clocks = Clocks({"one": 0}, step=-20 * MINUTE)
    await clocks.go_on(5)
    clocks.step = 0
    assert await clocks.go_on(9 * 60)
    assert await clocks.go_on(2 * 60) == []
    assert clocks.shown("gateway_clock_offset_seconds") == pytest.approx(-20 * 60, abs=2)


async def test_a_gateway_whose_clock_is_wrong_is_named_to_people_and_not_to_everybody() -> None:
    clocks = Clocks({"one": 0, "other": 0, "pod-7": HOUR})
    ((_, details),) = await clocks.go_on(10)
    assert "The clock of gateway pod-7 is off by 1h." in details
    assert clocks.watch.doubts == ("the clocks of the store and of a gateway differ by 1h: set both by NTP",)


async def test_a_gateway_alone_with_its_store_says_that_they_differ() -> None:
    clocks = Clocks({"one": 0}, step=-HOUR)
    await clocks.go_on(10)
    assert clocks.watch.doubts == ("the clocks of the store and of a gateway differ by 1h: set both by NTP",)


async def test_a_store_without_a_gateway_is_not_doubted() -> None:
    clocks = Clocks({})
    assert await clocks.go_on(0) == []
