"""Which secrets a rule may hand to whom, by their names alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.environment import Environment
from gateway.config.rule_secrets import why_refused
from gateway.errors import BadSettings
from gateway.model.rules.origin import SOURCE

TAKERS = ("slack", "pagerduty", "webhook", "email", SOURCE)


def takers_of(name: str, **more: str) -> set[str]:
    environment = Environment({name: "a-value-of-ours", **more})
    return {taker for taker in TAKERS if environment.rule_secret(name, taker) is not None}


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN_EU", "SLACK_USER_TOKEN"])
def test_a_secret_of_slack_goes_to_slack_alone(name: str) -> None:
    assert takers_of(name) == {"slack"}


@pytest.mark.parametrize(
    "name", ["PAGERDUTY_ROUTING_KEY", "PAGERDUTY_TOKEN_OF_A_RELAY", "PAGERDUTY_KEY_OF_PAYMENTS"]
)
def test_a_secret_of_pagerduty_goes_to_pagerduty_alone(name: str) -> None:
    assert takers_of(name) == {"pagerduty"}


@pytest.mark.parametrize(
    "name", ["PAGERDUTY_API_TOKEN", "PAGERDUTY_WEBHOOK_SECRET", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN"]
)
def test_what_the_gateway_alone_needs_of_a_vendor_goes_to_no_rule(name: str) -> None:
    assert takers_of(name) == takers_of(name, GATEWAY_RULE_SECRETS=name) == set()


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SESSION_TOKEN",
        "AZURE_CLIENT_SECRET",
        "ELASTIC_APM_SECRET_TOKEN",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "KUBERNETES_SERVICE_HOST",
        "VAULT_TOKEN",
        "REDIS_URL",
        "REDISCLI_AUTH",
        "SSH_AUTH_SOCK",
        "aws_session_token",
    ],
)
def test_what_a_platform_gives_to_a_process_goes_to_no_rule_unless_it_is_listed_by_its_exact_name(
    name: str,
) -> None:
    assert takers_of(name) == set()
    assert takers_of(name, GATEWAY_RULE_SECRETS=f"{name}_2, {name.swapcase()}") == set()
    assert takers_of(name, GATEWAY_RULE_SECRETS=f"OTHER, {name}") == set(TAKERS)


@pytest.mark.parametrize("name", ["GATEWAY_ADMIN_TOKEN", "GATEWAY_WEBHOOK_TOKEN", "gateway_own"])
def test_no_list_gives_a_setting_of_the_gateways_own_away_and_one_that_tries_is_said(name: str) -> None:
    environment = Environment({name: "a-value-of-ours", "GATEWAY_RULE_SECRETS": f"{name},TEAM_HOOK"})
    assert [environment.rule_secret(name, taker) for taker in TAKERS] == [None] * len(TAKERS)
    assert any(f"{name} is for the gateway itself" in said for said in environment.warnings)


@pytest.mark.parametrize(
    "name", ["TEAM_HOOK", "MY_AWS_TOKEN", "SLACKER_TOKEN", "DATABASE_PASSWORD", "REDDISH"]
)
def test_every_other_secret_goes_to_whom_a_rule_names_it_for(name: str) -> None:
    assert takers_of(name) == set(TAKERS)


def test_with_a_list_nothing_else_is_taken() -> None:
    listed = {"GATEWAY_RULE_SECRETS": "TEAM_HOOK, PAGERDUTY_ROUTING_KEY"}
    assert takers_of("TEAM_HOOK", **listed) == set(TAKERS)
    assert takers_of("PAGERDUTY_ROUTING_KEY", **listed) == {"pagerduty"}
    assert takers_of("OTHER_HOOK", **listed) == set()
    assert takers_of("PAGERDUTY_KEY_OF_PAYMENTS", **listed) == set()
    assert takers_of("SLACK_BOT_TOKEN_EU", **listed) == set()


def test_what_a_destination_has_without_a_rules_word_needs_no_place_in_the_list() -> None:
    assert takers_of("SLACK_BOT_TOKEN", GATEWAY_RULE_SECRETS="TEAM_HOOK") == {"slack"}
    mail = Environment({"GATEWAY_SMTP_URL": "smtp://mail.example:25", "GATEWAY_RULE_SECRETS": "TEAM_HOOK"})
    assert mail.rule_secret("GATEWAY_SMTP_URL", "email") == "smtp://mail.example:25"
    assert mail.rule_secret("GATEWAY_SMTP_URL", "webhook") is None


def test_a_list_gives_no_vendors_secret_to_another() -> None:
    assert takers_of("SLACK_BOT_TOKEN", GATEWAY_RULE_SECRETS="SLACK_BOT_TOKEN") == {"slack"}


def test_a_secret_in_a_file_is_kept_as_one_in_a_variable_is(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("a-value-of-ours")
    environment = Environment({"AWS_SECRET_ACCESS_KEY_FILE": str(path), "SLACK_BOT_TOKEN_FILE": str(path)})
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_ACCESS_KEY_FILE",
        "SLACK_BOT_TOKEN",
        "SLACK_BOT_TOKEN_FILE",
    ):
        assert environment.rule_secret(name, "webhook") is None
        assert environment.rule_secret(name, SOURCE) is None
    assert environment.rule_secret("SLACK_BOT_TOKEN", "slack") == "a-value-of-ours"


def test_a_list_may_stand_in_a_file_and_has_a_name_at_least(tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_text("AWS_HOOK\n")
    environment = Environment({"AWS_HOOK": "https://hook.example", "GATEWAY_RULE_SECRETS_FILE": str(path)})
    assert environment.rule_secret("AWS_HOOK", "webhook") == "https://hook.example"
    with pytest.raises(BadSettings, match="GATEWAY_RULE_SECRETS: it holds commas and no name"):
        Environment({"GATEWAY_RULE_SECRETS": " , "})


@pytest.mark.parametrize(
    ("name", "taker", "listed", "said"),
    [
        ("GATEWAY_REDIS_URL", "webhook", None, "a setting of the gateway's own"),
        ("SLACK_BOT_TOKEN", "webhook", None, "for slack destinations alone"),
        ("VAULT_TOKEN", SOURCE, None, "GATEWAY_RULE_SECRETS would have to list it"),
        ("TEAM_HOOK", "webhook", ("OTHER",), "not among the names in GATEWAY_RULE_SECRETS"),
    ],
)
def test_each_refusal_names_the_secret_and_what_would_have_to_be_done(
    name: str, taker: str, listed: tuple[str, ...] | None, said: str
) -> None:
    why = why_refused(name, taker, (), listed)
    assert why.startswith(name)
    assert said in why
    assert Environment({}).why_missing("AWS_KEY", "webhook").startswith("AWS_KEY is kept from rules")
