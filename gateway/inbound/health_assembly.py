"""Put the endpoints of probes together over the running parts that they ask."""

from __future__ import annotations

from gateway.clock import utc_ms
from gateway.inbound.asked_store import AskedStore
from gateway.inbound.auth import Callers
from gateway.inbound.deep_health import DeepHealth
from gateway.inbound.probes import Probes
from gateway.inbound.refused import RefusedRequests
from gateway.rules.reloader import RulesReloader
from gateway.runtime.start import Start
from gateway.self_monitoring.health import Health
from gateway.simulate.self_test import PathTested, try_the_path


def probes_of(
    start: Start, health: Health, reloader: RulesReloader, callers: Callers, refused: RefusedRequests
) -> Probes:
    async def try_in_force() -> PathTested:
        return await try_the_path(reloader.in_force, utc_ms())

    store, scrapers = AskedStore(start.shards.home), callers if start.settings.metrics == "token" else None
    deep_health = DeepHealth(store, health.shown, health.worries.destinations.look, try_in_force)
    return Probes(store, start.metrics, health.shown, deep_health, callers, refused, scrapers)
