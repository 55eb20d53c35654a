"""Settings have defaults, and are checked together."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from gateway.config.environment import Environment
from gateway.config.settings import Settings, impossible


def test_without_any_variable_everything_has_a_default() -> None:
    settings = Environment({}).settings
    assert (settings.host, settings.port, settings.rules) == ("127.0.0.1", 9096, Path("rules"))
    assert settings.redis_url is None


def test_several_tokens_are_listed_with_commas() -> None:
    tokens = Environment({"GATEWAY_WEBHOOK_TOKEN": "one, two,"}).settings.webhook_token
    assert [token.get_secret_value() for token in tokens] == ["one", "two"]


@pytest.mark.parametrize("field", Settings.model_fields.values(), ids=lambda field: str(field.alias))
def test_a_setting_is_a_variable_with_a_description(field: FieldInfo) -> None:
    assert str(field.alias).isupper()
    assert field.description


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [
        ("127.0.0.1:9096", "127.0.0.1", 9096),
        ("[::]:80", "::", 80),
        ("gateway.example:1", "gateway.example", 1),
    ],
)
def test_an_address_to_listen_on_has_a_host_and_a_port(listen: str, host: str, port: int) -> None:
    settings = Settings(GATEWAY_LISTEN=listen)
    assert (settings.host, settings.port, impossible(settings)) == (host, port, [])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"GATEWAY_LISTEN": "localhost"}, "GATEWAY_LISTEN"),
        ({"GATEWAY_LISTEN": ":9096"}, "GATEWAY_LISTEN"),
        ({"GATEWAY_REDIS_WAIT": 1}, "GATEWAY_REDIS_WAIT"),
        ({"GATEWAY_HEARTBEAT_URL": "https:///token"}, "GATEWAY_HEARTBEAT_URL"),
        ({"GATEWAY_VENDOR_PROXY": "socks5://proxy"}, "GATEWAY_VENDOR_PROXY"),
    ],
)
def test_what_cannot_work_names_its_setting(given: dict[str, object], said: str) -> None:
    (problem,) = impossible(Settings(**given))
    assert problem.startswith(f"{said}: ")


def test_a_setting_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="GATEWAY_COLOUR"):
        Settings(GATEWAY_COLOUR="red")


def test_the_text_of_a_variable_that_is_no_setting_is_asked_for_by_mistake() -> None:
    settings = Settings(SLACK_API_URL="http://127.0.0.1:9097/api/")
    assert (settings.value_of("SLACK_API_URL"), settings.value_of("")) == ("http://127.0.0.1:9097/api/", "")
    with pytest.raises(KeyError, match="SLACK_URL"):
        settings.value_of("SLACK_URL")
