"""Look at the clocks of the store and of the gateways, and say where they are doubtful."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.changes import Query
from gateway.model.durations import spoken
from gateway.model.own_alert import CLOCK_DOUBTFUL
from gateway.model.store_clock import CLOCK_CELLS, StoreClock, load_store_clock
from gateway.ports import Report
from gateway.state.shards import Shards
from gateway.telemetry.metrics import Metrics


@dataclass(slots=True)
class ClockWatch:
    """`doubts` are those of the last look, for `/health`."""

    shards: Shards
    metrics: Metrics
    report: Report
    doubts: tuple[str, ...] = ()

    async def look(self) -> None:
        """Look once. Raises `StateUnavailable`."""
        clocks = [
            load_store_clock(await state.gather(Query(cells=CLOCK_CELLS))) for state in self.shards.states
        ]
        # Shards on one server are stepped together, which is said once.
        self.doubts = tuple(dict.fromkeys(doubt for clock in clocks for doubt in clock.doubts()))
        self.metrics.clocks(
            offset=max((clock.offset for clock in clocks), key=abs),
            believed=all(clock.believed for clock in clocks),
        )
        if self.doubts:
            self.report(CLOCK_DOUBTFUL, {}, _described(self.doubts, clocks))


def _described(doubts: tuple[str, ...], clocks: list[StoreClock]) -> str:
    """Say it with the names of the machines: an alert goes to people, not to everybody who asks for health."""
    off = {name: by for clock in clocks for name, by in clock.disagreeing().items()}
    machines = (
        f"The clock of gateway {name} is off by {spoken(abs(by))}." for name, by in sorted(off.items())
    )
    return " ".join([*(f"{doubt[0].upper()}{doubt[1:]}." for doubt in doubts), *machines])
