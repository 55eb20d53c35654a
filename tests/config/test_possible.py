"""Settings that cannot work together, or by themselves, are found at the start."""

from __future__ import annotations

import pytest

from gateway.config.possible import impossible
from gateway.config.settings import Settings


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
