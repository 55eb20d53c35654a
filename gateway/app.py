"""The composition root: the only file that names concrete classes. Long because everything is put together here once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import structlog

from gateway.actions.controls import OrderDesk
from gateway.actions.incidents import Actions
from gateway.actions.quarantine import Replayer
from gateway.clock import utc_ms
from gateway.config.environment import Environment
from gateway.config.secrets import EnvironmentVault, vault_key
from gateway.config.settings import Settings
from gateway.decisions.partition import HOME
from gateway.inbound.api.controls import OrdersApi
from gateway.inbound.api.incident_models import RulesShown
from gateway.inbound.api.incidents import IncidentsApi
from gateway.inbound.api.presenters import moment
from gateway.inbound.api.router import Api
from gateway.inbound.api.watchdogs import WatchdogsApi
from gateway.inbound.asgi import Front
from gateway.inbound.auth import Tokens
from gateway.inbound.probes import Operations
from gateway.inbound.webhooks.alertmanager import AlertmanagerDoor
from gateway.inbound.webhooks.body import Caps
from gateway.inbound.webhooks.source_auth import Entrance, entrance
from gateway.intake.parse_webhook import Parsed
from gateway.intake.sharded import SpreadIntake
from gateway.intake.source_mutes import note_quieted
from gateway.model.lanes import Pace
from gateway.outbound.alertmanager_api import AlertmanagerPeers
from gateway.outbound.log import LogNotifier
from gateway.outbound.pagerduty.notifier import PagerDutyNotifier
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.outbound.webhook.notifier import WebhookNotifier
from gateway.ports import Notifier
from gateway.reconcile.context import Context
from gateway.reconcile.loop import PACES
from gateway.rules.compiled import InForce, load_or_refuse
from gateway.rules.reloader import Listeners, RulesKeeper
from gateway.runtime.background import background
from gateway.runtime.store import stored
from gateway.runtime.workers import Workers
from gateway.self_monitoring.auditor import Auditor
from gateway.self_monitoring.health import Health
from gateway.self_monitoring.heartbeat import Heartbeat
from gateway.self_monitoring.own_alerts import OwnAlerts
from gateway.state.shards import Slots
from gateway.storage.layout import laid_out
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger("gateway.app")


@dataclass(slots=True)
class Gateway:
    """A running gateway, without its listener."""

    front: Front
    keeper: RulesKeeper
    auditor: Auditor
    slots: Slots
    metrics: Metrics
    own_alerts: OwnAlerts


@asynccontextmanager
async def running(environment: Environment, paces: Mapping[str, Pace] = PACES) -> AsyncIterator[Gateway]:
    """Start in order; stop in reverse order: workers, clients, store. The listener is the caller's, and stops before.

    Raises `BadRules`, `BadSettings` and `StoreFailed`.
    """
    settings = environment.settings
    first = load_or_refuse(settings.rules, utc_ms())
    listed = first.rules.listed_sources.values()
    environment.demand_tokens(sources_have_them=bool(listed) and all(one.token for one in listed))
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(stored(settings))
        slots = await laid_out(client, settings.slots, first.rules.partition_by)
        gateway = await _assemble(stack, environment, first, slots, paces)
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError  # a library swallowed it while we started
        yield gateway


async def _assemble(
    stack: AsyncExitStack, environment: Environment, first: InForce, slots: Slots, paces: Mapping[str, Pace]
) -> Gateway:
    settings = environment.settings
    metrics = Metrics()
    vault = EnvironmentVault(environment, await vault_key(slots.home))
    workers = Workers(slots, first.correlator, first.policy, metrics.taken)
    own_alerts = OwnAlerts(workers.intakes[HOME], slots.home)
    notifiers, trail = _senders(stack, settings, vault)
    peers = AlertmanagerPeers()
    stack.push_async_callback(peers.aclose)
    public_url, report = settings.public_url.rstrip("/"), own_alerts.report
    context = Context(slots.home, first.policy, notifiers, vault, metrics, report, workers.intake, peers, trail, public_url)
    workers.reconcile(context, paces)
    door = AlertmanagerDoor(
        partial(_take, workers.intake, slots),
        _entrance(environment, vault, first),
        Caps(body=settings.max_body),
        metrics,
        utc_ms,
    )

    def use(rules: InForce, generations: Sequence[int]) -> None:
        door.entrance = _entrance(environment, vault, rules)
        workers.use(rules.correlator, rules.policy, generations)
        metrics.rules(rules.rules.revision, rules.loaded_at)
        metrics.sources.configured(rules.rules.sources)

    listeners = Listeners(use, metrics.rules_rejected, own_alerts.report)
    keeper = RulesKeeper(settings.rules, first, slots, listeners, utc_ms)
    use(first, await keeper.announce(first.rules.revision))

    auditor = Auditor(
        slots, workers.intake, metrics, own_alerts.report, lambda: door.bytes_in_flight,
        lambda: sum(keeper.in_force.unknown_severities.values()), lambda: keeper.in_force.rules.watchdogs,
    )  # fmt: skip
    heartbeat = Heartbeat(settings.heartbeat, slots, metrics.beaten, settings.proxy) if settings.heartbeat else None
    health = Health(keeper, auditor, vault, version("alert-gateway"), heartbeat)
    operations = Operations(slots.home, metrics, health.shown)
    front = Front(door, [*operations.routes(), *_api(settings, slots, workers, keeper).routes()])

    stack.push_async_callback(workers.intake.drain)
    for work in (own_alerts.run, auditor.run, keeper.run):
        background(stack, work)
    if heartbeat is not None:
        stack.push_async_callback(heartbeat.aclose)
        background(stack, heartbeat.run)
    workers.start(stack)
    _announce(first, health)
    return Gateway(front, keeper, auditor, slots, metrics, own_alerts)


def _senders(stack: AsyncExitStack, settings: Settings, vault: EnvironmentVault) -> tuple[dict[str, Notifier], WebhookNotifier]:
    """By kind of destination, and the one that the audit trail goes by."""
    slack = SlackNotifier(settings.slack_api_url, proxy=settings.proxy)
    pagerduty = PagerDutyNotifier(settings.pagerduty_events_url, proxy=settings.proxy)
    webhook = WebhookNotifier(vault.secret, proxy=settings.proxy)
    for one in (slack, pagerduty, webhook):
        stack.push_async_callback(one.aclose)
    return {"slack": slack, "pagerduty": pagerduty, "webhook": webhook, "log": LogNotifier()}, webhook


def _entrance(environment: Environment, vault: EnvironmentVault, rules: InForce) -> Entrance:
    shared = [token.get_secret_value() for token in environment.settings.webhook_token]
    return entrance(rules.rules, rules.normalisers, shared, vault, private=environment.private)


def _api(settings: Settings, slots: Slots, workers: Workers, keeper: RulesKeeper) -> Api:
    admin_tokens = Tokens(token.get_secret_value() for token in settings.admin_token)
    desk = OrderDesk(slots, lambda: keeper.in_force.policy, workers.wake)
    replayer = Replayer(slots, workers.intake, lambda: (keeper.in_force.normalisers, keeper.in_force.rules.shared.name))
    incidents = IncidentsApi(
        slots, replayer, Actions(slots, workers.wake), lambda: keeper.in_force.policy, lambda: _shown(keeper)
    )
    orders = OrdersApi(desk, lambda: keeper.in_force.policy.calendar)
    watchdogs = WatchdogsApi(slots.home, lambda: keeper.in_force.rules.watchdogs)
    operations = [*incidents.operations(), *orders.operations(), *watchdogs.operations()]
    return Api(operations, admin_tokens, version("alert-gateway"))


async def _take(intake: SpreadIntake, slots: Slots, parsed: Parsed) -> None:
    await intake.accept(parsed.seen, parsed.strays)
    if parsed.quieted:
        await note_quieted(slots, parsed.source, parsed.quieted)


def _announce(first: InForce, health: Health) -> None:
    for destination, secret in health.missing().items():
        log.warning(
            "no_credential", destination=destination, missing=secret, consequence="deliveries go to this log and the API"
        )
    destinations = list(first.rules.destinations)
    log.info("gateway_ready", rules=first.rules.revision, destinations=destinations, version=version("alert-gateway"))


def _shown(keeper: RulesKeeper) -> RulesShown:
    rules = keeper.in_force.rules
    return RulesShown(
        revision=rules.revision,
        loaded_at=moment(keeper.in_force.loaded_at),
        findings=list(keeper.errors),
        destinations=list(rules.destinations),
        routes=[route.described for route in rules.routes],
    )
