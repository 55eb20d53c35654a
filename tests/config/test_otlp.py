from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.environment import Environment
from gateway.config.otlp import Otlp, read_otlp

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def asked(**variables: str) -> Otlp:
    return read_otlp(variables, variables.get)


class TestTraces:
    def test_are_off_where_nothing_asks_for_them(self) -> None:
        assert asked() == Otlp()

    @pytest.mark.parametrize(
        ("variables", "endpoint"),
        [
            pytest.param({ENDPOINT: "https://c:4318"}, "https://c:4318/v1/traces", id="an address for all"),
            pytest.param({ENDPOINT: "https://c/otlp/"}, "https://c/otlp/v1/traces", id="with a path"),
            pytest.param(
                {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://c/t"}, "https://c/t", id="of its own"
            ),
            pytest.param({"OTEL_TRACES_EXPORTER": "otlp"}, "http://localhost:4318/v1/traces", id="by name"),
            pytest.param(
                {ENDPOINT: "https://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
                "https://c:4317",
                id="grpc",
            ),
            pytest.param(
                {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"},
                "http://localhost:4317",
                id="grpc by name",
            ),
        ],
    )
    def test_go_where_a_variable_says(self, variables: dict[str, str], endpoint: str) -> None:
        found = asked(**variables)

        assert found.traces is not None
        assert (found.traces.endpoint, found.warnings) == (endpoint, ())

    @pytest.mark.parametrize("off", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}])
    def test_are_off_where_a_variable_says_so(self, off: dict[str, str]) -> None:
        assert asked(**{ENDPOINT: "https://c:4318"}, **off).traces is None

    def test_go_to_no_other_machine_without_tls(self) -> None:
        found = asked(**{ENDPOINT: "http://collector:4318"})

        assert found.traces is None
        assert "collector is another machine" in found.warnings[0]
        assert "https://" in found.warnings[0]

    @pytest.mark.parametrize(
        "address", ["http://127.0.0.1:4318", "http://localhost:4318", "http://[::1]:4318"]
    )
    def test_go_to_this_machine_without_tls(self, address: str) -> None:
        found = asked(**{ENDPOINT: address}).traces

        assert found is not None
        assert found.plain

    def test_go_to_another_machine_without_tls_where_that_is_asked_for(self) -> None:
        found = asked(**{ENDPOINT: "http://collector:4318", "OTEL_EXPORTER_OTLP_INSECURE": "true"})

        assert found.traces is not None
        assert found.traces.plain

    @pytest.mark.parametrize("name", [ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
    @pytest.mark.parametrize("address", ["127.0.0.1:24318", "localhost:4318", "ftp://c", "http://[::1"])
    def test_go_nowhere_by_http_where_the_address_has_no_scheme_of_it(self, name: str, address: str) -> None:
        found = asked(**{name: address})

        assert found.traces is None
        (warning,) = found.warnings
        assert f"{name} holds no address that begins with http:// or https://" in warning

    def test_go_by_tls_where_an_address_of_grpc_has_no_scheme(self) -> None:
        found = asked(**{ENDPOINT: "collector:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})

        assert found.traces is not None
        assert not found.traces.plain

    @pytest.mark.parametrize(
        ("host", "address"),
        [("127.0.0.1", "http://127.0.0.1:4318"), ("jaeger.example", "https://jaeger.example:4318")],
    )
    def test_go_to_the_host_of_a_jaeger_agent_with_a_warning(self, host: str, address: str) -> None:
        found = asked(JAEGER_AGENT_HOST=host)

        assert found.traces is not None
        assert found.traces.endpoint == f"{address}/v1/traces"
        assert f"OTEL_EXPORTER_OTLP_ENDPOINT={address}" in found.warnings[0]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("OTEL_TRACES_EXPORTER", "zipkin"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
        ],
    )
    def test_warn_of_a_value_that_is_not_understood(self, name: str, value: str) -> None:
        found = asked(**{ENDPOINT: "https://c:4318", name: value})

        assert name in found.warnings[0]
        assert f"`{value}`" in found.warnings[0]

    def test_are_said_to_go_there_without_a_password(self) -> None:
        found = asked(**{ENDPOINT: "https://ann:s3cret@c:4318?key=s3cret"}).traces

        assert found is not None
        assert found.place.startswith("https://c:4318")
        assert "s3cret" not in found.place


class TestTheShareOfTraces:
    def test_is_a_tenth(self) -> None:
        assert asked().share == 0.1

    def test_is_left_to_the_sdk_where_its_variable_says_it(self) -> None:
        assert asked(**{ENDPOINT: "https://c", "OTEL_TRACES_SAMPLER": "always_on"}).share is None


class TestHeaders:
    def test_are_hidden_from_the_log_each_by_itself(self) -> None:
        environment = Environment(
            {
                ENDPOINT: "https://c:4318",
                "OTEL_EXPORTER_OTLP_HEADERS": "api-key=0123456789,Authorization=Bearer%20abcdefghij",
            }
        )

        assert environment.otlp.traces is not None
        assert {"0123456789", "Bearer abcdefghij", "abcdefghij"} <= set(environment.secrets())

    def test_may_come_from_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "headers").write_text("api-key=0123456789\n", "utf-8")

        environment = Environment(
            {ENDPOINT: "https://c:4318", "OTEL_EXPORTER_OTLP_HEADERS_FILE": str(tmp_path / "headers")}
        )

        assert environment.otlp.traces is not None
        assert environment.otlp.traces.headers == "api-key=0123456789"
