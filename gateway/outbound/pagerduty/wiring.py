"""How a PagerDuty service is reached and examined. Importing this module imports PagerDuty's client."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.rules.destination import Destination
from gateway.outbound.kind import DestinationCheck, Mark, Wiring
from gateway.outbound.pagerduty.notifier import PagerDutyNotifier

ROUTING_KEY_LENGTH = 32  # https://developer.pagerduty.com/docs/events-api-v2/overview/


def make_notifier(wiring: Wiring) -> PagerDutyNotifier:
    return PagerDutyNotifier(wiring.address, proxy=wiring.proxy)


async def examine(destination: Destination, secrets: Mapping[str, str], wiring: Wiring) -> DestinationCheck:
    """Check the length of the routing key only: whether PagerDuty knows the key shows only once an event is
    sent.
    """
    del wiring
    variable = destination.credential
    length = len(secrets[variable])
    if length != ROUTING_KEY_LENGTH:
        said = f"{variable} has {length} characters; a routing key has {ROUTING_KEY_LENGTH}"
        return DestinationCheck(Mark.WORRY, said)
    page_test = f"`gateway page-test {destination.name}` shows whether it works"
    return DestinationCheck(Mark.GOOD, f"{variable} looks like a routing key; {page_test}")
