"""The doctor compares the scopes that a token has with those that what is in use needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from gateway.diagnostics.diagnosis import Mark
from gateway.sandbox.slack import DEFAULT_TOKEN, Bot
from gateway.sandbox.slack.workspace import ALL_SCOPES
from tests.support.installation import RULES, Patient

pytestmark = pytest.mark.asyncio(loop_scope="module")


@contextmanager
def lacking(patient: Patient, *scopes: str) -> Iterator[None]:
    tokens = patient.slack.workspace.tokens
    tokens[DEFAULT_TOKEN] = replace(Bot(), scopes=ALL_SCOPES - {*scopes})
    yield
    tokens[DEFAULT_TOKEN] = Bot()


async def test_a_token_with_every_scope_is_not_spoken_of(patient: Patient) -> None:
    patient.more = {"SLACK_SIGNING_SECRET": "a-signing-secret"}
    assert await patient.said("SLACK_BOT_TOKEN") == []


@pytest.mark.parametrize(
    ("scope", "off"),
    [
        pytest.param("commands", "`/alerts` does not reach the gateway", id="commands"),
        pytest.param("channels:history", "cannot be looked for: it may stand twice", id="history"),
        pytest.param("users:read.email", "nobody is called by an e-mail address", id="addresses"),
        pytest.param("usergroups:read", "of policy.act nobody may act", id="groups"),
    ],
)
async def test_a_scope_that_is_missing_is_one_line_that_says_what_is_off(
    patient: Patient, scope: str, off: str
) -> None:
    called = RULES.replace('channel: "#alerts"', 'channel: "#alerts", mention_on_page: [ann@example.org]')
    patient.rules = called + "policy: {act: {slack_groups: [S0ONCALL1]}}\n"
    patient.more = {"SLACK_SIGNING_SECRET": "a-signing-secret"}
    with lacking(patient, scope):
        ((mark, said),) = await patient.said("SLACK_BOT_TOKEN")
    assert mark is Mark.WORRY
    assert said.startswith(f"it lacks the scope {scope}: ")
    assert off in said
    assert "install the app again" in said


async def test_what_is_not_in_use_is_not_missed(patient: Patient) -> None:
    with lacking(
        patient, "commands", "usergroups:read", "users:read", "users:read.email", "im:write", "groups:read"
    ):
        assert await patient.said("SLACK_BOT_TOKEN") == []


async def test_without_the_scope_for_private_channels_public_ones_are_found_by_name(patient: Patient) -> None:
    with lacking(patient, "groups:read", "groups:history"):
        ((mark, said),) = await patient.said("chat")
    assert (mark, "the bot is in #alerts" in said) == (Mark.GOOD, True)


async def test_without_the_scope_to_post_it_fails(patient: Patient) -> None:
    with lacking(patient, "chat:write"):
        ((mark, said),) = await patient.said("SLACK_BOT_TOKEN")
    assert (mark, "nothing can be posted" in said) == (Mark.BAD, True)


async def test_a_token_that_slack_does_not_take_is_left_to_the_destinations(patient: Patient) -> None:
    patient.more = {"SLACK_BOT_TOKEN": "xoxb-revoked"}
    assert await patient.said("SLACK_BOT_TOKEN") == []
