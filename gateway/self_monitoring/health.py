"""The document of `/health`: how the gateway is, part by part, and what a person should worry about.

Probes never ask here: a gateway that worries about something still tells people, and must not be restarted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.clock import utc_ms
from gateway.model.instants import written
from gateway.self_monitoring.health_checks import NO_STORE, HealthChecks, HealthStatus
from gateway.self_monitoring.worries import OVERDUE, Worries


@dataclass(frozen=True, slots=True)
class Health:
    """How the running gateway is."""

    worries: Worries
    version: str

    def shown(self, store_answers: bool) -> Mapping[str, object]:
        """Return the document, in which no value of a label and no person's name stands: everybody may
        read it.

        `store_answers` is whether the store answers now: the auditor may have asked it seconds ago.
        """
        store_up = store_answers and self.worries.auditor.store_up
        worries, in_force = self.worries.sentences(store_up), self.worries.reloader.in_force
        return {
            **document(self._status(worries, store_up), self.version, self._checks(store_up), worries),
            "rules": in_force.rules.revision,
            "residues": self.worries.auditor.imbalances,
            "unknown_severities": in_force.unknown_severities.total(),
        }

    def _status(self, worries: list[str], store_up: bool) -> HealthStatus:
        if not (store_up and self._works()):
            return HealthStatus.UNHEALTHY
        return HealthStatus.DEGRADED if worries else HealthStatus.HEALTHY

    def _works(self) -> bool:
        """Return whether alerts are still taken and people told of them while the store answers."""
        auditor, machine, memory = self.worries.auditor, self.worries.machine, self.worries.memory.memory
        store_has_room = memory is None or memory.share < 1
        machine_has_room = not (machine.disk_is_full or machine.memory_is_out)
        destinations = self.worries.reloader.in_force.rules.destinations
        # What only the log is told was chosen so: it is a worry, and somebody can read it.
        nobody_is_told = bool(destinations) and destinations.keys() <= set(auditor.failing)
        return store_has_room and machine_has_room and not nobody_is_told

    def _checks(self, store_up: bool) -> HealthChecks:
        auditor = self.worries.auditor
        return HealthChecks(
            database=store_up,
            redis=store_up,
            external_apis=self._vendors_take(),
            disk_space=None if self.worries.machine.disk is None else not self.worries.machine.disk_is_low,
            memory=self._memory_is_enough(),
            rules=not self.worries.reloader.errors,
            clock=not auditor.clocks.doubts and not self.worries.clocks_ahead(),
            agenda=not any(auditor.late(OVERDUE)),
            watchdogs=not any(heard.missing_since for heard in auditor.heard) if auditor.heard else None,
        )

    def _vendors_take(self) -> bool | None:
        """Return whether no destination fails; None where all of them only write the log."""
        names = self.worries.reloader.in_force.rules.destinations.keys()
        if names <= self.worries.auditor.credentials.found().log_only.keys():
            return None
        return not self.worries.auditor.failing and not self.worries.destinations.failed()

    def _memory_is_enough(self) -> bool | None:
        """Return whether the store and this process have memory left; None where neither can be known."""
        store, machine = self.worries.memory.memory, self.worries.machine
        if store is None and machine.memory is None:
            return None
        return not machine.memory_is_low and not (store is not None and store.is_filling)


def document(
    status: HealthStatus, version: str, checks: HealthChecks, worries: list[str]
) -> dict[str, object]:
    """Return what every document of `/health` begins with."""
    return {
        "status": status.value,
        "timestamp": written(utc_ms()),
        "version": version,
        "checks": checks.shown(),
        "worries": worries,
    }


def without_a_store(version: str, worry: str) -> Mapping[str, object]:
    """Return the document of a gateway that waits for its store."""
    return document(HealthStatus.UNHEALTHY, version, NO_STORE, [worry])
