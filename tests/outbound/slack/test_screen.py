"""What is shown to one person in Slack: what the app may not do is off, and one line says so."""

from __future__ import annotations

from dataclasses import replace

from structlog.testing import capture_logs

from gateway.model.interactions import SlackPerson
from gateway.outbound.network import Network
from gateway.outbound.slack.screen import SlackScreen
from gateway.sandbox import SlackSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN, Bot
from gateway.sandbox.slack.workspace import ALL_SCOPES

ALICE = SlackPerson("T0SANDBOX", "U0ALICE", "alice")


async def test_a_scope_that_is_missing_switches_one_thing_off_and_is_said_once() -> None:
    async with SlackSandbox.start() as slack:
        tokens = slack.workspace.tokens
        tokens[DEFAULT_TOKEN] = replace(Bot(), scopes=ALL_SCOPES - {"usergroups:read"})
        screen = SlackScreen(slack.url, lambda: DEFAULT_TOKEN, Network())
        with capture_logs() as logs:
            for _ in range(3):
                assert await screen.members_of("S0ONCALL1") is None
            await screen.tell(ALICE, "#alerts", "the rest works")
            tokens[DEFAULT_TOKEN] = Bot()
            assert await screen.members_of("S0ONCALL1") == ["U0ALICE", "U0BOB"]
            tokens[DEFAULT_TOKEN] = replace(Bot(), scopes=ALL_SCOPES - {"usergroups:read"})
            assert await screen.members_of("S0ONCALL1") is None
        await screen.aclose()
        assert [shown.text for shown in slack.app.ephemerals] == ["the rest works"]
    assert [(line["event"], line["method"], line["detail"]) for line in logs] == [
        ("slack_not_shown", "usergroups.users.list", "missing_scope")
    ] * 2
