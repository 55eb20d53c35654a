"""How a receiver of webhooks is reached and examined. Importing this module imports the client of HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.notification import Notification
from gateway.model.rules.destination import Destination
from gateway.outbound.kind import DestinationCheck, Mark, Wiring
from gateway.outbound.webhook import body
from gateway.outbound.webhook.notifier import WebhookNotifier, check_address
from gateway.outbound.webhook.signing import signing_keys


def make_notifier(wiring: Wiring) -> WebhookNotifier:
    return WebhookNotifier(wiring.network)


def render(notification: Notification) -> bytes:
    return body.render(notification)


async def examine(destination: Destination, secrets: Mapping[str, str], wiring: Wiring) -> DestinationCheck:
    """Read the address and the key of signatures; nothing is sent, as a receiver cannot be asked without."""
    del wiring
    variable, (_, key) = destination.credential, destination.via.further_secrets
    if wrong := check_address(secrets[variable]):
        return DestinationCheck(Mark.BAD, f"{variable}: {wrong}")
    if key:
        try:
            signing_keys(secrets[key])
        except ValueError as error:
            return DestinationCheck(Mark.BAD, f"{key}: {error}")
    page_test = f"`gateway page-test {destination.name}` shows whether it works"
    return DestinationCheck(Mark.GOOD, f"{variable} holds an address; {page_test}")
