"""The environment is read strictly: every fault is told at once, and what counts as a secret is in no log
line.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.environment import Environment
from gateway.errors import BadSettings
from gateway.model.rules.origin import SOURCE


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        pytest.param({"GATEWAY_LISTN": "x"}, "GATEWAY_LISTN: there is no such setting; did you mean GATEWAY_LISTEN?", id="a wrong name"),
        pytest.param({"GATEWAY_SLOTZ": "4"}, "GATEWAY_SLOTZ: there is no such setting; did you mean GATEWAY_SHARDS?", id="an old name, misspelt"),
        pytest.param({"GATEWAY_SLACK_BOT_TOKEN": "x"}, "GATEWAY_SLACK_BOT_TOKEN: there is no such setting; did you mean SLACK_BOT_TOKEN?", id="a prefix that is not part of the name"),
        pytest.param({"PAGERDUTY_FROM": "a@b.example"}, "PAGERDUTY_FROM: notes are written by PAGERDUTY_API_TOKEN", id="notes without a token"),
        pytest.param({"GATEWAY_REDIS_WAIT": "1"}, "GATEWAY_REDIS_WAIT: the embedded store has no replicas", id="replicas of the embedded store"),
        pytest.param({"GATEWAY_REDIS_WAIT": "-1"}, "GATEWAY_REDIS_WAIT: ", id="fewer replicas than none"),
        pytest.param({"GATEWAY_LISTEN": "9096"}, "an address with a port is needed", id="no address"),
        pytest.param({"GATEWAY_LISTEN": "localhost:99999"}, "an address with a port is needed", id="no such port"),
        pytest.param({"GATEWAY_MAX_BODY": "huge"}, "GATEWAY_MAX_BODY: ", id="a number that is none"),
        pytest.param({"GATEWAY_LOG": "xml"}, "GATEWAY_LOG: ", id="a word that is none of the known"),
        pytest.param({"SLACK_API_URL": "slack.com"}, "SLACK_API_URL: an address such as https://example.org is needed", id="an address that is none"),
        pytest.param({"GATEWAY_VENDOR_PROXY": "proxy:3128"}, "GATEWAY_VENDOR_PROXY: an address such as http://proxy:3128", id="a proxy without http"),
        pytest.param(
            {"GATEWAY_ALLOWED_HOSTS": "gw.example.org:9096,[fd00::1],*"},
            "GATEWAY_ALLOWED_HOSTS: `*` is no name or address, such as gateway.example.org or [fd00::1]:9096",
            id="a pattern in place of a host",
        ),
        pytest.param({"GATEWAY_NO_PROXY": "corp,10.0.0.0/99"}, "GATEWAY_NO_PROXY: `10.0.0.0/99` is no name, no address and no network such as 10.0.0.0/8", id="a network that is none"),
        pytest.param({"GATEWAY_CA_FILE": "/not/there"}, "GATEWAY_CA_FILE: /not/there cannot be read", id="authorities that are not there"),
        pytest.param({"GATEWAY_CA_FILE": "/dev/null"}, "GATEWAY_CA_FILE: /dev/null holds no certificate", id="authorities that are none"),
        pytest.param({"GATEWAY_CA": "/ca.pem"}, "GATEWAY_CA: there is no such setting; did you mean GATEWAY_CA_FILE?", id="half a name"),
        pytest.param({"GATEWAY_WEBHOOK_TOKEN": " , ,"}, "GATEWAY_WEBHOOK_TOKEN: it holds commas and no token: give it one, or remove it", id="a list of no tokens"),
        pytest.param({"SLACK_BOT_TOKEN": "xoxb-…"}, "SLACK_BOT_TOKEN holds a placeholder: put the real value in its place", id="a token of the documentation"),
        pytest.param({"PAGERDUTY_ROUTING_KEY": "<your key>"}, "PAGERDUTY_ROUTING_KEY holds a placeholder", id="a key in angle brackets"),
        pytest.param({"GATEWAY_WEBHOOK_TOKEN": "first,abc..."}, "GATEWAY_WEBHOOK_TOKEN holds a placeholder", id="the second of two tokens is left out"),
        pytest.param({"SLACK_API_URL": "https://hooks.slack.com/services/T1/B1/xyzzy"}, "SLACK_API_URL: an incoming webhook of Slack is a secret and takes no edits", id="an incoming webhook as the Web API"),
        pytest.param({"SLACK_BOT_TOKEN": "https://hooks.slack-gov.com/services/T1/B1/xyzzy"}, "SLACK_BOT_TOKEN: an incoming webhook", id="an incoming webhook as a token"),
        pytest.param({"GATEWAY_ADMIN_TOKEN_FILE": "/dev/null"}, "GATEWAY_ADMIN_TOKEN_FILE: /dev/null is empty", id="an empty file"),
        pytest.param({"GATEWAY_ADMIN_TOKEN_FILE": "/not/there"}, "GATEWAY_ADMIN_TOKEN_FILE: /not/there cannot be read: there is no such file", id="a file that is not there"),
    ],
)  # fmt: skip
def test_what_is_impossible_is_named_with_the_remedy(variables: dict[str, str], said: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Environment(variables)
    assert said in str(caught.value)


def test_a_name_that_is_like_no_other_gets_no_guess() -> None:
    with pytest.raises(BadSettings) as caught:
        Environment({"GATEWAY_COLOUR": "x"})
    assert str(caught.value) == "GATEWAY_COLOUR: there is no such setting"


def test_looking_at_rules_needs_no_token() -> None:
    """In an image that listens on all addresses, `gateway check` runs without any."""
    assert Environment({"GATEWAY_LISTEN": "0.0.0.0:9096"}).settings.port == 9096


def test_a_secret_comes_from_a_file_and_others_by_name(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("from-a-file\n")
    environment = Environment(
        {"SLACK_BOT_TOKEN_FILE": str(tmp_path / "t"), "PAY_BOT": "xoxb-pay-secret", "EMPTY": ""}
    )
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
    assert environment.warnings == (
        "GATEWAY_SLOTS and GATEWAY_SHARDS are both set, to the same: remove GATEWAY_SLOTS",
    )


@pytest.mark.parametrize("new", ["GATEWAY_SHARDS", "GATEWAY_SHARDS_FILE"])
def test_both_names_of_a_setting_set_differently_are_refused_and_both_are_named(new: str) -> None:
    with pytest.raises(BadSettings, match=f"GATEWAY_SLOTS and {new} are both set, differently"):
        Environment({"GATEWAY_SLOTS": "4", new: "8"})


def test_the_new_name_of_a_setting_says_nothing() -> None:
    assert Environment({"GATEWAY_SHARDS": "4"}).warnings == ()


def test_a_file_of_two_lines_is_refused_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("old-secret\nnew-secret\n", "utf-8")
    with pytest.raises(BadSettings, match="several lines and one is needed") as caught:
        Environment({"PAGERDUTY_ROUTING_KEY_FILE": str(tmp_path / "keys")})
    assert str(tmp_path / "keys") in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_placeholder_in_a_file_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("xoxb-…\n", "utf-8")
    with pytest.raises(BadSettings, match=r"SLACK_BOT_TOKEN_FILE: .*/t holds a placeholder"):
        Environment({"SLACK_BOT_TOKEN_FILE": str(tmp_path / "t")})


def test_dots_within_a_secret_are_no_placeholder() -> None:
    assert Environment({"PAY_KEY": "a...b<c>d"}).secret("PAY_KEY") == "a...b<c>d"


def test_a_variable_counts_before_its_file_and_both_are_named(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("from-a-file", "utf-8")
    environment = Environment({"GATEWAY_ADMIN_TOKEN": "own", "GATEWAY_ADMIN_TOKEN_FILE": str(tmp_path / "t")})
    (warning,) = environment.warnings
    assert warning.startswith("GATEWAY_ADMIN_TOKEN and GATEWAY_ADMIN_TOKEN_FILE are both set")
    assert [token.get_secret_value() for token in environment.settings.admin_token] == ["own"]


def test_a_secret_that_only_rules_name_is_named_where_it_is_set_twice(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("from-a-file", "utf-8")
    variables = {"TEAM_KEY": "own", "TEAM_KEY_FILE": str(tmp_path / "t"), "EU_TOKEN": "own"}
    environment = Environment(variables)
    assert not environment.warnings
    assert list(environment.twice_of(["TEAM_KEY", "EU_TOKEN"])) == [
        "TEAM_KEY and TEAM_KEY_FILE are both set: TEAM_KEY counts, remove one of them"
    ]
    known = Environment({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_BOT_TOKEN_FILE": str(tmp_path / "t")})
    assert (len(known.warnings), list(known.twice_of(["SLACK_BOT_TOKEN"]))) == (1, [])


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        pytest.param({}, "", id="it may be set where the gateway runs"),
        pytest.param({"EU_TOKEN": "secret"}, "", id="it is well"),
        pytest.param({"EU_TOKEN": "changeme"}, "EU_TOKEN holds a placeholder: put the real value in its place, or remove it", id="a placeholder"),
        pytest.param({"EU_TOKEN_FILE": "/not/there"}, "EU_TOKEN_FILE: /not/there cannot be read: there is no such file", id="its file is away"),
        pytest.param({"GATEWAY_RULE_SECRETS": "OTHER"}, "EU_TOKEN is not among the names in GATEWAY_RULE_SECRETS, so no rule may have it", id="rules may not have it"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_secret_that_a_rule_names(variables: dict[str, str], said: str) -> None:
    assert Environment(variables).fault_of("EU_TOKEN", SOURCE) == said


# What counts as a secret


@pytest.mark.parametrize(
    ("variables", "hidden"),
    [
        pytest.param(
            {"GATEWAY_WEBHOOK_TOKEN": "token-one,token-two"},
            {"token-one", "token-two"},
            id="each of several tokens",
        ),
        pytest.param(
            {"GATEWAY_REDIS_URL": "redis://:open-sesame@host"},
            {"open-sesame"},
            id="the password in an address",
        ),
        pytest.param(
            {
                "GATEWAY_REDIS_URL": "redis+sentinel://:open%40sesame@a,b:1/main?sentinel_password=say%20friend"
            },
            {"open%40sesame", "open@sesame", "say friend"},
            id="each password in an address, as written and as meant",
        ),
        pytest.param({"PAGERDUTY_ROUTING_KEY": "r" * 32}, {"r" * 32}, id="a routing key"),
        pytest.param(
            {"TEAM_ROUTING_KEY": f"{'n' * 32}, {'o' * 32}"},
            {"n" * 32, "o" * 32},
            id="each key while it rotates",
        ),
        pytest.param({"OTHER_PASSWORD": "hunter22"}, {"hunter22"}, id="what is a password by its name"),
    ],
)
def test_it_is_a_secret(variables: dict[str, str], hidden: set[str]) -> None:
    assert hidden <= set(Environment(variables).secrets())


def test_a_setting_that_is_none_is_not_hidden() -> None:
    assert (
        set(Environment({"GATEWAY_PUBLIC_URL": "http://gateway.example", "HOME": "/home/somebody"}).secrets())
        == set()
    )


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
    assert sorted(said) == [
        "GATEWAY_ADMIN_TOKEN_FILE",
        "GATEWAY_MAX_BODY",
        "GATEWAY_PROT",
        "SLACK_BOT_TOKEN_FILE",
    ]


def test_an_empty_variable_is_not_set_and_says_so() -> None:
    environment = Environment({"GATEWAY_PUBLIC_URL": "", "SLACK_BOT_TOKEN_FILE": "", "SOMEBODY_ELSES": ""})
    assert environment.settings.public_url == ""
    assert environment.secret("SLACK_BOT_TOKEN") is None
    said = "is empty, and taken as not set: give it a value, or remove it"
    assert environment.empty == (f"GATEWAY_PUBLIC_URL {said}", f"SLACK_BOT_TOKEN_FILE {said}")
    assert environment.warnings == environment.empty


@pytest.mark.parametrize("value", [" ", "\t\n", " , ,"])
def test_a_list_of_blanks_lets_nobody_in_by_accident(value: str) -> None:
    with pytest.raises(BadSettings, match="GATEWAY_ADMIN_TOKEN"):
        Environment({"GATEWAY_ADMIN_TOKEN": value})


def test_a_secret_of_blanks_that_a_rule_names_is_refused() -> None:
    with pytest.raises(BadSettings, match="PAY_KEY holds nothing but blanks"):
        Environment({"PAY_KEY": "  "}).secret("PAY_KEY")


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "PAGERDUTY_ROUTING_KEY", "GATEWAY_SMTP_URL"])
def test_a_destinations_credential_whose_file_is_not_there_yet_stops_no_start(
    name: str, tmp_path: Path
) -> None:
    """Its destinations fail until it is there; a gateway that does not start tells nobody at all."""
    path = tmp_path / "later"
    environment = Environment({f"{name}_FILE": str(path)})
    assert environment.warnings == (f"{name}_FILE: {path} cannot be read: there is no such file",)
    assert environment.configured(name)
    path.write_text("smtp://mail.example:25")
    assert environment.secret(name) == "smtp://mail.example:25"


def test_why_a_secret_is_missing_names_its_file_or_the_nearest_name_that_is_set() -> None:
    environment = Environment({"TEAM_KEYS": "k", "TEAM_URL_FILE": "/not/there", "TEAM_TOKN": "", "HOST": "x"})
    assert [
        environment.why_missing(name, "webhook") for name in ("TEAM_KEYS", "TEAM_KEY", "TEAM_URL", "OTHER")
    ] == [
        "",
        "TEAM_KEY is not set; the nearest name that is set is TEAM_KEYS",
        "TEAM_URL_FILE: /not/there cannot be read: there is no such file",
        "OTHER is not set",
    ]


def test_a_setting_that_is_no_secret_is_no_misspelt_name_of_one() -> None:
    environment = Environment({"PAGERDUTY_EVENTS_URL": "https://events.eu.pagerduty.com"})
    assert environment.why_missing("PAGERDUTY_EVENT_URL", "pagerduty") == "PAGERDUTY_EVENT_URL is not set"


@pytest.mark.parametrize(
    ("variables", "configured"),
    [
        pytest.param({"KEY": "k"}, True, id="set"),
        pytest.param({"KEY_FILE": "/not/there"}, True, id="in a file that is not there"),
        pytest.param({"KEY": "", "KEY_FILE": ""}, False, id="set to nothing"),
        pytest.param({}, False, id="not set"),
    ],
)
def test_a_secret_is_configured_where_somebody_has_set_it(
    variables: dict[str, str], *, configured: bool
) -> None:
    assert Environment(variables).configured("KEY") is configured
