"""The scopes that Slack's features need, and the manifest that asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gateway.outbound.slack.scopes import DIRECT, OFF, Uses, gaps, read_scopes
from gateway.sandbox.slack.workspace import ALL_SCOPES

ROOT = Path(__file__).parents[3]
EVERYTHING = Uses(public=True, private=True, direct=True, commands=True, names=True, emails=True, groups=True)


def test_the_manifest_asks_for_exactly_the_scopes_that_the_code_knows() -> None:
    manifest = yaml.safe_load((ROOT / "deploy/slack/manifest.yaml").read_text("utf-8"))
    assert manifest["oauth_config"]["scopes"] == {"bot": [*OFF]}
    assert [*OFF] == [
        *("chat:write", "channels:read", "channels:history", "groups:read", "groups:history", "commands"),
        *("users:read", "users:read.email", "usergroups:read"),
    ]


def test_every_scope_is_for_something_that_the_local_slack_refuses_without_it() -> None:
    assert {gap.scope for gap in gaps((), EVERYTHING)} == {*OFF, *DIRECT} == ALL_SCOPES
    assert gaps(ALL_SCOPES, EVERYTHING) == []


@pytest.mark.parametrize(
    ("uses", "lacks"),
    [
        pytest.param(Uses(), [], id="nothing is in use but posting"),
        pytest.param(Uses(public=True), ["channels:read", "channels:history"], id="a public channel"),
        pytest.param(Uses(private=True), ["groups:read", "groups:history"], id="a private channel"),
        pytest.param(Uses(direct=True), ["im:write", "im:history"], id="a user"),
        pytest.param(Uses(commands=True), ["commands"], id="people who press and write"),
        pytest.param(Uses(emails=True), ["users:read", "users:read.email"], id="somebody by an address"),
        pytest.param(
            Uses(names=True, groups=True), ["users:read", "usergroups:read"], id="somebody by a name"
        ),
    ],
)
def test_what_is_not_in_use_needs_no_scope(uses: Uses, lacks: list[str]) -> None:
    assert [gap.scope for gap in gaps({"chat:write"}, uses)] == lacks


def test_scopes_stand_in_one_header() -> None:
    assert read_scopes("chat:write, channels:read,") == {"chat:write", "channels:read"}
    assert read_scopes("") == frozenset()
