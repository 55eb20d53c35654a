"""`gateway doctor` says whether everything that the gateway needs works, as seen from this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from gateway.clock import utc_ms
from gateway.config.environment import Environment
from gateway.decisions.intake.normalise import Normaliser
from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.diagnostics.store import examine_store
from gateway.diagnostics.turned_away import turned_away
from gateway.model.counted import counted
from gateway.model.rules.rulebook import LabelRules, Rulebook
from gateway.model.rules.source import Source
from gateway.outbound.alertmanager_api import AlertmanagerPeers
from gateway.outbound.credentials import kinds_with_credential
from gateway.outbound.kind import DestinationKind, Wiring
from gateway.outbound.network import Network
from gateway.outbound.registry import kind_of
from gateway.rules.files import load_rules

REQUEST_SECONDS = 5.0

__all__ = ["Diagnosis", "Mark", "examine_everything", "wiring"]


async def examine_everything(environment: Environment) -> list[Diagnosis]:
    """Look at everything, in the order in which things are needed."""
    loaded = load_rules(environment.settings.rules, utc_ms())
    found = [Diagnosis(Mark.GOOD, "settings", f"listening on {environment.settings.listen}")]
    found += [Diagnosis(Mark.WORRY, "settings", warning) for warning in environment.warnings]
    marks = ((Mark.BAD if fault in loaded.errors else Mark.WORRY, str(fault)) for fault in loaded.findings)
    found += [Diagnosis(mark, "rules", said) for mark, said in marks]
    if loaded.rulebook is not None:
        rules = loaded.rulebook
        found.append(Diagnosis(Mark.GOOD, "rules", f"{rules.contents}, revision {rules.revision}"))
    partition_by = loaded.rulebook.partition_by if loaded.rulebook is not None else None
    found += await examine_store(environment.settings, partition_by)
    if loaded.rulebook is not None:
        found += await _sources(environment, loaded.rulebook)
        found += await _destinations(environment, loaded.rulebook)
    return [*found, *await _heartbeat(environment), *await _gateway(environment)]


async def _sources(environment: Environment, rules: Rulebook) -> list[Diagnosis]:
    """Find out whether each token is set and each peer answers."""
    peers, found = AlertmanagerPeers(network_of(environment), REQUEST_SECONDS), list[Diagnosis]()
    try:
        for name, source in rules.listed_sources.items():
            if source.token is not None and environment.secret(source.token.env) is None:
                said = f"{source.token.env} is not set: its webhooks are refused"
                found.append(Diagnosis(Mark.WORRY, name, said))
            for peer in source.alertmanager:
                found.append(await _peer(environment, peers, source, peer.env))
    finally:
        await peers.aclose()
    return found


async def _peer(
    environment: Environment, peers: AlertmanagerPeers, source: Source, variable: str
) -> Diagnosis:
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
    used = kinds_with_credential(rules.destinations.values(), environment.configured)
    paging = _paging(rules)
    for name, destination in rules.destinations.items():
        kind = kind_of(destination)
        missing = [why for variable in destination.credentials if (why := environment.why_missing(variable))]
        if missing:
            found.append(
                _without_credential(name, missing, used=destination.kind in used, pages=name in paging)
            )
            continue
        secrets = {variable: environment.secret(variable) or "" for variable in destination.credentials}
        examined = await kind.examine(destination, secrets, wiring(environment, kind))
        found.append(Diagnosis(examined.mark, name, examined.said))
    return found


def _without_credential(name: str, missing: list[str], *, used: bool, pages: bool) -> Diagnosis:
    """Say in the words of the running gateway what comes of it."""
    # Somebody has set this vendor up and left this destination out: it fails.
    what = "nothing can be delivered there" if used else "its deliveries go to the log"
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
    return Wiring(environment.settings.value_of(kind.address_setting), network_of(environment))


def network_of(environment: Environment) -> Network:
    return environment.settings.network(environment.secret)


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
        async with httpx.AsyncClient(
            timeout=REQUEST_SECONDS, trust_env=False, proxy=network.proxy_to(url), verify=network.tls()
        ) as client:
            await client.get(f"{origin}/")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        remedy = "is GATEWAY_HEARTBEAT_URL right, and can it be reached from here?"
        return [Diagnosis(Mark.BAD, "heartbeat", f"{type(error).__name__} at {origin}; {remedy}")]
    return [
        Diagnosis(
            Mark.GOOD,
            "heartbeat",
            f"{origin} answers; whether the heartbeat arrives, the running gateway says",
        )
    ]


async def _gateway(environment: Environment) -> list[Diagnosis]:
    url = environment.settings.gateway_url.rstrip("/")
    try:
        async with httpx.AsyncClient(timeout=REQUEST_SECONDS, verify=network_of(environment).tls()) as client:
            health = (await client.get(f"{url}/health")).json()
    except (httpx.HTTPError, ValueError):
        said = f"none answers at {url}; is GATEWAY_URL right, and does it run?"
        return [Diagnosis(Mark.WORRY, "gateway", said)]
    found = [
        Diagnosis(
            Mark.GOOD if health.get("status") == "ok" else Mark.WORRY,
            "gateway",
            f"{health.get('status')} at {url}",
        )
    ]
    found += [Diagnosis(Mark.WORRY, "gateway", str(worry)) for worry in health.get("worries", ())]
    found += await turned_away(environment)
    words = health.get("unknown_severities") or {}
    found += [
        Diagnosis(
            Mark.WORRY,
            "severity",
            f"`{word}` is unknown, {counted(count, 'alert')}: map it in labels.severity",
        )
        for word, count in words.items()
    ]
    return found
