"""All kinds of destinations: a new one has its line here, and a folder of its own beside this file."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.rules.destination import Destination
from gateway.outbound.kind import DestinationKind
from gateway.outbound.mail.destination import EMAIL
from gateway.outbound.pagerduty.destination import PAGERDUTY
from gateway.outbound.slack.destination import SLACK
from gateway.outbound.webhook.destination import WEBHOOK

DESTINATION_KINDS: Mapping[str, DestinationKind] = {
    kind.name: kind for kind in (SLACK, PAGERDUTY, WEBHOOK, EMAIL)
}
PACES = {name: kind.pace for name, kind in DESTINATION_KINDS.items()}


def kind_of(destination: Destination) -> DestinationKind:
    return DESTINATION_KINDS[destination.kind]
