"""Settings: from a mapping, strict, with secrets from files and none of them shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.environment import Environment
from gateway.errors import BadSettings


def test_without_any_variable_everything_has_a_default() -> None:
    settings = Environment({}).settings
    assert (settings.host, settings.port, settings.rules) == ("127.0.0.1", 9096, Path("rules"))
    assert settings.redis_url is None


def test_several_tokens_are_listed_with_commas() -> None:
    tokens = Environment({"GATEWAY_WEBHOOK_TOKEN": "one, two,"}).settings.webhook_token
    assert [token.get_secret_value() for token in tokens] == ["one", "two"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        pytest.param({"GATEWAY_LISTN": "x"}, "GATEWAY_LISTN: there is no such setting; did you mean GATEWAY_LISTEN?", id="a wrong name"),
        pytest.param({"GATEWAY_LISTEN": "0.0.0.0:9096"}, "set GATEWAY_WEBHOOK_TOKEN and GATEWAY_ADMIN_TOKEN", id="open to others without tokens"),
        pytest.param({"GATEWAY_LISTEN": "[::]:9096", "GATEWAY_WEBHOOK_TOKEN": "x"}, "set GATEWAY_ADMIN_TOKEN", id="one token is not enough"),
        pytest.param({"GATEWAY_REDIS_WAIT": "1"}, "GATEWAY_REDIS_WAIT: the embedded store has no replicas", id="replicas of the embedded store"),
        pytest.param({"GATEWAY_REDIS_WAIT": "-1"}, "GATEWAY_REDIS_WAIT: ", id="fewer replicas than none"),
        pytest.param({"GATEWAY_LISTEN": "9096"}, "an address with a port is needed", id="no address"),
        pytest.param({"GATEWAY_LISTEN": "localhost:99999"}, "an address with a port is needed", id="no such port"),
        pytest.param({"GATEWAY_MAX_BODY": "huge"}, "GATEWAY_MAX_BODY: ", id="a number that is none"),
        pytest.param({"GATEWAY_LOG": "xml"}, "GATEWAY_LOG: ", id="a word that is none of the known"),
        pytest.param({"SLACK_API_URL": "slack.com"}, "SLACK_API_URL: ", id="an address that is none"),
        pytest.param({"GATEWAY_VENDOR_PROXY": "proxy:3128"}, "GATEWAY_VENDOR_PROXY: an address such as http://proxy:3128", id="a proxy without http"),
        pytest.param({"GATEWAY_WEBHOOK_TOKEN": " , "}, "GATEWAY_WEBHOOK_TOKEN: Value error, it is set and holds no token", id="a list of no tokens"),
        pytest.param({"GATEWAY_ADMIN_TOKEN_FILE": "/dev/null"}, "GATEWAY_ADMIN_TOKEN_FILE: /dev/null is empty", id="an empty file"),
        pytest.param({"GATEWAY_ADMIN_TOKEN_FILE": "/not/there"}, "GATEWAY_ADMIN_TOKEN_FILE: /not/there cannot be read", id="a file that is not there"),
    ],
)  # fmt: skip
def test_what_is_impossible_is_named_with_the_remedy(variables: dict[str, str], said: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Environment(variables).demand_tokens()
    assert said in str(caught.value)


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "localhost:1", "[::1]:1", "127.9.9.9:1"])
def test_on_this_machine_alone_no_token_is_needed(listen: str) -> None:
    Environment({"GATEWAY_LISTEN": listen}).demand_tokens()


def test_looking_at_rules_needs_no_token() -> None:
    """In an image that listens on all addresses, `gateway check` runs without any."""
    assert Environment({"GATEWAY_LISTEN": "0.0.0.0:9096"}).settings.port == 9096


def test_a_secret_comes_from_a_file_and_others_by_name(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("from-a-file\n")
    environment = Environment({"SLACK_BOT_TOKEN_FILE": str(tmp_path / "t"), "PAY_BOT": "xoxb-pay-secret", "EMPTY": ""})
    assert environment.settings.slack_bot_token is not None
    assert environment.secret("SLACK_BOT_TOKEN") == "from-a-file"
    assert environment.secret("PAY_BOT") == "xoxb-pay-secret"
    assert environment.secret("EMPTY") is None
    assert environment.secret("NOBODY") is None


def test_no_secret_is_shown_in_an_error_or_a_representation() -> None:
    variables = {"GATEWAY_ADMIN_TOKEN": "very-secret", "GATEWAY_REDIS_URL": "redis://:very-secret@host"}
    assert "very-secret" not in repr(Environment(variables).settings)
    with pytest.raises(BadSettings) as caught:
        Environment({**variables, "GATEWAY_MAX_BODY": "very-secret"})
    assert "very-secret" not in str(caught.value)


def test_what_kubernetes_puts_into_the_environment_is_nobodys_setting() -> None:
    links = {
        "GATEWAY_PORT": "tcp://10.0.0.1:9096",
        "GATEWAY_SERVICE_HOST": "10.0.0.1",
        "GATEWAY_PORT_9096_TCP_ADDR": "10.0.0.1",
    }
    assert Environment(links).settings.port == 9096


def test_sources_with_tokens_of_their_own_need_no_shared_one() -> None:
    environment = Environment({"GATEWAY_LISTEN": "0.0.0.0:9096", "GATEWAY_ADMIN_TOKEN": "admin"})
    environment.demand_tokens(sources_have_them=True)
    with pytest.raises(BadSettings, match=r"set GATEWAY_WEBHOOK_TOKEN$"):
        environment.demand_tokens()
    with pytest.raises(BadSettings, match=r"set GATEWAY_ADMIN_TOKEN$"):
        Environment({"GATEWAY_LISTEN": "0.0.0.0:9096"}).demand_tokens(sources_have_them=True)


def test_an_address_that_a_rule_names_hides_its_password_as_written_and_as_meant() -> None:
    environment = Environment({"AM_A": "https://gw:pass%40word@am.example:9093"})
    environment.secret("AM_A")
    assert {"pass%40word", "pass@word"} <= set(environment.secrets())


def test_the_old_name_of_a_setting_works_and_says_so() -> None:
    environment = Environment({"GATEWAY_SLOTS": "4"})
    assert environment.settings.shards == 4
    assert environment.warnings == ("GATEWAY_SLOTS is the old name of GATEWAY_SHARDS: rename it",)


def test_the_old_name_of_a_setting_may_name_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "shards").write_text("4\n", "utf-8")
    environment = Environment({"GATEWAY_SLOTS_FILE": str(tmp_path / "shards")})
    assert environment.settings.shards == 4
    assert environment.warnings == ("GATEWAY_SLOTS_FILE is the old name of GATEWAY_SHARDS_FILE: rename it",)


def test_both_names_of_a_setting_set_alike_are_a_warning() -> None:
    environment = Environment({"GATEWAY_SLOTS": "4", "GATEWAY_SHARDS": "4"})
    assert environment.settings.shards == 4
    assert environment.warnings == ("GATEWAY_SLOTS and GATEWAY_SHARDS are both set, to the same: remove GATEWAY_SLOTS",)


@pytest.mark.parametrize("new", ["GATEWAY_SHARDS", "GATEWAY_SHARDS_FILE"])
def test_both_names_of_a_setting_set_differently_are_refused_and_both_are_named(new: str) -> None:
    with pytest.raises(BadSettings, match=f"GATEWAY_SLOTS and {new} are both set, differently"):
        Environment({"GATEWAY_SLOTS": "4", new: "8"})


def test_the_new_name_of_a_setting_says_nothing() -> None:
    assert Environment({"GATEWAY_SHARDS": "4"}).warnings == ()
