"""The composition root: the only file that names concrete classes. Long because everything is put together here once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import version
from secrets import token_bytes

import structlog

from gateway.actions import Actions
from gateway.audit import Auditor
from gateway.clock import utc_ms
from gateway.errors import BadSettings, StateUnavailable
from gateway.inbound.alertmanager import AlertmanagerDoor
from gateway.inbound.api import Api
from gateway.inbound.api_models import RulesShown
from gateway.inbound.auth import Tokens
from gateway.inbound.body import Caps
from gateway.inbound.http import Front
from gateway.inbound.operations import Operations
from gateway.inbound.show import moment
from gateway.intake import Intake
from gateway.model.changes import Ask, Cell, Changes, Pace, Table
from gateway.outbound.log import LogNotifier
from gateway.outbound.pagerduty import PagerDutyNotifier
from gateway.outbound.slack import SlackNotifier
from gateway.own_alerts import OwnAlerts
from gateway.ports import Notifier
from gateway.reconcile import Reconciler
from gateway.reconcile.context import Context
from gateway.reconcile.loop import PACES
from gateway.reload import InForce, RulesKeeper, load_or_refuse
from gateway.settings import Environment
from gateway.storage.embedded import EmbeddedStore, embedded_store
from gateway.storage.redis import RedisStore, connect, examine
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger("gateway.app")

STORE_PATIENCE = 3.0  # seconds between two tries to reach the store at start
VAULT_KEY = Cell(Table.META, "vault")


class EnvironmentVault:
    """Secrets by the names of the environment; their marks are keyed hashes, so that the store learns nothing of them."""

    def __init__(self, environment: Environment, key: bytes) -> None:
        self._environment = environment
        self._key = key

    def secret(self, name: str) -> str | None:
        return self._environment.secret(name)

    def mark(self, secret: str) -> str:
        return blake2b(secret.encode(), key=self._key, digest_size=16).hexdigest()


@dataclass(slots=True)
class Gateway:
    """A running gateway, without its listener."""

    front: Front
    keeper: RulesKeeper
    reconciler: Reconciler
    auditor: Auditor
    store: RedisStore
    metrics: Metrics
    own_alerts: OwnAlerts


@asynccontextmanager
async def running(environment: Environment, paces: Mapping[str, Pace] = PACES) -> AsyncIterator[Gateway]:
    """Start in order; stop in reverse order: workers, clients, store. The listener is the caller's, and stops before.

    Raises `BadRules`, `BadSettings` and `StoreFailed`.
    """
    settings = environment.settings
    first = load_or_refuse(settings.rules, utc_ms())
    async with AsyncExitStack() as stack:
        url = settings.redis_url.get_secret_value() if settings.redis_url else ""
        if not url:
            embedded = await stack.enter_async_context(embedded_store(settings.data_dir, settings.store_memory))
            log.info("store_started", kind="embedded", data_dir=str(embedded.data_dir), adopted=embedded.adopted)
            _background(stack, _keep_alive(embedded))
            url = embedded.url
        client = connect(url)
        stack.push_async_callback(client.aclose)
        store = RedisStore(client)
        await _reach(store)
        if settings.redis_url:
            await _inspect(client)
        gateway = await _assemble(stack, environment, first, store, paces)
        yield gateway


async def _assemble(
    stack: AsyncExitStack, environment: Environment, first: InForce, store: RedisStore, paces: Mapping[str, Pace]
) -> Gateway:
    settings = environment.settings
    metrics = Metrics()
    vault = EnvironmentVault(environment, await _vault_key(store))
    slack = SlackNotifier(settings.slack_api_url, proxy=settings.proxy)
    pagerduty = PagerDutyNotifier(settings.pagerduty_events_url, proxy=settings.proxy)
    notifiers: dict[str, Notifier] = {"slack": slack, "pagerduty": pagerduty, "log": LogNotifier()}

    intake = Intake(store, first.correlator, woken=lambda: reconciler.wake(), taken=metrics.taken)  # noqa: PLW0108 - it is made below
    own_alerts = OwnAlerts(intake, store)
    context = Context(store, first.router, notifiers, vault, metrics, own_alerts.report, settings.public_url.rstrip("/"))
    reconciler = Reconciler(context, paces, lambda: intake.crowded)
    actions = Actions(store, reconciler.wake)

    def use(rules: InForce, generation: int) -> None:
        intake.correlator = rules.correlator
        reconciler.use(rules.router, generation)
        metrics.rules(rules.rules.revision, rules.loaded_at, rejected=False)

    keeper = RulesKeeper(settings.rules, first, store, store, own_alerts.report, use, utc_ms)
    use(first, await keeper.announce())

    webhook_tokens = Tokens(token.get_secret_value() for token in settings.webhook_token)
    admin_tokens = Tokens(token.get_secret_value() for token in settings.admin_token)
    door = AlertmanagerDoor(
        intake, webhook_tokens, Caps(body=settings.max_body), lambda: keeper.in_force.normaliser, metrics, utc_ms
    )
    auditor = Auditor(
        store, intake, metrics, own_alerts.report, lambda: door.bytes_in_flight,
        lambda: sum(keeper.in_force.normaliser.strange.values()),
    )  # fmt: skip
    api = Api(
        store, store, actions, admin_tokens, lambda: keeper.in_force.router, lambda: _shown(keeper), version("alert-gateway")
    )
    operations = Operations(store, metrics, lambda: _health(keeper, auditor, vault))
    front = Front(door, [*operations.routes(), *api.routes()])

    stack.push_async_callback(intake.drain)
    stack.push_async_callback(slack.aclose)
    stack.push_async_callback(pagerduty.aclose)
    _background(stack, own_alerts.run())
    _background(stack, auditor.run())
    _background(stack, keeper.run())
    work = asyncio.create_task(reconciler.run())
    stack.push_async_callback(_finish, reconciler, work)
    _warn_of_missing(keeper.in_force, vault)
    log.info(
        "gateway_ready",
        rules=first.rules.revision,
        destinations=list(first.rules.destinations),
        version=version("alert-gateway"),
    )
    return Gateway(front, keeper, reconciler, auditor, store, metrics, own_alerts)


def _background(stack: AsyncExitStack, work: object) -> None:
    """A task for as long as the gateway runs; its end by a fault is logged."""
    task: asyncio.Task[None] = asyncio.create_task(work)  # type: ignore[arg-type]

    def ended(finished: asyncio.Task[None]) -> None:
        if not finished.cancelled() and (error := finished.exception()):
            log.error("background_task_failed", exc_info=error)

    task.add_done_callback(ended)

    async def stop() -> None:
        while not task.done():  # a library may swallow one cancellation
            task.cancel()
            await asyncio.wait([task], timeout=1)

    stack.push_async_callback(stop)


async def _finish(reconciler: Reconciler, work: asyncio.Task[None]) -> None:
    await reconciler.stop()
    await work


async def _keep_alive(embedded: EmbeddedStore) -> None:
    """Start the embedded server again when it dies; webhooks are answered 503 meanwhile."""
    while True:
        await embedded.watch()
        log.error("store_died", data_dir=str(embedded.data_dir))
        await embedded.start()
        log.warning("store_started", kind="embedded", data_dir=str(embedded.data_dir), adopted=embedded.adopted)


async def _reach(store: RedisStore) -> None:
    """Wait for the store: a gateway that is started before it is not an error."""
    while True:
        try:
            await store.now()
        except StateUnavailable as error:
            log.warning("waiting_for_store", error=str(error))
            await asyncio.sleep(STORE_PATIENCE)
        else:
            return


async def _inspect(client: object) -> None:
    """Refuses a server that is too old; reports what makes it a bad place for state."""
    found, problems = await examine(client)  # type: ignore[arg-type]
    for problem in problems:
        if "too old" in problem:
            raise BadSettings(f"GATEWAY_REDIS_URL: {problem}")
        log.warning("store_problem", problem=problem)
    log.info("store_reached", version=found, problems=len(problems))


async def _vault_key(store: RedisStore) -> bytes:
    """The key of the marks, made once per store."""
    while True:
        row = (await store.gather(Ask(cells=(VAULT_KEY,)))).rows[VAULT_KEY]
        if row.value:
            return row.value
        await store.commit(Changes(expect={VAULT_KEY: row.version}, put={VAULT_KEY: token_bytes(32)}))


def _missing(in_force: InForce, vault: EnvironmentVault) -> dict[str, str]:
    """Destinations without a credential, by the secret's name."""
    needed = {name: one.credential for name, one in in_force.rules.destinations.items()}
    return {name: secret for name, secret in needed.items() if vault.secret(secret) is None}


