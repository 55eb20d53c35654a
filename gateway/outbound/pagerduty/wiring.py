"""How a PagerDuty service is reached and examined. Importing this module imports PagerDuty's client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.model.notification import Notification
from gateway.model.rules.destination import Destination
from gateway.outbound.kind import DestinationCheck, Mark, Wiring
from gateway.outbound.pagerduty import event
from gateway.outbound.pagerduty.destination import routing_keys
from gateway.outbound.pagerduty.notifier import PagerDutyNotifier

_WHICH = "new pages go by the first, what is open goes on by the key that opened it"
_HOW = "write one key, or new,old while it rotates"
ROUTING_KEY_LENGTH = 32  # https://developer.pagerduty.com/docs/events-api-v2/overview/


def make_notifier(wiring: Wiring) -> PagerDutyNotifier:
    return PagerDutyNotifier(wiring.address, network=wiring.network)


def render(notification: Notification) -> dict[str, Any]:
    return event.render(notification)


async def examine(destination: Destination, secrets: Mapping[str, str], wiring: Wiring) -> DestinationCheck:
    """Look at the keys' lengths alone: PagerDuty takes every key that looks like one, and only an event would
    tell more.
    """
    del wiring
    variable = destination.credential
    if wrong := _wrong_with(secrets[variable]):
        return DestinationCheck(Mark.WORRY, f"{variable} {wrong}")
    keys = len(routing_keys(secrets[variable]))
    looks = f"looks like {keys} routing keys, new,old: {_WHICH}" if keys > 1 else "looks like a routing key"
    page_test = f"`gateway page-test {destination.name}` shows whether it works"
    return DestinationCheck(Mark.GOOD, f"{variable} {looks}; {page_test}")


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
