"""Put together what watches the running gateway: its books, how full its store is,
and whether it was emptied.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gateway.ports import Report
from gateway.reconcile.make_room import RoomMaker
from gateway.rules.reloader import RulesReloader
from gateway.runtime.workers import Workers
from gateway.self_monitoring.auditor import Auditor
from gateway.self_monitoring.memory_watch import MemoryWatch, ReadMemory
from gateway.self_monitoring.missing_credentials import MissingCredentials
from gateway.self_monitoring.store_loss import StoreLossWatch
from gateway.state.shards import Shards
from gateway.storage.redis import RedisStore
from gateway.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Watched:
    """The parts of a gateway that are watched, and how an own alert is raised about them."""

    shards: Shards
    workers: Workers
    reloader: RulesReloader
    metrics: Metrics
    report: Report
    keep_ended: int

    def auditor(self, bytes_in_flight: Callable[[], int], credentials: MissingCredentials) -> Auditor:
        return Auditor(
            self.shards,
            self.workers.intake,
            self.metrics,
            self.report,
            bytes_in_flight,
            lambda: sum(self.reloader.in_force.unknown_severities.values()),
            lambda: self.reloader.in_force.rules.watchdogs,
            credentials,
        )

    def memory(self, read_memory: ReadMemory) -> MemoryWatch:
        return MemoryWatch(
            read_memory,
            self.metrics,
            self.report,
            self.workers.reserve,
            [
                RoomMaker(state, lambda: self.reloader.in_force.rules.sources, self.keep_ended)
                for state in self.shards.states
            ],
        )

    def loss(self, stores: Sequence[RedisStore], begin_anew: Callable[[], Awaitable[None]]) -> StoreLossWatch:
        return StoreLossWatch(
            stores, self.shards, lambda: self.reloader.in_force.rules.labels, begin_anew, self.report
        )
