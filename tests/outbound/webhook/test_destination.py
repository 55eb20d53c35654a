"""A receiver of webhooks as a destination: its secrets, and that it may be sent the audit trail."""

from __future__ import annotations

from gateway.model.rules.origin import SecretName
from gateway.outbound.webhook.destination import Webhook

URL, TOKEN, KEY = SecretName("URL"), SecretName("TOKEN"), SecretName("KEY")


def test_its_secrets_are_those_that_its_rule_names_the_address_first() -> None:
    assert Webhook(URL).credentials == ("URL",)
    assert Webhook(URL, TOKEN, KEY).credentials == ("URL", "TOKEN", "KEY")


def test_what_it_is_shown_and_signed_with_is_kept_for_its_end() -> None:
    assert Webhook(URL).further_secrets == ("", "")
    assert Webhook(URL, secret=KEY).further_secrets == ("", "KEY")
    assert Webhook(URL, TOKEN, KEY).further_secrets == ("TOKEN", "KEY")


def test_it_takes_the_audit_trail() -> None:
    assert Webhook.takes_audit
