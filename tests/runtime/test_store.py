"""The store is opened at start: an address or a server that cannot be right is refused, with the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.environment import Environment
from gateway.errors import BadSettings
from gateway.runtime.store import open_store
from gateway.storage.connections import connect
from tests.support.replicated import Sentinel, Server


@pytest.mark.parametrize(
    "url", ["http://redis:6379", "redis://:sesame@host:port", "redis://:sesame@[::1", "sesame"]
)
def test_an_address_that_is_none_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(BadSettings, match="GATEWAY_REDIS_URL") as caught:
        connect(url)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("kind", ["cluster", "sentinel"])
async def test_a_server_of_another_kind_is_refused_at_start_and_not_waited_for(
    tmp_path: Path, kind: str
) -> None:
    node = Server(tmp_path, "--cluster-enabled", "yes")
    server = node if kind == "cluster" else Sentinel(tmp_path, node, ("", ""), None)
    server.start()
    try:
        server.ready()
        environment = Environment({"GATEWAY_REDIS_URL": f"redis://{server.place}"})
        with pytest.raises(BadSettings, match=rf"GATEWAY_REDIS_URL: it is a .*: write redis\+{kind}://"):
            async with open_store(environment.settings):
                pass
    finally:
        server.kill()
