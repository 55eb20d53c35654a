"""Four eyes in the local Slack: who makes a silence of critical alerts, and who approves it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from gateway.config.new_token import add_token
from gateway.model.people import Role
from gateway.sandbox.slack import Message
from tests.support.people import shown
from tests.support.running_gateway import RULES, Starter
from tests.support.slack_office import UNTAKEN, Office, opened

FOUR_EYES = RULES + "policy: {silences: {critical: four_eyes}}\n"


class Second:
    """An office where critical alerts need four eyes, and people with tokens beside it."""

    def __init__(self, office: Office, tokens: dict[str, str]) -> None:
        self.office, self.tokens = office, tokens

    async def make(self, user: str = "U0ALICE") -> str:
        """Silence the critical alert from its message; the id of the silence."""
        app = self.office.app.slack.app
        views = len(app.views)
        await self.office.press("silence", "4h", user)
        await self.office.app.until(lambda: len(app.views) > views)
        await app.submit([*app.views][-1], {"reason": "a deploy"})
        return str((await self.silences())[0]["id"])

    async def silences(self) -> list[dict[str, Any]]:
        answered = await self.office.app.ask("/api/v1/silences", headers=shown(self.tokens["ann"]))
        return list(answered.json()["items"])

    @property
    def request(self) -> Message:
        return next(message for message in self.office.channel.messages if "second person" in message.text)

    async def press(self, user: str) -> None:
        await self.office.app.slack.app.press(self.office.channel, self.request, "approve", user=user)

    async def approve(self, who: str, silence: str) -> Any:
        path = f"/api/v1/silences/{silence}/approve"
        return await self.office.app.ask(path, "POST", headers=shown(self.tokens[who]), json={})


@pytest.fixture
async def second(starter: Starter) -> AsyncIterator[Second]:
    path = starter.folder / "tokens"
    bound = {"ann": "", "bob": "U0BOB", "alice at home": "U0ALICE"}
    tokens = {name: add_token(path, name, Role.ACT, slack=user) for name, user in bound.items()}
    async with opened(starter, FOUR_EYES, GATEWAY_TOKENS_FILE=str(path)) as office:
        yield Second(office, tokens)


async def told(second: Second, user: str) -> str:
    await second.office.app.until(lambda: second.office.said(user))
    return second.office.said(user)[-1]


async def test_another_slack_user_approves_and_its_maker_cannot(second: Second) -> None:
    made = await second.make()
    assert f"gateway silence approve {made}" in second.office.view()
    await second.office.app.until(lambda: len(second.office.channel.messages) == 2)
    await second.press("U0ALICE")
    assert "whoever makes a silence cannot approve it" in await told(second, "U0ALICE")
    (before,) = await second.silences()
    assert (before["by_person"], before["needs_approval"], before["approved_by"]) == (True, True, "")
    await second.press("U0BOB")
    await second.office.app.until(lambda: "bob has approved" in second.office.channel.messages[-1].text)
    (after,) = await second.silences()
    assert (after["needs_approval"], after["approved_by"]) == (False, "bob")
    message = second.office.channel.messages[0]
    await second.office.app.until(lambda: "end_silence" in str(message.blocks))


async def test_the_token_of_another_slack_user_approves_and_an_unbound_one_is_told_how(
    second: Second,
) -> None:
    made = await second.make()
    unbound = await second.approve("ann", made)
    assert (unbound.status_code, "the token of ann is bound to no Slack user" in unbound.text) == (409, True)
    assert "behind the hash in GATEWAY_TOKENS_FILE" in unbound.json()["remedy"]
    own = await second.approve("alice at home", made)
    assert (own.status_code, "whoever makes a silence" in own.text) == (409, True)
    assert (await second.approve("bob", made)).json()["approved_by"] == "bob"


async def test_what_a_token_made_is_approved_in_slack_where_the_token_is_bound(second: Second) -> None:
    asked = {"matchers": ['service="pay"'], "duration": "1h", "confirm": True}
    made = {}
    for who in ("ann", "bob"):
        answered = await second.office.app.ask(
            "/api/v1/silences", "POST", headers=shown(second.tokens[who]), json=asked
        )
        made[who] = answered.json()["id"]
    write = second.office.write
    assert "the token of ann is bound to no Slack user" in await write(f"approve {made['ann']}")
    assert "whoever makes a silence" in await write(f"approve {made['bob']}", "U0BOB")
    assert f"You have approved silence {made['bob']}" in await write(f"approve {made['bob']}")
    assert "there is no silence" in await write("approve 00000000")


async def test_what_arrives_twice_asks_once_and_approves_once(second: Second) -> None:
    """As by HTTP and Socket Mode."""
    await second.make()
    app, channel = second.office.app.slack.app, second.office.channel
    submitted = parse_qs(app.sent[-1][1].decode())["payload"][0]
    await second.office.app.until(lambda: len(channel.messages) == 2)
    pressed = json.dumps(app.pressed(channel, second.request, "approve", user="U0BOB"))
    for payload in (submitted, pressed, pressed):
        await app.send("/slack/interactivity", {"payload": payload, "again": str(len(app.sent))})
    await second.office.app.until(lambda: "bob has approved" in channel.messages[-1].text)
    assert len(channel.messages) == 2
    log = await second.office.app.gateway.shards.timeline("", 50)
    assert [line.what for _, line in log].count("silence_approved") == 1


async def test_what_hides_nothing_critical_asks_nobody(starter: Starter) -> None:
    async with opened(starter, FOUR_EYES) as office:
        await office.write("silence team=nobody for 30m")
        await office.app.until(lambda: "It hides 0" in office.view())
        (view,) = office.app.slack.app.views
        for _ in ("it hides nothing", "all the same"):
            await office.app.slack.app.submit(view, {})
        assert "To end it: gateway silence end" in office.view()
        assert "second person" not in office.view()
        assert len(office.channel.messages) == 1
        assert office.buttons() == list(UNTAKEN)
