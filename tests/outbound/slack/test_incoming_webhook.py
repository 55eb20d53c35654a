"""The addresses of incoming webhooks are told from those of a Web API."""

from __future__ import annotations

import pytest

from gateway.outbound.slack.incoming_webhook import is_incoming_webhook


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.slack.com/services/T0A/B0B/c",
        "https://hooks.slack.com/workflows/T0A/A1/2/c",
        "https://HOOKS.slack-gov.com/services/T0A/B0B/c",
        "https://relay.example.org/services/T0A/B0B/c",
    ],
)
def test_an_incoming_webhook_is_known_also_behind_a_relay(address: str) -> None:
    assert is_incoming_webhook(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://slack.com/api/",
        "https://slack-gov.com/api/",
        "https://relay.example.org/services/slack/",
        "xoxb-1",
    ],
)
def test_a_web_api_and_a_token_are_none(address: str) -> None:
    assert not is_incoming_webhook(address)
