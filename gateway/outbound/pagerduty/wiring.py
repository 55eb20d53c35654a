"""How a PagerDuty service is reached and examined. Importing this module imports PagerDuty's client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from gateway.model.notification import Notification, Refused, Unanswered
from gateway.model.rules.destination import Destination
from gateway.model.rules.origin import SecretName
from gateway.outbound.http_trouble import judge_break
from gateway.outbound.kind import EXAMINE_SECONDS, REMEDIES, DestinationCheck, Mark, Wiring
from gateway.outbound.pagerduty import event
from gateway.outbound.pagerduty.destination import PAGERDUTY, REGIONS, routing_keys
from gateway.outbound.pagerduty.notifier import PagerDutyNotifier
from gateway.outbound.reach import why_not_reached

_WHICH = "new pages go by the first, what is open goes on by the key that opened it"
_HOW = "write one key, or new,old while it rotates"
ROUTING_KEY_LENGTH = 32  # https://developer.pagerduty.com/docs/events-api-v2/overview/


def make_notifier(wiring: Wiring) -> PagerDutyNotifier:
    return PagerDutyNotifier(wiring.address, network=wiring.network)


def render(notification: Notification) -> dict[str, Any]:
    return event.render(notification)


async def examine(destination: Destination, secrets: Mapping[str, str], wiring: Wiring) -> DestinationCheck:
    """Find out whether PagerDuty answers, and look at the keys' lengths alone: PagerDuty takes every key that
    looks like one, and only an event would tell more.
    """
    way = wiring.way(destination)
    if isinstance(way, Refused):
        return DestinationCheck(Mark.BAD, way.detail)
    if error := await why_not_reached(wiring.network, way, EXAMINE_SECONDS):
        trouble = judge_break(error, to_proxy=way.proxy is not None)
        return DestinationCheck(Mark.BAD, _not_reached(trouble, destination, wiring))
    variable = destination.credential
    if wrong := _wrong_with(secrets[variable]):
        return DestinationCheck(Mark.WORRY, f"{variable} {wrong}")
    keys = len(routing_keys(secrets[variable]))
    looks = f"looks like {keys} routing keys, new,old: {_WHICH}" if keys > 1 else "looks like a routing key"
    page_test = f"`gateway page-test {destination.name}` shows whether it works"
    return DestinationCheck(Mark.GOOD, f"PagerDuty answers, and {variable} {looks}; {page_test}")


def _not_reached(trouble: Refused | Unanswered, destination: Destination, wiring: Wiring) -> str:
    """Say who was not reached and what to do about it. An address that somebody gave may be secret."""
    if given := _where_address_is_given(destination, wiring):
        who, remedy = (
            f"PagerDuty was not reached at the address in {given}",
            "is it right, and can it be reached from here?",
        )
    else:
        host = urlsplit(str(destination.via.base_url) or wiring.address).hostname
        who = f"PagerDuty's events API at {host} was not reached"
        remedy = "can it be reached from here, or by a proxy alone (GATEWAY_VENDOR_PROXY)?"
    why = ": ".join(said for said in (trouble.reason, trouble.detail) if said)
    return f"{who}: {why}; {REMEDIES.get(trouble.reason, remedy)}"


def _where_address_is_given(destination: Destination, wiring: Wiring) -> str:
    """Return the variable, or the rule's key, that holds the address; empty where it is PagerDuty's own."""
    own = destination.via.base_url
    if isinstance(own, SecretName):
        return own.env
    if own:
        return "" if own in REGIONS.values() else "`events_url`"
    return "" if wiring.address == REGIONS["us"] else PAGERDUTY.address_setting


def _wrong_with(secret: str) -> str:
    """Say what is wrong with a routing key, or with those of `new,old`; empty where nothing is."""
    parts = [part.strip() for part in secret.split(",")]
    if not all(parts):
        # A key was forgotten, or a comma was left over: nobody but its owner can know which.
        return f"has a comma with no key before or after it: {_HOW}"
    if len(set(parts)) < len(parts):
        return f"has the same key twice: {_HOW}"
    odd = [place for place, part in enumerate(parts, 1) if len(part) != ROUTING_KEY_LENGTH]
    if not odd:
        return ""
    which = f"as key {odd[0]} of {len(parts)} " if len(parts) > 1 else ""
    return (
        f"has {len(parts[odd[0] - 1])} characters {which}".rstrip()
        + f"; a routing key has {ROUTING_KEY_LENGTH}"
    )
