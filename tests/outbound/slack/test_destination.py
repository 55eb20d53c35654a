"""A Slack channel as a destination: its template, its place, and whose pace it shares."""

from __future__ import annotations

from gateway.model.rules.origin import SecretName
from gateway.outbound.slack.destination import SLACK, SlackChannel

TEMPLATE = SlackChannel("#{team}-oncall", allow=frozenset({"search", "pay"}))


def test_a_template_stands_for_every_channel_that_it_may_name() -> None:
    assert TEMPLATE.addresses == ("#pay-oncall", "#search-oncall")
    assert (TEMPLATE.template, TEMPLATE.allowed_values) == ("#{team}-oncall", {"search", "pay"})


def test_a_channel_that_is_named_is_no_template() -> None:
    named = SlackChannel("C1")
    assert (named.address, named.addresses, named.template) == ("C1", (), "")


def test_the_same_channel_by_another_token_is_another_place() -> None:
    assert SlackChannel("C1").place == SlackChannel("C1", mention_on_page=("@here",)).place
    assert SlackChannel("C1").place != SlackChannel("C1", token=SecretName("OTHER")).place


def test_slack_limits_each_channel_by_itself() -> None:
    assert SlackChannel("C1").rate_limit_place == "C1"
    assert TEMPLATE.rate_limit_place == "", "the channel that the template gives follows behind"


def test_another_token_is_the_same_place() -> None:
    assert SLACK.place_in_secret("xoxb-1") is None
