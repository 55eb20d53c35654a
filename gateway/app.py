"""The composition root: the only file that names concrete classes. Everything is put together here once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import structlog

from gateway.actions.controls import ControlActions
from gateway.actions.incidents import IncidentActions
from gateway.actions.quarantine import Replayer
from gateway.clock import utc_ms
from gateway.config.environment import Environment
from gateway.config.secrets import EnvironmentSecrets, mark_key
from gateway.config.settings import Settings
from gateway.decisions.partition import HOME
from gateway.decisions.policy import Policy
from gateway.inbound.api.alerts import AlertsApi
from gateway.inbound.api.controls import ControlsApi
from gateway.inbound.api.incident_models import RulesShown
from gateway.inbound.api.incidents import IncidentsApi
from gateway.inbound.api.presenters import moment
from gateway.inbound.api.router import Api
from gateway.inbound.api.rules import RulesApi
from gateway.inbound.api.undelivered import UndeliveredApi
from gateway.inbound.api.watchdogs import WatchdogsApi
from gateway.inbound.asgi import AsgiApp
from gateway.inbound.auth import Tokens
from gateway.inbound.probes import Probes
from gateway.inbound.webhooks.alertmanager import AlertmanagerWebhook
from gateway.inbound.webhooks.body import Caps
from gateway.inbound.webhooks.source_auth import SourceAuth, source_auth
from gateway.intake.parse_webhook import Parsed
from gateway.intake.sharded import ShardedIntake
from gateway.intake.source_mutes import log_source_mutes
from gateway.model.lanes import Pace
from gateway.outbound.alertmanager_api import AlertmanagerPeers
from gateway.outbound.kind import Wiring
from gateway.outbound.log import LogNotifier
from gateway.outbound.registry import KINDS, PACES
from gateway.ports import Notifier, Trail
from gateway.reconcile.context import Context
from gateway.rules.compiled import CompiledRules, load_or_refuse
from gateway.rules.reloader import Listeners, RulesReloader
from gateway.runtime.background import background
from gateway.runtime.store import open_store
from gateway.runtime.workers import Workers
from gateway.self_monitoring.auditor import Auditor
from gateway.self_monitoring.health import Health
from gateway.self_monitoring.heartbeat import Heartbeat
from gateway.self_monitoring.own_alerts import OwnAlerts
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


@asynccontextmanager
async def running(environment: Environment, paces: Mapping[str, Pace] = PACES) -> AsyncIterator[Gateway]:
    """Run a gateway without a listener: start its parts in order, and stop them in reverse order at the end.

    The listener is the caller's and has to stop before. Raises `BadRules`, `BadSettings`,
    `StoreFailed` and `StateUnavailable`.
    """
    settings = environment.settings
    first = load_or_refuse(settings.rules, utc_ms())
    listed = first.rules.listed_sources.values()
    environment.demand_tokens(sources_have_them=bool(listed) and all(source.token for source in listed))
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        client = await stack.enter_async_context(open_store(settings, metrics.background_ended))
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


async def _assemble(start: _Start) -> Gateway:
    settings, shards, metrics = start.settings, start.shards, start.metrics
    workers, own_alerts = _workers(start)
    door = _door(start, workers)
    reloader = await _reloader(start, workers, door, own_alerts)
    auditor = Auditor(
        shards,
        workers.intake,
        metrics,
        own_alerts.report,
        lambda: door.bytes_in_flight,
        lambda: sum(reloader.in_force.unknown_severities.values()),
        lambda: reloader.in_force.rules.watchdogs,
    )
    heartbeat = (
        Heartbeat(settings.heartbeat, shards, metrics.beaten, settings.proxy) if settings.heartbeat else None
    )
    health = Health(reloader, auditor, start.secrets, version("alert-gateway"), heartbeat)
    probes = Probes(shards.home, metrics, health.shown)
    asgi_app = AsgiApp(door, [*probes.routes(), *_api(settings, shards, workers, reloader).routes()])

    start.stack.push_async_callback(workers.intake.drain)
    for work in (own_alerts.run, auditor.run, reloader.run):
        background(start.stack, work, metrics.background_ended)
    if heartbeat is not None:
        start.stack.push_async_callback(heartbeat.aclose)
        background(start.stack, heartbeat.run, metrics.background_ended)
    workers.start(start.stack)
    _announce(start.first, health)
    return Gateway(asgi_app, reloader, auditor, shards, metrics, own_alerts)


def _workers(start: _Start) -> tuple[Workers, OwnAlerts]:
    """Make the workers of every shard, with the vendors and peers that they talk to."""
    metrics, first = start.metrics, start.first
    workers = Workers(start.shards, first.correlator, first.policy, metrics.taken, metrics.batch)
    own_alerts = OwnAlerts(workers.intakes[HOME], start.shards.home)
    notifiers, trail = _senders(start.stack, start.settings, start.secrets)
    peers = AlertmanagerPeers()
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
        trail=trail,
        public_url=start.settings.public_url.rstrip("/"),
    )
    workers.reconcile(context, start.paces)
    return workers, own_alerts


def _door(start: _Start, workers: Workers) -> AlertmanagerWebhook:
    return AlertmanagerWebhook(
        partial(_take, workers.intake, start.shards),
        _source_auth(start, start.first),
        Caps(body=start.settings.max_body),
        start.metrics,
        utc_ms,
    )


async def _reloader(
    start: _Start, workers: Workers, door: AlertmanagerWebhook, own_alerts: OwnAlerts
) -> RulesReloader:
    """Put the first rules in force, and make what reloads them."""

    def use(rules: CompiledRules, generations: Sequence[int]) -> None:
        door.source_auth = _source_auth(start, rules)
        workers.use(rules.correlator, rules.policy, generations)
        start.metrics.rules(rules.rules.revision, rules.loaded_at)
        start.metrics.sources.configured(rules.rules.sources)

    listeners = Listeners(use, start.metrics.rules_rejected, own_alerts.report)
    reloader = RulesReloader(start.settings.rules, start.first, start.shards, listeners, utc_ms)
    use(start.first, await reloader.announce(start.first.rules.revision))
    return reloader


def _senders(
    stack: AsyncExitStack, settings: Settings, secrets: EnvironmentSecrets
) -> tuple[dict[str, Notifier], Trail]:
    """Return the notifiers by kind of destination, and the notifier that carries the audit trail."""
    notifiers: dict[str, Notifier] = {"log": LogNotifier()}
    for name, kind in KINDS.items():
        notifier = kind.notifier(
            Wiring(settings.value_of(kind.address_setting), secrets.secret, settings.proxy)
        )
        stack.push_async_callback(notifier.aclose)
        notifiers[name] = notifier
    trail = next(notifier for notifier in notifiers.values() if isinstance(notifier, Trail))
    return notifiers, trail


def _source_auth(start: _Start, rules: CompiledRules) -> SourceAuth:
    shared = [token.get_secret_value() for token in start.settings.webhook_token]
    return source_auth(
        rules.rules, rules.normalisers, shared, start.secrets, private=start.environment.private
    )


def _api(settings: Settings, shards: Shards, workers: Workers, reloader: RulesReloader) -> Api:
    admin_tokens = Tokens(token.get_secret_value() for token in settings.admin_token)
    desk = ControlActions(shards, lambda: reloader.in_force.policy, workers.wake)
    replayer = Replayer(
        shards, workers.intake, lambda: (reloader.in_force.normalisers, reloader.in_force.rules.shared.name)
    )
    actions = IncidentActions(shards, workers.wake)

    def policy() -> Policy:
        return reloader.in_force.policy

    groups = (
        IncidentsApi(shards, actions, policy),
        AlertsApi(shards, policy),
        UndeliveredApi(shards, replayer, actions),
        RulesApi(lambda: _shown(reloader)),
        ControlsApi(desk, lambda: policy().calendar),
        WatchdogsApi(shards.home, lambda: reloader.in_force.rules.watchdogs),
    )
    operations = [operation for group in groups for operation in group.operations()]
    return Api(operations, admin_tokens, version("alert-gateway"))


async def _take(intake: ShardedIntake, shards: Shards, parsed: Parsed) -> None:
    await intake.accept(parsed.seen, parsed.quarantined)
    if parsed.quieted:
        await log_source_mutes(shards, parsed.source, parsed.quieted)


def _announce(first: CompiledRules, health: Health) -> None:
    for destination, secret in health.missing().items():
        log.warning(
            "no_credential",
            destination=destination,
            missing=secret,
            consequence="deliveries go to this log and the API",
        )
    destinations = list(first.rules.destinations)
    log.info(
        "gateway_ready",
        rules=first.rules.revision,
        destinations=destinations,
        version=version("alert-gateway"),
    )


def _shown(reloader: RulesReloader) -> RulesShown:
    rules = reloader.in_force.rules
    return RulesShown(
        revision=rules.revision,
        loaded_at=moment(reloader.in_force.loaded_at),
        findings=list(reloader.errors),
        destinations=list(rules.destinations),
        routes=[route.described for route in rules.routes],
    )
