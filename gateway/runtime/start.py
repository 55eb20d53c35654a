"""Put together what works on alerts: the workers, the vendors that they talk to, the rules in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from gateway.clock import utc_ms
from gateway.config.environment import Environment
from gateway.config.secrets import EnvironmentSecrets, mark_key
from gateway.config.settings import Settings
from gateway.config.tokens_file import TokensFile
from gateway.decisions.accounting.rule_matches import counted_rules
from gateway.decisions.partition import HOME
from gateway.model.lanes import Pace
from gateway.model.rules.rulebook import Rulebook
from gateway.outbound.alertmanager_api import AlertmanagerPeers
from gateway.outbound.credentials import kinds_with_credential
from gateway.outbound.network import Network
from gateway.outbound.pagerduty.rest import API_TOKEN
from gateway.ports import Report
from gateway.reconcile.context import Context
from gateway.rules.compiled import CompiledRules
from gateway.rules.reloader import Listeners, RulesReloader
from gateway.runtime.background import background
from gateway.runtime.senders import open_senders
from gateway.runtime.workers import Workers
from gateway.state.shards import Shards
from gateway.storage.connections import Client
from gateway.storage.layout import Layout, agree_on_layout
from gateway.storage.redis import RedisStore
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.work_metrics import WorkMetrics


@dataclass(frozen=True, slots=True)
class Start:
    """Everything that a gateway is put together from. `stack` stops what was started, in reverse order."""

    stack: AsyncExitStack
    environment: Environment
    first: CompiledRules
    client: Client
    stores: Sequence[RedisStore]
    shards: Shards
    paces: Mapping[str, Pace]
    metrics: Metrics
    secrets: EnvironmentSecrets
    network: Network
    tokens: TokensFile

    @property
    def settings(self) -> Settings:
        return self.environment.settings


def count_answers(client: Client, stores: Sequence[RedisStore], work: WorkMetrics) -> None:
    """Count what the store answers, and what it does not."""
    client.failed = work.store_failed
    for store in stores:
        store.answered, store.committed = work.store_answered, work.committed


def make_workers(start: Start) -> Workers:
    """Return the workers of every shard, which take webhooks and reach nobody yet."""
    first, metrics = start.first, start.metrics
    return Workers(
        start.shards,
        first.correlator,
        first.policy,
        metrics.taken,
        metrics.batch,
        start.settings.keep_ended,
        metrics.laps,
    )


def reach_out(start: Start, workers: Workers, report: Report) -> None:
    """Give the workers the vendors and peers that they talk to."""
    notifiers, trails = open_senders(start.stack, start.settings, start.network, start.secrets)
    peers = AlertmanagerPeers(start.network)
    start.stack.push_async_callback(peers.aclose)
    context = Context(
        store=start.shards.home,
        policy=start.first.policy,
        notifiers=notifiers,
        secrets=start.secrets,
        watcher=start.metrics,
        report=report,
        intake=workers.intake,
        peers=peers,
        trails=trails,
        public_url=start.settings.public_url.rstrip("/"),
        docs_url=start.settings.docs_url,
        keep_ended=start.settings.keep_ended,
        keep_statistics=start.settings.keep_statistics,
        spans=start.metrics.spans,
        reads=lambda kind: kind == "pagerduty" and bool(start.secrets.own(API_TOKEN)),
    )
    workers.reconcile(context, start.paces)


async def make_reloader(
    start: Start, workers: Workers, let_in: Callable[[CompiledRules], None], report: Report
) -> RulesReloader:
    """Put the first rules in force, and return what reloads them. `let_in` is told of every new rule set."""

    def use(rules: CompiledRules, generations: Sequence[int]) -> None:
        let_in(rules)
        workers.use(rules.correlator, rules.policy, generations)
        start.metrics.rules(
            rules.rules.revision, rules.loaded_at, generations[HOME], tuple(counted_rules(rules.rules))
        )
        start.metrics.sources.configured(rules.rules.sources)

    def credentialed(rules: Rulebook) -> frozenset[str]:
        return kinds_with_credential(
            rules.destinations.values(), start.secrets.configured, start.secrets.refused
        )

    metrics = start.metrics
    listeners = Listeners(use, metrics.rules_rejected, report, credentialed, metrics.reloaded)
    reloader = RulesReloader(start.settings.rules, start.first, start.shards, listeners, utc_ms)
    await reloader.announce()
    # The stack ends in reverse order: others plan when the workers of this replica have finished.
    start.stack.push_async_callback(reloader.generations.give_back)
    for shard in range(len(start.shards.states)):
        background(start.stack, partial(reloader.generations.keep, shard), start.metrics.background_ended)
    return reloader


async def begin_anew(start: Start, reloader: RulesReloader) -> None:
    """Write into an emptied store what a start writes into an empty one. Raises `StateUnavailable`."""
    rules = reloader.in_force.rules
    layout = Layout(start.settings.shards, rules.partition_by, start.stores[0].prefix)
    await agree_on_layout(start.client, layout)
    # By the earlier key the next start would find every credential changed, and no end would be told.
    start.secrets.use_key(await mark_key(start.shards.home))
    await reloader.announce_credentials(rules)
    await reloader.announce()
