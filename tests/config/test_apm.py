"""Who asks for Elastic APM, and by which variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.environment import Environment
from gateway.errors import BadSettings


def options(**variables: str) -> dict[str, str] | None:
    settings = Environment(variables).apm.settings
    return None if settings is None else dict(settings.options)


def test_nobody_asks_for_it_by_default() -> None:
    assert options() is None


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"SERVER_URL": "https://a:1"}, id="an address that may be any other program's"),
        pytest.param({"SERVICE_NAME": "pager", "ENVIRONMENT": "production"}, id="no address"),
        pytest.param(
            {"ELASTIC_APM_SERVER_URL": "https://a:1", "ELASTIC_APM_ENABLED": "False"}, id="switched off"
        ),
        pytest.param({"ELASTIC_APM_SERVER_URL": ""}, id="an empty address"),
    ],
)
def test_it_is_not_asked_for_by(variables: dict[str, str]) -> None:
    assert options(**variables) is None


def test_the_variables_of_the_agent_ask_for_it() -> None:
    assert options(ELASTIC_APM_SERVER_URL="https://apm.example.org") == {
        "SERVER_URL": "https://apm.example.org"
    }


def test_the_plain_names_ask_for_it_together() -> None:
    plain = {"SERVICE_NAME": "pager", "SERVER_URL": "https://a:1", "ENVIRONMENT": "production"}
    assert options(**plain) == plain


def test_a_name_with_the_agents_prefix_wins_over_the_plain_one() -> None:
    found = options(
        ELASTIC_APM_SERVER_URL="https://b:1",
        SERVER_URL="https://a:1",
        ELASTIC_APM_ENVIRONMENT="staging",
        ENVIRONMENT="production",
    )
    assert found == {"SERVER_URL": "https://b:1", "ENVIRONMENT": "staging"}


def test_its_secrets_may_come_from_files_and_stand_in_no_log_line(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-secret-of-apm\n", "utf-8")
    environment = Environment(
        {
            "ELASTIC_APM_SERVER_URL": "https://user:a-password-of-apm@apm.example.org",
            "ELASTIC_APM_SECRET_TOKEN_FILE": str(tmp_path / "token"),
            "ELASTIC_APM_API_KEY": "a-key-of-apm",
        }
    )
    settings = environment.apm.settings
    assert settings is not None
    assert settings.options["SECRET_TOKEN"] == "a-secret-of-apm"
    assert settings.options["API_KEY"] == "a-key-of-apm"
    assert {"a-secret-of-apm", "a-key-of-apm", "a-password-of-apm"} <= set(environment.secrets())
    assert "a-secret" not in repr(settings)


def test_a_password_in_the_plainly_named_address_stands_in_no_log_line() -> None:
    address = "https://user:a-password-of-apm@apm.example.org"
    assert "a-password-of-apm" in Environment({"SERVICE_NAME": "pager", "SERVER_URL": address}).secrets()


def test_a_file_of_a_secret_that_is_not_there_is_said(tmp_path: Path) -> None:
    environment = Environment(
        {"ELASTIC_APM_SERVER_URL": "https://a:1", "ELASTIC_APM_API_KEY_FILE": str(tmp_path / "none")}
    )
    with pytest.raises(BadSettings, match="no such file"):
        _ = environment.apm


@pytest.mark.parametrize(
    "address",
    ["192.0.2.2:8200", "apm.example.org:8200", "localhost:8200", "ftp://apm.example.org", "http://[::1"],
)
def test_an_address_without_http_or_https_is_refused_by_name_with_the_remedy(address: str) -> None:
    found = Environment({"ELASTIC_APM_SERVER_URL": address, "ELASTIC_APM_SECRET_TOKEN": "s3cret-token"})
    assert found.apm.settings is None
    (warning,) = found.apm.warnings
    assert "ELASTIC_APM_SERVER_URL" in warning
    assert "write https:// before the host" in warning
    assert warning in found.warnings


def test_another_machine_without_tls_is_refused_in_the_words_of_otlp() -> None:
    address = "http://ann:s3cret-word@collector:8200"
    apm = Environment({"SERVICE_NAME": "pager", "SERVER_URL": address}).apm
    otlp = Environment({"OTEL_EXPORTER_OTLP_ENDPOINT": address}).otlp
    assert apm.settings is None
    words = "are not sent: collector is another machine, and the address has no TLS: write https:// in "
    assert apm.warnings == (f"reports to Elastic APM {words}SERVER_URL",)
    assert f"traces {words}OTEL_EXPORTER_OTLP_ENDPOINT" in otlp.warnings[0]


@pytest.mark.parametrize("name", ["bad/name!", " ", "caf\u00e9"])
def test_a_name_that_the_agent_does_not_take_is_said_and_left_out(name: str) -> None:
    apm = Environment({"ELASTIC_APM_SERVER_URL": "https://a:1", "ELASTIC_APM_SERVICE_NAME": name}).apm
    assert apm.settings is not None
    assert "SERVICE_NAME" not in apm.settings.options
    (warning,) = apm.warnings
    assert warning.startswith(f"ELASTIC_APM_SERVICE_NAME: `{name}` is no name")
    assert "letters" in warning


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_this_machine_is_asked_without_tls(host: str) -> None:
    apm = Environment({"ELASTIC_APM_SERVER_URL": f"http://{host}:8200"}).apm
    assert apm.settings is not None
    assert apm.warnings == ()
