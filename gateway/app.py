"""The composition root: everything that runs is put together here once, and started and stopped in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import structlog

from gateway.clock import utc_ms
from gateway.config.environment import Environment
from gateway.config.secrets import EnvironmentSecrets, mark_key
from gateway.config.settings import Settings
from gateway.decisions.partition import HOME
from gateway.inbound.api.assembly import api_of
from gateway.inbound.asgi import AsgiApp
from gateway.inbound.probes import Probes
from gateway.inbound.webhooks.alertmanager import AlertmanagerWebhook
from gateway.inbound.webhooks.assembly import auth_of, endpoint_over
from gateway.model.lanes import Pace
from gateway.model.rules.rulebook import Rulebook
from gateway.outbound.alertmanager_api import AlertmanagerPeers
from gateway.outbound.credentials import kinds_with_credential
from gateway.outbound.network import Network
from gateway.outbound.registry import PACES
from gateway.reconcile.context import Context
from gateway.rules.compiled import CompiledRules, load_or_refuse
from gateway.rules.reloader import Listeners, RulesReloader
from gateway.runtime.background import background
from gateway.runtime.senders import open_senders
from gateway.runtime.store import open_store
from gateway.runtime.store_watch import StoreWatch
from gateway.runtime.workers import Workers
from gateway.self_monitoring.auditor import Auditor
from gateway.self_monitoring.health import Health
from gateway.self_monitoring.heartbeat import Heartbeat
from gateway.self_monitoring.missing_credentials import MissingCredentials
from gateway.self_monitoring.own_alerts import OwnAlerts
from gateway.self_monitoring.turned_away import TurnedAwayBook
from gateway.state.shards import Shards
from gateway.storage.layout import open_shards
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger("gateway.app")


@dataclass(slots=True)
class Gateway:
    """A running gateway, without its listener."""

    asgi_app: AsgiApp
    reloader: RulesReloader
    auditor: Auditor
    shards: Shards
    metrics: Metrics
    own_alerts: OwnAlerts
    health: Health


@asynccontextmanager
async def running(
    environment: Environment, paces: Mapping[str, Pace] = PACES, watch: StoreWatch | None = None
) -> AsyncIterator[Gateway]:
    """Run a gateway without a listener: start its parts in order, and stop them in reverse order at the end.

    The listener is the caller's and has to stop before. `watch` hears whether the store answers. Raises
    `BadRules`, `BadSettings` and `StateUnavailable`.
    """
    settings = environment.settings
    first = load_or_refuse(settings.rules, utc_ms())
    listed = first.rules.listed_sources.values()
    environment.demand_tokens(sources_have_them=bool(listed) and all(source.token for source in listed))
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        client = await stack.enter_async_context(open_store(settings, metrics.background_ended, watch))
        shards = await open_shards(client, settings.shards, first.rules.partition_by)
        secrets = EnvironmentSecrets(environment, await mark_key(shards.home))
        gateway = await _assemble(_Start(stack, environment, first, shards, paces, metrics, secrets))
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError  # a library swallowed it while we started
        yield gateway


@dataclass(frozen=True, slots=True)
class _Start:
    """Everything that a gateway is put together from. `stack` stops what was started, in reverse order."""

    stack: AsyncExitStack
    environment: Environment
    first: CompiledRules
    shards: Shards
    paces: Mapping[str, Pace]
    metrics: Metrics
    secrets: EnvironmentSecrets

    @property
    def settings(self) -> Settings:
        return self.environment.settings

    @property
    def network(self) -> Network:
        return self.settings.network(self.secrets.secret)


async def _assemble(start: _Start) -> Gateway:
    settings, shards, metrics = start.settings, start.shards, start.metrics
    workers, own_alerts = _workers(start)
    auth = auth_of(start.environment, start.secrets, start.first)
    turned_away = TurnedAwayBook(
        shards, own_alerts.report, metrics.turned_away, workers.intake.know_cut_short
    )
    door = endpoint_over(workers.intake, shards, auth, settings, metrics, turned_away.note)
    reloader = await _reloader(start, workers, door, own_alerts)
    # Before the first delivery: a destination whose credential is away must not tell the log in place of
    # people.
    credentialed = await reloader.announce_credentials(start.first.rules)
    credentials = MissingCredentials(lambda: reloader.in_force.rules, start.secrets, credentialed)
    auditor = Auditor(
        shards,
        workers.intake,
        metrics,
        own_alerts.report,
        lambda: door.bytes_in_flight,
        lambda: sum(reloader.in_force.unknown_severities.values()),
        lambda: reloader.in_force.rules.watchdogs,
        credentials,
    )
    heartbeat = (
        Heartbeat(settings.heartbeat, shards, metrics.beaten, start.network) if settings.heartbeat else None
    )
    health = Health(
        reloader,
        auditor,
        start.secrets,
        version("alert-gateway"),
        turned_away,
        lambda: metrics.sources.ahead(utc_ms()),
        heartbeat,
    )
    probes = Probes(shards.home, metrics, health.shown)
    api = api_of(settings, shards, workers, reloader, turned_away)
    asgi_app = AsgiApp(door, [*probes.routes(), *api.routes()], door.wrong_place)

    # The stack ends in reverse order, so the intake still keeps what the others report while they stop.
    start.stack.push_async_callback(workers.intake.drain)
    for work in (own_alerts.run, turned_away.run, auditor.run, reloader.run):
        background(start.stack, work, metrics.background_ended)
    if heartbeat is not None:
        start.stack.push_async_callback(heartbeat.aclose)
        background(start.stack, heartbeat.run, metrics.background_ended)
    workers.start(start.stack)
    _say_what_is_missing(health)
    return Gateway(asgi_app, reloader, auditor, shards, metrics, own_alerts, health)


def _workers(start: _Start) -> tuple[Workers, OwnAlerts]:
    """Make the workers of every shard, with the vendors and peers that they talk to."""
    metrics, first = start.metrics, start.first
    workers = Workers(start.shards, first.correlator, first.policy, metrics.taken, metrics.batch)
    own_alerts = OwnAlerts(workers.intakes[HOME], start.shards.home)
    notifiers, trails = open_senders(start.stack, start.settings, start.network)
    peers = AlertmanagerPeers(start.network)
    start.stack.push_async_callback(peers.aclose)
    context = Context(
        store=start.shards.home,
        policy=first.policy,
        notifiers=notifiers,
        secrets=start.secrets,
        watcher=metrics,
        report=own_alerts.report,
        intake=workers.intake,
        peers=peers,
        trails=trails,
        public_url=start.settings.public_url.rstrip("/"),
    )
    workers.reconcile(context, start.paces)
    return workers, own_alerts


async def _reloader(
    start: _Start, workers: Workers, door: AlertmanagerWebhook, own_alerts: OwnAlerts
) -> RulesReloader:
    """Put the first rules in force, and make what reloads them."""

    def use(rules: CompiledRules, generations: Sequence[int]) -> None:
        door.source_auth = auth_of(start.environment, start.secrets, rules)
        workers.use(rules.correlator, rules.policy, generations)
        start.metrics.rules(rules.rules.revision, rules.loaded_at)
        start.metrics.sources.configured(rules.rules.sources)

    def credentialed(rules: Rulebook) -> frozenset[str]:
        return kinds_with_credential(rules.destinations.values(), start.secrets.configured)

    listeners = Listeners(use, start.metrics.rules_rejected, own_alerts.report, credentialed)
    reloader = RulesReloader(start.settings.rules, start.first, start.shards, listeners, utc_ms)
    use(start.first, await reloader.announce(start.first.rules.revision))
    return reloader


def _say_what_is_missing(health: Health) -> None:
    # Without its credential a destination tells nobody: whoever starts the gateway has to see that at once.
    log_only = health.auditor.credentials.found().log_only
    for destination, secret in health.unset().items():
        log.warning(
            "no_credential",
            destination=destination,
            missing=secret,
            because=health.secrets.why_missing(secret),
            consequence="deliveries go to this log and the API"
            if destination in log_only
            else "nothing can be delivered there: its fallback is told",
        )
