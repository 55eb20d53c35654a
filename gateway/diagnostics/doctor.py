"""Doctor: does everything that the gateway needs work, looked at from this machine?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import httpx

from gateway.clock import utc_ms
from gateway.config.environment import Environment
from gateway.decisions.intake.normalise import Normaliser
from gateway.errors import StateUnavailable
from gateway.model.notification import Refused, Unanswered
from gateway.model.rules.destination import Destination, SlackChannel, Webhook
from gateway.model.rules.rulebook import LabelRules, Rulebook
from gateway.model.rules.source import Source
from gateway.outbound.alertmanager_api import AlertmanagerPeers
from gateway.outbound.slack.client import SlackCalls
from gateway.outbound.webhook.notifier import check_address
from gateway.outbound.webhook.signing import signing_keys
from gateway.rules.files import load_rules
from gateway.storage.connections import connect
from gateway.storage.server_check import examine

REQUEST_TIME = 5.0
ROUTING_KEY_LENGTH = 32  # https://developer.pagerduty.com/docs/events-api-v2/overview/
ADDRESSES = {"slack": "SLACK_API_URL", "pagerduty": "PAGERDUTY_EVENTS_URL"}  # a webhook's is its credential
REMEDIES = {
    "not_in_channel": "invite the bot to the channel",
    "channel_not_found": "is the channel's name right? a private one is found only by a bot that was invited",
    "is_archived": "an archived channel takes nothing: name another",
    "missing_scope": "give the app the scopes chat:write, channels:history, channels:read and install it again",
}


class Mark(StrEnum):
    GOOD = "ok"
    WORRY = "warn"
    BAD = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    mark: Mark
    what: str
    said: str


async def examine_everything(environment: Environment) -> list[Finding]:
    """In the order in which things are needed."""
    loaded = load_rules(environment.settings.rules, utc_ms())
    found = [Finding(Mark.GOOD, "settings", f"listening on {environment.settings.listen}")]
    found += [Finding(Mark.WORRY, "settings", warning) for warning in environment.warnings]
    found += [Finding(Mark.BAD if one in loaded.errors else Mark.WORRY, "rules", str(one)) for one in loaded.findings]
    if loaded.rulebook is not None:
        found.append(Finding(Mark.GOOD, "rules", f"{loaded.rulebook.contents}, revision {loaded.rulebook.revision}"))
    found += await _store(environment)
    if loaded.rulebook is not None:
        found += await _sources(environment, loaded.rulebook)
        found += await _destinations(environment, loaded.rulebook)
    return [*found, *await _heartbeat(environment), *await _gateway(environment)]


async def _store(environment: Environment) -> list[Finding]:
    url = environment.settings.redis_url
    if url is None:
        return [Finding(Mark.GOOD, "store", f"embedded, in {environment.settings.data_dir.expanduser()}")]
    client = connect(url.get_secret_value(), copies=environment.settings.redis_wait)
    try:
        examined = await examine(client)
    except StateUnavailable as error:
        return [Finding(Mark.BAD, "store", f"{error}; is GATEWAY_REDIS_URL right?")]
    finally:
        await client.aclose()
    return [
        *([Finding(Mark.BAD, "store", examined.unusable)] if examined.unusable else []),
        *(Finding(Mark.GOOD, "store", one) for one in examined.found),
        *(Finding(Mark.WORRY, "store", one) for one in examined.problems),
    ]


async def _sources(environment: Environment, rules: Rulebook) -> list[Finding]:
    """Is each token set, and does each peer answer?"""
    peers, found = AlertmanagerPeers(REQUEST_TIME), list[Finding]()
    try:
        for name, source in rules.listed_sources.items():
            if source.token is not None and environment.secret(source.token.env) is None:
                found.append(Finding(Mark.WORRY, name, f"{source.token.env} is not set: its webhooks are refused"))
            for peer in source.alertmanager:
                found.append(await _peer(environment, peers, source, peer.env))
    finally:
        await peers.aclose()
    return found


async def _peer(environment: Environment, peers: AlertmanagerPeers, source: Source, variable: str) -> Finding:
    url = environment.secret(variable)
    if url is None:
        return Finding(Mark.WORRY, source.name, f"{variable} is not set: this Alertmanager is not asked")
    said = await peers.ask(url, source.receiver, Normaliser(LabelRules(), source))
    if isinstance(said, str):
        return Finding(Mark.BAD, source.name, f"the Alertmanager of {variable}: {said}; is its address right?")
    return Finding(
        Mark.GOOD, source.name, f"the Alertmanager of {variable} has {len(said.alerts)} alerts for {source.receiver}"
    )


async def _destinations(environment: Environment, rules: Rulebook) -> list[Finding]:
    slack = SlackCalls(environment.settings.slack_api_url, REQUEST_TIME, environment.settings.proxy)
    found: list[Finding] = []
    try:
        for name, destination in rules.destinations.items():
            secrets = {one: environment.secret(one) or "" for one in destination.credentials}
            if unset := [one for one, secret in secrets.items() if not secret]:
                found.append(Finding(Mark.WORRY, name, f"{' and '.join(unset)} is not set: its deliveries go to the log"))
            elif isinstance(destination.via, SlackChannel):
                found.append(await _slack(slack, destination, secrets[destination.credential]))
            elif isinstance(destination.via, Webhook):
                found.append(_webhook(name, destination.via, secrets))
            else:
                found.append(_pagerduty(name, destination.credential, secrets[destination.credential]))
    finally:
        await slack.aclose()
    return found


async def _slack(slack: SlackCalls, destination: Destination, secret: str) -> Finding:
    who = await slack.who(secret)
    if isinstance(who, Mapping):
        return Finding(Mark.GOOD, destination.name, f"Slack knows the token: {who.get('user')} in {who.get('team')}")
    return Finding(Mark.BAD, destination.name, f"Slack does not take the token: {trouble(who, destination)}")


def trouble(answer: Refused | Unanswered, destination: Destination) -> str:
    """What the vendor said, and what to do about it."""
    remedy = f"is {ADDRESSES.get(destination.kind, destination.credential)} right, and can it be reached from here?"
    if isinstance(answer, Refused) and answer.reason == "rate_limited":
        remedy = "try again later"
    elif isinstance(answer, Refused) and answer.permanent:
        remedy = REMEDIES.get(answer.detail, f"is {destination.credential} right?")
    return f"{answer.reason} {answer.detail}".strip() + f"; {remedy}"


def _pagerduty(name: str, variable: str, secret: str) -> Finding:
    if len(secret) != ROUTING_KEY_LENGTH:
        return Finding(Mark.WORRY, name, f"{variable} has {len(secret)} characters; a routing key has {ROUTING_KEY_LENGTH}")
    return Finding(Mark.GOOD, name, f"{variable} looks like a routing key; `gateway page-test {name}` shows whether it works")


async def _heartbeat(environment: Environment) -> list[Finding]:
    """Its service is reached, and not told that all is well: only the gateway knows that."""
    url = environment.settings.heartbeat
    if url is None:
        remedy = "nobody hears of it when the gateway is gone; GATEWAY_HEARTBEAT_URL names a service that pages then"
        return [Finding(Mark.WORRY, "heartbeat", remedy)]
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    try:
        async with httpx.AsyncClient(timeout=REQUEST_TIME, trust_env=False, proxy=environment.settings.proxy) as client:
            await client.get(f"{origin}/")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return [Finding(Mark.BAD, "heartbeat", f"{type(error).__name__} at {origin}; is GATEWAY_HEARTBEAT_URL right, and can it be reached from here?")]  # fmt: skip
    return [Finding(Mark.GOOD, "heartbeat", f"{origin} answers; whether the heartbeat arrives, the running gateway says")]


def _webhook(name: str, via: Webhook, secrets: Mapping[str, str]) -> Finding:
    if wrong := check_address(secrets[via.url.env]):
        return Finding(Mark.BAD, name, f"{via.url.env}: {wrong}")
    if via.secret is not None:
        try:
            signing_keys(secrets[via.secret.env])
        except ValueError as error:
            return Finding(Mark.BAD, name, f"{via.secret.env}: {error}")
    return Finding(Mark.GOOD, name, f"{via.url.env} holds an address; `gateway page-test {name}` shows whether it works")


async def _gateway(environment: Environment) -> list[Finding]:
    url = environment.settings.gateway_url.rstrip("/")
    try:
        async with httpx.AsyncClient(timeout=REQUEST_TIME) as client:
            health = (await client.get(f"{url}/health")).json()
    except (httpx.HTTPError, ValueError):
        return [Finding(Mark.WORRY, "gateway", f"none answers at {url}; is GATEWAY_URL right, and does it run?")]
    found = [Finding(Mark.GOOD if health.get("status") == "ok" else Mark.WORRY, "gateway", f"{health.get('status')} at {url}")]
    found += [Finding(Mark.WORRY, "gateway", str(one)) for one in health.get("worries", ())]
    words = health.get("unknown_severities") or {}
    found += [
        Finding(Mark.WORRY, "severity", f"`{word}` is unknown, {count} alerts: map it in labels.severity")
        for word, count in words.items()
    ]
    return found
