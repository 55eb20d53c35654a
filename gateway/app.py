"""The composition root: everything that runs is put together here once, and started and stopped in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from gateway.clock import utc_ms
from gateway.config.demanded_tokens import demand_tokens
from gateway.config.environment import Environment
from gateway.config.secrets import EnvironmentSecrets, mark_key
from gateway.config.tokens_file import TokensFile
from gateway.decisions.partition import HOME
from gateway.inbound.api.assembly import api_of, callers_of
from gateway.inbound.asgi import AsgiApp
from gateway.inbound.health_assembly import probes_of
from gateway.inbound.refused import RefusedRequests
from gateway.inbound.webhooks.assembly import auth_of, endpoint_over
from gateway.inbound.webhooks.pagerduty import PagerDutyEndpoint
from gateway.inbound.webhooks.people_assembly import pagerduty_of, reader_of, rest_of, slack_of, sockets_of
from gateway.inbound.webhooks.slack import SlackEndpoints
from gateway.model.lanes import Pace
from gateway.outbound.registry import PACES
from gateway.rules.compiled import CompiledRules, load_or_refuse
from gateway.rules.reloader import RulesReloader
from gateway.runtime.apm import UNREPORTED, Reporter
from gateway.runtime.background import Work, background
from gateway.runtime.loop_lag import LoopLag
from gateway.runtime.senders import wiring_of
from gateway.runtime.spare_memory import give_back_spare_memory
from gateway.runtime.start import Start, begin_anew, count_answers, make_reloader, make_workers, reach_out
from gateway.runtime.store import open_store
from gateway.runtime.store_watch import StoreWatch
from gateway.runtime.tracing import open_tracing
from gateway.runtime.workers import Workers
from gateway.self_monitoring.assembly import Watched
from gateway.self_monitoring.auditor import Auditor
from gateway.self_monitoring.destinations_check import DestinationsCheck
from gateway.self_monitoring.health import Health
from gateway.self_monitoring.heartbeat import Heartbeat
from gateway.self_monitoring.machine_watch import MachineWatch
from gateway.self_monitoring.memory_watch import MemoryWatch
from gateway.self_monitoring.missing_at_start import say_what_is_missing
from gateway.self_monitoring.missing_credentials import MissingCredentials
from gateway.self_monitoring.own_alerts import OwnAlerts
from gateway.self_monitoring.statistics_watch import StatisticsWatch
from gateway.self_monitoring.store_loss import StoreLossWatch
from gateway.self_monitoring.turned_away import TurnedAwayBook
from gateway.self_monitoring.worries import Worries
from gateway.state.person_names import PersonNames
from gateway.state.persons import Persons
from gateway.state.shards import Shards
from gateway.state.statistics_sweep import EventSweep
from gateway.storage.layout import open_shards
from gateway.storage.redis import RedisStore
from gateway.storage.server_memory import read_memory
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.own_work import OWN_WORK


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
    loss: StoreLossWatch


@asynccontextmanager
async def running(
    environment: Environment,
    paces: Mapping[str, Pace] = PACES,
    watch: StoreWatch | None = None,
    reporter: Reporter = UNREPORTED,
) -> AsyncIterator[Gateway]:
    """Run a gateway without a listener: start its parts in order, and stop them in reverse order at the end.

    The listener is the caller's and has to stop before. `watch` hears whether the store answers,
    `reporter` of each piece of work. Raises `BadRules`, `BadSettings` and `StateUnavailable`.
    """
    settings = environment.settings
    first = load_or_refuse(settings.rules, utc_ms())
    demand_tokens(environment.settings, sources_have_them=first.rules.sources_have_tokens)
    async with AsyncExitStack() as stack:
        tokens, metrics = TokensFile(settings.tokens_file), Metrics()
        metrics.build(version("alert-gateway"))
        metrics.spans = reporter.spans(open_tracing(stack, environment.otlp, metrics.telemetry))
        stack.callback(setattr, OWN_WORK, "spans", None)
        OWN_WORK.spans = metrics.spans
        client = await stack.enter_async_context(open_store(settings, metrics.background_ended, watch))
        shards = await open_shards(client, settings.shards, first.rules.partition_by)
        stores = [state for state in shards.states if isinstance(state, RedisStore)]
        count_answers(client, stores, metrics.work)
        for store in stores:
            store.log_length = settings.timeline_length
            await store.take_epoch()
        secrets = EnvironmentSecrets(environment, await mark_key(shards.home))
        network = settings.network()
        gateway = await _assemble(
            Start(stack, environment, first, client, stores, shards, paces, metrics, secrets, network, tokens)
        )
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError  # a library swallowed it while we started
        yield gateway


async def _assemble(start: Start) -> Gateway:
    settings, shards, metrics = start.settings, start.shards, start.metrics
    workers = make_workers(start)
    own_alerts = OwnAlerts(workers.intakes[HOME], shards.home, settings.docs_url)
    reach_out(start, workers, own_alerts.report)
    auth = auth_of(start.environment, start.secrets, start.first)
    turned_away = TurnedAwayBook(
        shards, own_alerts.report, metrics.turned_away, workers.intake.know_cut_short
    )
    door = endpoint_over(workers.intake, shards, auth, settings, metrics, turned_away.note, workers.repeats)

    def let_in(rules: CompiledRules) -> None:
        door.source_auth = auth_of(start.environment, start.secrets, rules)

    reloader = await make_reloader(start, workers, let_in, own_alerts.report)
    # Before the first delivery: without its credential a destination must not tell the log in
    # place of people.
    credentialed = await reloader.announce_credentials(start.first.rules)
    credentials = MissingCredentials(lambda: reloader.in_force.rules, start.secrets, credentialed)
    watched = Watched(shards, workers, reloader, metrics, own_alerts.report, settings.keep_ended)
    auditor = watched.auditor(lambda: door.bytes_in_flight, credentials)
    heartbeat = _heartbeat(start)
    memory = watched.memory(partial(read_memory, start.client))
    loss = watched.loss(start.stores, partial(begin_anew, start, reloader))
    watched_parts = (reloader, auditor, turned_away, memory, loss)
    health = _health(start, *watched_parts, heartbeat)
    callers, refused = callers_of(settings, start.tokens), RefusedRequests(metrics.refused)
    probes = probes_of(start, health, reloader, callers, refused)
    persons = Persons(shards.home, start.secrets.mark)
    names = _person_names(start, reloader, persons)
    known = (start.secrets.mark, persons, names)
    api = api_of(settings, shards, workers, reloader, turned_away, callers, refused, *known)
    from_people, kept_up_for_people = _hear_people(start, workers, reloader, refused, persons)
    endpoints = (probes, api, *from_people)
    routes = [route for endpoint in endpoints for route in endpoint.routes()]
    asgi_app = AsgiApp(door, routes, door.wrong_place, metrics.http.answered, metrics.spans)
    sweep = EventSweep(shards, settings.keep_statistics)
    own_watches = (health.worries.machine, start.tokens, LoopLag(metrics.work.loop_lagged))
    watches = (*watched_parts, *own_watches, sweep, StatisticsWatch(shards, metrics.statistics.show), names)
    kept_up = (own_alerts.run, give_back_spare_memory, *(watch.run for watch in watches))
    _set_going(start, workers, (*kept_up, *kept_up_for_people), heartbeat)
    say_what_is_missing(start.environment, health.worries)
    return Gateway(asgi_app, reloader, auditor, shards, metrics, own_alerts, health, loss)


def _hear_people(
    start: Start, workers: Workers, reloader: RulesReloader, refused: RefusedRequests, persons: Persons
) -> tuple[tuple[SlackEndpoints, PagerDutyEndpoint], tuple[Work, ...]]:
    """Return what hears people at their vendors, and what has to run for it."""
    hearing = (start, lambda: reloader.in_force.policy, workers.wake, refused, persons)
    slack, rest = slack_of(*hearing), rest_of(start)
    pagerduty = pagerduty_of(*hearing, slack.desk, rest)
    kept_up = (
        slack.desk.roles,
        sockets_of(start, slack.desk),
        reader_of(start, pagerduty, rest, workers.wake, persons),
    )
    return (slack, pagerduty), tuple(kept.run for kept in kept_up)


def _person_names(start: Start, reloader: RulesReloader, persons: Persons) -> PersonNames:
    """Return the names of those in the statistics; they are heard of wherever a pseudonym is made."""
    keep = start.settings.keep_statistics
    names = PersonNames(start.shards.home, persons, lambda: reloader.in_force.rules.precision.persons, keep)
    persons.heard = names.heard
    return names


def _health(
    start: Start,
    reloader: RulesReloader,
    auditor: Auditor,
    turned_away: TurnedAwayBook,
    memory: MemoryWatch,
    loss: StoreLossWatch,
    heartbeat: Heartbeat | None,
) -> Health:
    """Return what finds everything that a person should worry about."""
    settings, secrets = start.settings, start.secrets
    worries = Worries(
        reloader=reloader,
        auditor=auditor,
        secrets=secrets,
        turned_away=turned_away,
        clocks_ahead=lambda: start.metrics.sources.ahead(utc_ms()),
        heartbeat=heartbeat,
        memory=memory,
        loss=loss,
        tokens=start.tokens,
        # A store on a server of its own has its disk there.
        machine=MachineWatch(None if settings.redis_url else settings.data_dir),
        destinations=DestinationsCheck(
            lambda: reloader.in_force.rules,
            secrets,
            lambda kind: wiring_of(kind, settings, start.network, secrets),
        ),
    )
    return Health(worries, version("alert-gateway"))


def _heartbeat(start: Start) -> Heartbeat | None:
    url = start.settings.heartbeat
    return Heartbeat(url, start.shards, start.metrics.beaten, start.network) if url else None


def _set_going(
    start: Start,
    workers: Workers,
    kept_up: Iterable[Work],
    heartbeat: Heartbeat | None,
) -> None:
    # The stack ends in reverse order, so the intake still keeps what the others report while they stop.
    start.stack.push_async_callback(workers.intake.drain)
    for work in kept_up:
        background(start.stack, work, start.metrics.background_ended)
    if heartbeat is not None:
        start.stack.push_async_callback(heartbeat.aclose)
        background(start.stack, heartbeat.run, start.metrics.background_ended)
    workers.start(start.stack, start.metrics.background_ended)