def _warn_of_missing(in_force: InForce, vault: EnvironmentVault) -> None:
    for destination, secret in _missing(in_force, vault).items():
        log.warning(
            "no_credential", destination=destination, missing=secret, consequence="deliveries go to this log and the API"
        )


def _shown(keeper: RulesKeeper) -> RulesShown:
    rules = keeper.in_force.rules
    return RulesShown(
        revision=rules.revision,
        loaded_at=moment(keeper.in_force.loaded_at),
        findings=list(keeper.errors),
        destinations=list(rules.destinations),
        routes=[route.described for route in rules.routes],
    )


def _health(keeper: RulesKeeper, auditor: Auditor, vault: EnvironmentVault) -> Mapping[str, object]:
    missing = _missing(keeper.in_force, vault)
    unbalanced = {name: residue for name, residue in auditor.residues.items() if residue}
    worries = [
        *(f"{name} has no credential ({secret}): its deliveries go to the log" for name, secret in missing.items()),
        *(f"the books do not balance: {name} {residue:+d}" for name, residue in unbalanced.items()),
        *(f"rules: {one}" for one in keeper.errors),
    ]
    if auditor.overdue > 10_000:
        worries.append(f"something has been due for {auditor.overdue // 1000} s")
    return {
        "status": "degraded" if worries else "ok",
        "worries": worries,
        "rules": keeper.in_force.rules.revision,
        "residues": auditor.residues,
        "unknown_severities": dict(sorted(keeper.in_force.normaliser.strange.items())[:50]),
        "version": version("alert-gateway"),
    }
