"""What counts as a secret, so that no log line shows it, and that every fault of the environment is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.environment import Environment
from gateway.errors import BadSettings


@pytest.mark.parametrize(
    ("variables", "hidden"),
    [
        pytest.param({"GATEWAY_WEBHOOK_TOKEN": "token-one,token-two"}, {"token-one", "token-two"}, id="each of several tokens"),
        pytest.param({"GATEWAY_REDIS_URL": "redis://:open-sesame@host"}, {"open-sesame"}, id="the password in an address"),
        pytest.param(
            {"GATEWAY_REDIS_URL": "redis+sentinel://:open%40sesame@a,b:1/main?sentinel_password=say%20friend"},
            {"open%40sesame", "open@sesame", "say friend"},
            id="each password in an address, as written and as meant",
        ),
        pytest.param({"PAGERDUTY_ROUTING_KEY": "r" * 32}, {"r" * 32}, id="a routing key"),
        pytest.param({"OTHER_PASSWORD": "hunter22"}, {"hunter22"}, id="what is a password by its name"),
    ],
)
def test_it_is_a_secret(variables: dict[str, str], hidden: set[str]) -> None:
    assert hidden <= set(Environment(variables).secrets())


def test_a_setting_that_is_none_is_not_hidden() -> None:
    assert set(Environment({"GATEWAY_PUBLIC_URL": "http://gateway.example", "HOME": "/home/somebody"}).secrets()) == set()


def test_a_text_too_short_to_be_a_secret_is_not_hidden() -> None:
    assert set(Environment({"SOME_TOKEN": "true"}).secrets()) == set()


def test_what_a_rule_file_asks_for_is_a_secret_from_then_on() -> None:
    environment = Environment({"PAY_BOT": "pays-own-bot"})
    secrets = environment.secrets()
    assert "pays-own-bot" not in secrets
    environment.secret("PAY_BOT")
    assert "pays-own-bot" in secrets


def test_an_unreadable_file_of_another_program_stops_nothing_until_it_is_asked_for() -> None:
    environment = Environment({"MAIL_PASSWORD_FILE": "/not/there", "SSL_CERT_FILE": "/not/there"})
    assert set(environment.secrets()) == set()
    with pytest.raises(BadSettings, match="MAIL_PASSWORD_FILE: /not/there cannot be read"):
        environment.secret("MAIL_PASSWORD")


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(BadSettings) as caught:
        Environment(
            {
                "GATEWAY_ADMIN_TOKEN_FILE": "/not/there",
                "SLACK_BOT_TOKEN_FILE": str(tmp_path / "binary"),
                "GATEWAY_PROT": "1",
                "GATEWAY_MAX_BODY": "0",
            }
        )
    said = [line.partition(":")[0] for line in str(caught.value).splitlines()]
    assert sorted(said) == ["GATEWAY_ADMIN_TOKEN_FILE", "GATEWAY_MAX_BODY", "GATEWAY_PROT", "SLACK_BOT_TOKEN_FILE"]
