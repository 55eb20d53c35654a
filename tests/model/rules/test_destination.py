"""A destination knows what it is called, and which secrets it needs."""

from __future__ import annotations

import pytest

from gateway.model.rules.destination import Destination
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.outbound.pagerduty.destination import PagerDutyService
from tests.support.build import pager, slack, webhook

SERVICE = Destination("pager", BUILT_IN, PagerDutyService(SecretName("PAGERDUTY_ROUTING_KEY"), "PXXXXXX"))


@pytest.mark.parametrize(
    ("destination", "kind", "address", "credentials"),
    [
        pytest.param(slack(channel="#pay"), "slack", "#pay", ("SLACK_BOT_TOKEN",), id="a channel is called by its name"),
        pytest.param(
            slack(token=SecretName("PAY_BOT")), "slack", "C1", ("PAY_BOT",), id="a channel may be told by another bot"
        ),
        pytest.param(SERVICE, "pagerduty", "PXXXXXX", ("PAGERDUTY_ROUTING_KEY",), id="a service is called by its id"),
        pytest.param(pager(), "pagerduty", "pager", ("PAGERDUTY_ROUTING_KEY",), id="a service without one by our name"),
        pytest.param(webhook(), "webhook", "hook", ("HOOK_URL",), id="a receiver's address is a secret: our name is shown"),
        pytest.param(
            webhook(token=SecretName("T"), secret=SecretName("S")), "webhook", "hook", ("HOOK_URL", "T", "S"),
            id="a receiver may need three secrets",
        ),
    ],
)  # fmt: skip
def test_what_a_destination_is_called_and_needs(
    destination: Destination, kind: str, address: str, credentials: tuple[str, ...]
) -> None:
    assert (destination.kind, destination.address, destination.credentials) == (kind, address, credentials)
    assert destination.credential == credentials[0], "the secret by which it is the place that it is"
