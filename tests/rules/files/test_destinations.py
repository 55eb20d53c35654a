"""`destinations:` are read whole, and one that nobody could be told at is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.durations import MINUTE
from gateway.model.rules.origin import SecretName
from gateway.outbound.mail.destination import Mailbox
from gateway.outbound.pagerduty.destination import PagerDutyService
from gateway.outbound.slack.destination import SlackChannel
from gateway.rules.files import load_rules
from tests.support.rule_files import (
    EVERYTHING,
    book,
    errors_of,
    write,
)


def test_every_destination_key_is_read(tmp_path: Path) -> None:
    found = book(write(tmp_path, a=EVERYTHING)).destinations
    assert found["pay-slack"].via == SlackChannel(
        "#payments", SecretName("PAY_BOT"), mention_on_page=("@payments-oncall",)
    )
    assert found["team-slack"].via == SlackChannel("#{team}-oncall", allow=frozenset({"payments", "search"}))
    assert found["pay-pager"].via == PagerDutyService(SecretName("PAGERDUTY_PAYMENTS_KEY"), "PXXXXXX")
    assert found["mail"].via == Mailbox(("ops@example.org", "dev@example.org"), "alerts@example.org")
    assert (found["pay-pager"].fallback, found["pay-pager"].fallback_after) == (("pay-slack",), 3 * MINUTE)


def test_a_destination_may_have_an_address_and_a_proxy_of_its_own(tmp_path: Path) -> None:
    text = """\
destinations:
  eu: {pagerduty: {routing_key: {env: EU}, region: eu}, proxy: none}
  relay: {pagerduty: {routing_key: {env: K}, events_url: {env: RELAY}}, proxy: {env: PX}}
  written: {pagerduty: {routing_key: {env: K}, events_url: "https://relay.example.org/pd"}}
  gov: {slack: {channel: C1, api_url: "https://slack-gov.com/api/"}}
routes: [{name: all, notify: [gov], page: [eu, relay, written]}]
"""
    found = book(write(tmp_path, a=text)).destinations
    assert {name: (str(one.via.base_url), str(one.proxy)) for name, one in found.items()} == {
        "eu": ("https://events.eu.pagerduty.com", "none"),
        "relay": ("$RELAY", "$PX"),
        "written": ("https://relay.example.org/pd", ""),
        "gov": ("https://slack-gov.com/api/", ""),
    }
    assert found["relay"].credentials == ("K", "RELAY", "PX")


ERRORS = [
    pytest.param(
        "destinations:\n  a: {slack: {channel: '#ops', api_url: 'https://hooks.slack.com/services/T1/B1/sesame'}}\n",
        "2:41: an incoming webhook of Slack is a secret and takes no edits: leave it out, and give the gateway a bot token"
        " (SLACK_BOT_TOKEN)",
        id="an incoming webhook as the Web API",
    ),
    pytest.param(
        "destinations:\n  a: {pagerduty: {routing_key: {env: K}, region: apac}}\n",
        "2:50: `apac` is not possible here: us or eu is needed",
        id="a region that is none",
    ),
    pytest.param(
        "destinations:\n  a: {pagerduty: {routing_key: {env: K}, region: eu, events_url: {env: U}}}\n",
        "2:50: `region` and `events_url` both say where events go: keep one",
        id="a region and an address",
    ),
    pytest.param(
        "destinations:\n  a: {pagerduty: {routing_key: {env: K}, events_url: 'https://gw:pw@relay.example'}}\n",
        "2:54: `https://gw:pw@relay.example` is not possible here: an address such as https://relay.example.org, or"
        " {env: NAME} where a part of it is secret, is needed",
        id="an address with a password",
    ),
    pytest.param(
        "destinations:\n  a: {slack: {channel: C1}, proxy: 'http://proxy:3128'}\n",
        "2:36: `proxy` is `none`, or {env: NAME}, the variable that holds the proxy's address",
        id="the address of a proxy",
    ),
    pytest.param(
        "destinations:\n  a: {email: {to: [ops@example.org], from: alerts@example.org}, proxy: none}\n",
        "2:72: mail goes through no proxy",
        id="a proxy for mail",
    ),
    pytest.param(
        "destinations:\n  a: {webhook: {url: https://audit.example}}\n",
        "2:22: a secret never stands in a rule file: write {env: NAME} and set NAME in the environment",
        id="an address in a rule file",
    ),
    pytest.param(
        "destinations:\n  a: {webhook: {token: {env: T}}}\n",
        "2:16: `url` is missing: {env: AUDIT_URL}, the variable that holds the receiver's address",
        id="a webhook without an address",
    ),
    pytest.param(
        "destinations:\n  a: {webhook: {url: {env: U}}, slack: {channel: C1}}\n",
        "2:6: a destination is one of {slack: …}, {pagerduty: …}, {webhook: …} and {email: …}",
        id="a destination of two kinds",
    ),
    pytest.param(
        'destinations:\n  a: {slack: {channel: "#{team}"}}\n',
        "2:24: a channel from a label needs `allow`, the values that may stand in it",
        id="a channel from a label without allow",
    ),
    pytest.param(
        "destinations:\n  a: {slack: {channel: C1, allow: [x]}}\n",
        "2:35: `allow` is for channels from a label, such as '#{team}-oncall'",
        id="allow without a channel from a label",
    ),
    pytest.param(
        'destinations:\n  a: {slack: {channel: "#{team", allow: [x]}}\n',
        "2:24: `#{team` has a brace that belongs to no {label}",
        id="a brace that is not closed",
    ),
    pytest.param(
        "destinations:\n  a: {email: {to: [ops@example.org, ops.example.org], from: alerts@example.org}}\n",
        "2:37: `ops.example.org` is not possible here: an address such as ops@example.org is needed",
        id="a reader without an address",
    ),
    pytest.param(
        "destinations:\n  a: {email: {to: [ops@example.org], from: 'Alerts <alerts@example.org>'}}\n",
        "2:44: `Alerts <alerts@example.org>` is not possible here: an address such as ops@example.org is needed",
        id="a sender with a name",
    ),
    pytest.param(
        "destinations:\n  a: {email: {to: [], from: alerts@example.org}}\n",
        "2:19: `to` is empty: nobody would read these mails",
        id="mails to nobody",
    ),
    pytest.param(
        "destinations:\n  a: {email: {to: [ops@example.org]}}\n",
        "2:14: `from` is missing: alerts@example.org, the address that the mails come from",
        id="mails from nobody",
    ),
    pytest.param(
        "destinations:\n  a: {email: {to: ops@example.org, from: alerts@example.org}}\n",
        "2:19: a list is needed, not a text: write ['ops@example.org']",
        id="one reader who stands in no list",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == [expected]


def test_a_mention_that_only_slack_can_know_is_a_warning(tmp_path: Path) -> None:
    text = 'destinations:\n  a: {slack: {channel: C1, mention_on_page: ["@oncall", S0123ABCD, "@here", sre@example.org]}}\n'
    text += "routes: [{name: all, notify: [a]}]\n"
    (found,) = load_rules(write(tmp_path, a=text), 0).findings
    assert str(found).startswith(
        f"{tmp_path}/a.yaml:2:45: warning: whether Slack knows `@oncall`, `sre@example.org` only"
    )
    assert "`gateway doctor` can tell" in str(found)
