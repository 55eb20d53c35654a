from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.environment import Environment
from gateway.config.otlp import Otlp, read_otlp
from gateway.telemetry.tracing.resource import headers_of

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
        found = asked(**{ENDPOINT: "https://c", "OTEL_TRACES_SAMPLER": "always_on"})

        assert (found.share, found.warnings) == (None, ())

    @pytest.mark.parametrize("name", ["traceidratio", "ParentBased_TraceIdRatio"])
    @pytest.mark.parametrize("ratio", ["", "0", "0.25", "1.0"])
    def test_is_left_to_the_sdk_where_the_ratio_is_one_that_it_takes(self, name: str, ratio: str) -> None:
        found = asked(
            **{ENDPOINT: "https://c", "OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": ratio}
        )

        assert (found.share, found.warnings) == (None, ())

    def test_stays_a_tenth_where_the_sampler_is_not_known(self) -> None:
        found = asked(**{ENDPOINT: "https://c", "OTEL_TRACES_SAMPLER": "bogus"})

        assert found.share == 0.1
        (warning,) = found.warnings
        assert warning.startswith("OTEL_TRACES_SAMPLER: `bogus` is not known here")
        assert "parentbased_traceidratio" in warning

    @pytest.mark.parametrize("ratio", ["7", "-0.1", "nan", "a tenth"])
    def test_stays_a_tenth_where_the_ratio_is_none(self, ratio: str) -> None:
        found = asked(
            **{ENDPOINT: "https://c", "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": ratio}
        )

        assert found.share == 0.1
        (warning,) = found.warnings
        assert warning.startswith(f"OTEL_TRACES_SAMPLER_ARG: `{ratio}` is no ratio")

    def test_is_nobodys_business_where_no_traces_are_sent(self) -> None:
        assert asked(OTEL_TRACES_SAMPLER="bogus").warnings == ()


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

    @pytest.mark.parametrize(
        "headers", ["s3cret-key", "api-key=0123456789,s3cret-key", "=s3cret-key", "api key=s3cret-key"]
    )
    @pytest.mark.parametrize("name", ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"])
    def test_that_are_no_pairs_are_said_without_their_values(self, name: str, headers: str) -> None:
        found = asked(**{ENDPOINT: "https://c:4318", name: headers})

        (warning,) = found.warnings
        assert warning.startswith(f"{name}: a part of it is not")
        assert "name=value,name=value" in warning
        assert "s3cret" not in warning
        assert "s3cret" not in str(headers_of(headers))

    @pytest.mark.parametrize(
        "headers",
        ["api-key=a", "a=b, c=d", "a=b,", "Authorization=Bearer x", "Authorization=Basic%20eA==", "a="],
    )
    def test_that_the_sdk_takes_are_no_cause_of_a_warning(self, headers: str) -> None:
        assert asked(**{ENDPOINT: "https://c:4318", "OTEL_EXPORTER_OTLP_HEADERS": headers}).warnings == ()
        assert len(headers_of(headers) or {}) == headers.strip(",").count(",") + 1

    def test_may_come_from_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "headers").write_text("api-key=0123456789\n", "utf-8")

        environment = Environment(
            {ENDPOINT: "https://c:4318", "OTEL_EXPORTER_OTLP_HEADERS_FILE": str(tmp_path / "headers")}
        )

        assert environment.otlp.traces is not None
        assert environment.otlp.traces.headers == "api-key=0123456789"
