"""`gateway doctor` says whether everything that the gateway needs works, as seen from this machine."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

import httpx

from gateway.clock import utc_ms
from gateway.config.demanded_tokens import demand_tokens
from gateway.config.environment import Environment
from gateway.config.tokens_file import TokensFile, four_eyes_problem
from gateway.decisions.intake.normalise import Normaliser
from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.diagnostics.running_gateway import examine_running_gateway
from gateway.diagnostics.slack_scopes import examine_scopes
from gateway.diagnostics.store import examine_store, remembered_kinds
from gateway.errors import BadSettings
from gateway.model.counted import counted
from gateway.model.rules.origin import SOURCE
from gateway.model.rules.rulebook import LabelRules, Rulebook
from gateway.model.rules.source import Source
from gateway.outbound.alertmanager_api import AlertmanagerPeers
from gateway.outbound.credentials import IN_LOG_ONLY, UNDELIVERED, heard_in_slack, kinds_with_credential
from gateway.outbound.http_client import HttpClient
from gateway.outbound.http_trouble import no_answer
from gateway.outbound.kind import DestinationKind, Wiring
from gateway.outbound.network import ANSWER_BYTES, Network
from gateway.outbound.registry import kind_of
from gateway.outbound.slack.destination import SLACK
from gateway.rules.files import load_rules

REQUEST_SECONDS = 5.0

__all__ = ["Diagnosis", "Mark", "examine_everything", "wiring"]


async def examine_everything(environment: Environment) -> list[Diagnosis]:
    """Look at everything, in the order in which things are needed."""
    loaded = load_rules(environment.settings.rules, utc_ms())
    found = [_settings(environment, loaded.rulebook)]
    found += [Diagnosis(Mark.WORRY, "settings", warning) for warning in environment.warnings]
    marks = ((Mark.BAD if fault in loaded.errors else Mark.WORRY, str(fault)) for fault in loaded.findings)
    found += [Diagnosis(mark, "rules", said) for mark, said in marks]
    if loaded.rulebook is not None:
        rules = loaded.rulebook
        twice = environment.twice_of(rules.secret_names)
        found += [Diagnosis(Mark.WORRY, "settings", warning) for warning in twice]
        found.append(Diagnosis(Mark.GOOD, "rules", f"{rules.contents}, revision {rules.revision}"))
    found += _people(environment, loaded.rulebook)
    partition_by = loaded.rulebook.partition_by if loaded.rulebook is not None else None
    found += await examine_store(environment.settings, partition_by)
    if loaded.rulebook is not None:
        found += await _sources(environment, loaded.rulebook)
        found += await _destinations(environment, loaded.rulebook)
        found += await examine_scopes(environment, loaded.rulebook, wiring(environment, SLACK))
    return [*found, *await _heartbeat(environment), *await examine_running_gateway(environment)]


def _settings(environment: Environment, rules: Rulebook | None) -> Diagnosis:
    """Say where it listens, or that `gateway serve` would not start for want of a token."""
    try:
        demand_tokens(environment.settings, sources_have_them=rules is not None and rules.sources_have_tokens)
    except BadSettings as error:
        return Diagnosis(Mark.BAD, "settings", str(error))
    return Diagnosis(Mark.GOOD, "settings", f"listening on {environment.settings.listen}")


def _people(environment: Environment, rules: Rulebook | None) -> list[Diagnosis]:
    """Read the tokens of people, and find out whether the rules count on people who are not there."""
    tokens = TokensFile(environment.settings.tokens_file)
    found = [Diagnosis(Mark.BAD, "tokens", problem) for problem in tokens.problems]
    heard = heard_in_slack(environment.configured)
    if (
        rules is not None
        and rules.silences.four_eyes
        and (problem := four_eyes_problem(tokens, heard_in_slack=heard))
    ):
        found.append(Diagnosis(Mark.BAD, "tokens", problem))
    return found


async def _sources(environment: Environment, rules: Rulebook) -> list[Diagnosis]:
    """Find out whether each token is set and each peer answers."""
    peers, found = AlertmanagerPeers(network_of(environment), REQUEST_SECONDS), list[Diagnosis]()
    try:
        for name, source in rules.listed_sources.items():
            token = source.token
            if token is not None and (fault := environment.fault_of(token.env, SOURCE)):
                found.append(Diagnosis(Mark.BAD, name, f"{fault}: its webhooks are refused"))
            elif token is not None and not environment.configured(token.env):
                said = f"{token.env} is not set: its webhooks are refused"
                found.append(Diagnosis(Mark.WORRY, name, said))
            for peer in source.alertmanager:
                found.append(await _peer(environment, peers, source, peer.env))
    finally:
        await peers.aclose()
    return found


async def _peer(
    environment: Environment, peers: AlertmanagerPeers, source: Source, variable: str
) -> Diagnosis:
    if fault := environment.fault_of(variable, SOURCE):
        return Diagnosis(Mark.BAD, source.name, f"{fault}: this Alertmanager is not asked")
    url = environment.secret(variable)
    if url is None:
        return Diagnosis(Mark.WORRY, source.name, f"{variable} is not set: this Alertmanager is not asked")
    said = await peers.ask(url, source.receiver, Normaliser(LabelRules(), source))
    if isinstance(said, str):
        return Diagnosis(
            Mark.BAD, source.name, f"the Alertmanager of {variable}: {said}; is its address right?"
        )
    return Diagnosis(
        Mark.GOOD,
        source.name,
        f"the Alertmanager of {variable} has {counted(len(said.alerts), 'alert')} for {source.receiver}",
    )


async def _destinations(environment: Environment, rules: Rulebook) -> list[Diagnosis]:
    """Each kind looks at its own destinations; nothing is sent to people."""
    found: list[Diagnosis] = []
    used = kinds_with_credential(rules.destinations.values(), environment.configured, environment.refused)
    paging = _paging(rules)
    if any(destination.kind not in used for destination in rules.destinations.values()):
        used |= await remembered_kinds(environment.settings)
    for name, destination in rules.destinations.items():
        kind = kind_of(destination)
        missing = [
            why
            for variable in destination.credentials
            if (why := environment.why_missing(variable, destination.kind))
        ]
        if missing:
            found.append(
                _without_credential(name, missing, used=destination.kind in used, pages=name in paging)
            )
            continue
        secrets = {
            variable: environment.rule_secret(variable, destination.kind) or ""
            for variable in destination.credentials
        }
        examined = await kind.examine(destination, secrets, wiring(environment, kind))
        found.append(Diagnosis(examined.mark, name, examined.said))
    return found


def _without_credential(name: str, missing: list[str], *, used: bool, pages: bool) -> Diagnosis:
    """Say in the words of the running gateway what comes of it."""
    # Somebody has set this vendor up, here or where the store remembers it from, and
    # left this destination out.
    what = UNDELIVERED if used else IN_LOG_ONLY
    # Whoever wrote it under `page` counts on being woken, and a log wakes nobody.
    nobody = ", which wakes nobody" if pages and not used else ""
    mark = Mark.BAD if used or pages else Mark.WORRY
    return Diagnosis(mark, name, f"{' and '.join(missing)}: {what}{nobody}")


def _paging(rules: Rulebook) -> set[str]:
    """Return the names of the destinations that a rule pages."""
    shifts = (shift.page for route in rules.routes for shift in route.shifts)
    pages = (
        *(route.page for route in rules.routes),
        *shifts,
        *(watchdog.page for watchdog in rules.watchdogs.values()),
    )
    return {name for page in pages for name in page}


def wiring(environment: Environment, kind: DestinationKind) -> Wiring:
    named = network_of(environment).giving(partial(environment.rule_secret, taker=kind.name))
    return Wiring(environment.settings.value_of(kind.address_setting), named)


def network_of(environment: Environment) -> Network:
    return environment.settings.network()


async def _heartbeat(environment: Environment) -> list[Diagnosis]:
    """Its service is reached, and not told that all is well: only the gateway knows that."""
    url = environment.settings.heartbeat
    if url is None:
        trouble = "nobody hears of it when the gateway is gone"
        remedy = "GATEWAY_HEARTBEAT_URL names a service that pages then"
        return [Diagnosis(Mark.WORRY, "heartbeat", f"{trouble}; {remedy}")]
    parts = urlsplit(url)
    origin, network = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", network_of(environment)
    try:
        client = HttpClient(network, proxy=network.proxy_to(url), connect=REQUEST_SECONDS)
        try:
            await client.ask("GET", f"{origin}/", seconds=REQUEST_SECONDS, largest=ANSWER_BYTES)
        finally:
            await client.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        remedy = "is GATEWAY_HEARTBEAT_URL right, and can it be reached from here?"
        return [Diagnosis(Mark.BAD, "heartbeat", f"{origin}: {no_answer(error)}; {remedy}")]
    return [
        Diagnosis(
            Mark.GOOD,
            "heartbeat",
            f"{origin} answers; whether the heartbeat arrives, the running gateway says",
        )
    ]
