"""The hosts that a machine reaches without a proxy are those that the gateway does."""

from __future__ import annotations

import pytest

from gateway.config.environment import Environment

PROXY = {"GATEWAY_VENDOR_PROXY": "http://proxy:3128"}
INSIDE = "https://hooks.corp/"


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        pytest.param(PROXY, "http://proxy:3128", id="through the proxy"),
        pytest.param(PROXY | {"GATEWAY_NO_PROXY": "corp"}, None, id="but those that we name"),
        pytest.param(PROXY | {"NO_PROXY": ".corp"}, None, id="or the machine"),
        pytest.param(PROXY | {"no_proxy": "localhost,.corp"}, None, id="in small letters too"),
        pytest.param(PROXY | {"NO_PROXY": "*", "GATEWAY_NO_PROXY": "other"}, "http://proxy:3128", id="ours counts before that"),
        pytest.param({"NO_PROXY": "other"}, None, id="without a proxy it means nothing"),
    ],
)  # fmt: skip
def test_who_is_reached_through_the_proxy(variables: dict[str, str], proxy: str | None) -> None:
    environment = Environment(variables)
    assert environment.settings.network().proxy_to(INSIDE) == proxy
    assert environment.warnings == ()


def test_what_cannot_be_read_in_a_variable_of_all_programs_is_a_warning_and_no_error() -> None:
    environment = Environment(PROXY | {"NO_PROXY": "10.0.0.0/99,.corp"})
    assert environment.settings.network().proxy_to(INSIDE) is None
    assert environment.warnings == ("NO_PROXY: `10.0.0.0/99` is no name, address or network: it is left out",)
