"""Settings have defaults, and are checked together."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from gateway.config.environment import Environment
from gateway.config.possible import impossible
from gateway.config.settings import Settings
from gateway.errors import BadSettings
from gateway.model.durations import DAY, MINUTE


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
    assert (settings.host, settings.port) == (host, port)
    assert not impossible(settings)


@pytest.mark.parametrize(
    "url", ["docs", "ftp://git.example.org/docs", "https://git.example.org/docs#settings"]
)
def test_the_docs_have_an_address_that_leads_to_a_folder(url: str) -> None:
    with pytest.raises(BadSettings, match="GATEWAY_DOCS_URL: an address such as"):
        Environment({"GATEWAY_DOCS_URL": url})


def test_a_setting_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="GATEWAY_COLOUR"):
        Settings(GATEWAY_COLOUR="red")


def test_the_text_of_a_variable_that_is_no_setting_is_asked_for_by_mistake() -> None:
    settings = Settings(SLACK_API_URL="http://127.0.0.1:9097/api/")
    assert (settings.value_of("SLACK_API_URL"), settings.value_of("")) == ("http://127.0.0.1:9097/api/", "")
    with pytest.raises(KeyError, match="SLACK_URL"):
        settings.value_of("SLACK_URL")


@pytest.mark.parametrize(("given", "kept"), [("5m", 5 * MINUTE), ("30d", 30 * DAY), ("1m", MINUTE)])
def test_how_long_what_has_ended_is_kept_is_written_as_in_rules(given: str, kept: int) -> None:
    assert Environment({"GATEWAY_KEEP_ENDED": given}).settings.keep_ended == kept


def test_what_has_ended_is_kept_for_a_week_unless_set() -> None:
    assert Environment({}).settings.keep_ended == 7 * DAY


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("59s", "what has ended is kept for 1m at least and 366d at most"),
        ("367d", "`367d` is longer than a year"),
        ("7", "`7` is no duration: write it like 90s, 15m, 2h30m or 7d"),
    ],
)
def test_a_time_to_keep_that_cannot_be_says_what_can(given: str, said: str) -> None:
    with pytest.raises(BadSettings) as refused:
        Environment({"GATEWAY_KEEP_ENDED": given})
    assert str(refused.value) == f"GATEWAY_KEEP_ENDED: {said}"
