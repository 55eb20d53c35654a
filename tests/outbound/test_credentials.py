"""Which destinations and kinds have a credential, by the names that are set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from gateway.model.rules.destination import Destination
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.outbound.credentials import kinds_with_credential, missing_credentials
from gateway.outbound.pagerduty.destination import PagerDutyService
from tests.support.build import mail, slack, webhook

TEAM = Destination("team", BUILT_IN, PagerDutyService(SecretName("TEAM_KEY")))
HOOK = webhook(token=SecretName("HOOK_TOKEN"))


def allowed(name: str, taker: str) -> str:
    return ""


def given(values: Mapping[str, str]) -> Callable[[str, str], str | None]:
    return lambda name, taker: values.get(name)


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        pytest.param((), set(), id="nothing is set"),
        pytest.param(("TEAM_KEY",), {"pagerduty"}, id="a destination's own"),
        pytest.param(
            ("PAGERDUTY_ROUTING_KEY",), {"pagerduty"}, id="the vendor's, though no destination names it"
        ),
        pytest.param(("SLACK_BOT_TOKEN",), {"slack"}, id="the vendor's, without any destination of it"),
        pytest.param(("HOOK_TOKEN",), {"webhook"}, id="one of two that a destination needs"),
        pytest.param(("GATEWAY_SMTP_URL", "TEAM_KEY"), {"email", "pagerduty"}, id="two vendors"),
        pytest.param(("TEAM_KEYS", "PAGERDUTY_API_TOKEN"), set(), id="names that only look alike"),
    ],
)
def test_a_kind_has_a_credential_where_any_of_its_names_is_set(
    names: tuple[str, ...], kinds: set[str]
) -> None:
    assert kinds_with_credential((TEAM, HOOK, mail()), names.__contains__, allowed) == kinds


@pytest.mark.parametrize(
    ("destination", "credential"),
    [
        (slack(api_url=SecretName("GRID_URL")), "SLACK_BOT_TOKEN"),
        (
            Destination(
                "team", BUILT_IN, PagerDutyService(SecretName("TEAM_KEY"), events_url=SecretName("GRID_URL"))
            ),
            "TEAM_KEY",
        ),
    ],
    ids=["a Web API of its own", "a relay of events"],
)
def test_the_address_of_a_vendor_is_no_credential(destination: Destination, credential: str) -> None:
    assert kinds_with_credential([destination], {"GRID_URL"}.__contains__, allowed) == set()
    assert kinds_with_credential([destination], {"GRID_URL", credential}.__contains__, allowed) == {
        destination.kind
    }
    assert missing_credentials({"team": destination}, given({credential: "x"})) == {"team": "GRID_URL"}


def test_a_destination_misses_the_first_of_its_secrets_that_is_not_there() -> None:
    destinations = {one.name: one for one in (TEAM, HOOK, slack())}
    there = {"HOOK_TOKEN": "t", "SLACK_BOT_TOKEN": "x"}
    assert missing_credentials(destinations, given(there)) == {"team": "TEAM_KEY", "hook": "HOOK_URL"}
    assert missing_credentials(destinations, given({**there, "HOOK_URL": "u", "TEAM_KEY": "k"})) == {}


def test_a_kind_whose_destination_names_what_no_rule_may_have_is_used_so_that_it_fails() -> None:
    def refused(name: str, taker: str) -> str:
        return f"not to {taker}" if name == "HOOK_TOKEN" else ""

    assert kinds_with_credential((TEAM, HOOK, mail()), set[str]().__contains__, refused) == {"webhook"}
