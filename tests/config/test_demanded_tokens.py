"""Whoever lets other machines connect has to set tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.demanded_tokens import demand_tokens
from gateway.config.environment import Environment
from gateway.errors import BadSettings


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        pytest.param({"GATEWAY_LISTEN": "0.0.0.0:9096"}, "set GATEWAY_WEBHOOK_TOKEN and GATEWAY_ADMIN_TOKEN", id="open to others without tokens"),
        pytest.param({"GATEWAY_LISTEN": "[::]:9096", "GATEWAY_WEBHOOK_TOKEN": "x"}, "set GATEWAY_ADMIN_TOKEN", id="one token is not enough"),
    ],
)  # fmt: skip
def test_other_machines_can_connect_only_where_both_tokens_are_set(
    variables: dict[str, str], said: str
) -> None:
    with pytest.raises(BadSettings) as caught:
        demand_tokens(Environment(variables).settings)
    assert said in str(caught.value)


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "localhost:1", "[::1]:1", "127.9.9.9:1"])
def test_on_this_machine_alone_no_token_is_needed(listen: str) -> None:
    demand_tokens(Environment({"GATEWAY_LISTEN": listen}).settings)


def test_sources_with_tokens_of_their_own_need_no_shared_one() -> None:
    environment = Environment({"GATEWAY_LISTEN": "0.0.0.0:9096", "GATEWAY_ADMIN_TOKEN": "admin"})
    demand_tokens(environment.settings, sources_have_them=True)
    with pytest.raises(BadSettings, match=r"set GATEWAY_WEBHOOK_TOKEN$"):
        demand_tokens(environment.settings)
    with pytest.raises(BadSettings, match=r"set GATEWAY_ADMIN_TOKEN$"):
        demand_tokens(Environment({"GATEWAY_LISTEN": "0.0.0.0:9096"}).settings, sources_have_them=True)


def test_with_peoples_tokens_other_machines_may_connect_without_an_admin_token(tmp_path: Path) -> None:
    exposed = {"GATEWAY_LISTEN": "0.0.0.0:9096", "GATEWAY_WEBHOOK_TOKEN": "hook"}
    with pytest.raises(BadSettings, match="GATEWAY_ADMIN_TOKEN"):
        demand_tokens(Environment(exposed).settings)
    demand_tokens(Environment({**exposed, "GATEWAY_TOKENS_FILE": str(tmp_path / "tokens")}).settings)
