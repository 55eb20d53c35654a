"""What a person does on the page of the local Slack reaches the app, and the page shows what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.sandbox import SlackSandbox
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack.app import DEFAULT_SECRET, sign

HOSTILE = """"><script>alert(1)</script><b onload='x'>"""
MENU = {
    "type": "static_select",
    "action_id": "silence",
    "placeholder": {"type": "plain_text", "text": "Silence…"},
    "options": [
        {"text": {"type": "plain_text", "text": words}, "value": f"inc|1|{choice}"}
        for choice, words in {"1h": "1 hour", HOSTILE: HOSTILE}.items()
    ],
}
BUTTON = {
    "type": "button",
    "action_id": "ack",
    "text": {"type": "plain_text", "text": "Acknowledge"},
    "value": "inc|1|",
}
CLOSE = BUTTON | {
    "action_id": "resolve",
    "confirm": {
        "title": {"type": "plain_text", "text": "Close it?"},
        "text": {"type": "plain_text", "text": HOSTILE},
        "confirm": {"type": "plain_text", "text": "Close it"},
        "deny": {"type": "plain_text", "text": "No"},
    },
}
ACTS = {"type": "actions", "block_id": "acts", "elements": [BUTTON, MENU, CLOSE]}


def modal(text: str, *fields: dict[str, object]) -> dict[str, object]:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Silence"},
        "submit": {"type": "plain_text", "text": "Silence"},
        "blocks": [{"type": "section", "text": {"type": "plain_text", "text": text}}, *fields],
    }


def text_field(name: str, given: str, *, optional: bool = False) -> dict[str, object]:
    element = {
        "type": "plain_text_input",
        "action_id": "value",
        "multiline": name == "matchers",
        "initial_value": given,
    }
    label = {"type": "plain_text", "text": f"the {name}"}
    return {"type": "input", "block_id": name, "label": label, "element": element, "optional": optional}


@dataclass
class Heard:
    """The app's side: what it was sent and how it answers."""

    url: str = ""
    requests: list[tuple[Request, bytes]] = field(default_factory=list)
    answer: Response = field(default_factory=Response)

    async def hear(self, request: Request) -> Response:
        self.requests.append((request, await request.body()))
        return self.answer

    @property
    def payload(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(parse_qs(self.requests[-1][1].decode())["payload"][0])
        return found


@dataclass
class Page:
    """The page as a browser without a script has it: its forms are sent as they stand."""

    slack: SlackSandbox
    browser: httpx.AsyncClient

    async def seen(self, who: str = "U0ALICE") -> str:
        return (await self.browser.get(f"{self.slack.page_url}fragment?as={who}")).text

    async def do(self, act: str, headers: dict[str, str] | None = None, **fields: str) -> int:
        known = {"channel": self.slack.channel("alerts").id, "as": "U0ALICE"}
        address = f"{self.slack.page_url}_page/{act}"
        return (await self.browser.post(address, data=known | fields, headers=headers)).status_code

    async def press(self, **fields: str) -> int:
        return await self.do("press", ts=self.slack.messages("alerts")[-1].ts, **fields)


@pytest.fixture
async def heard(slack: SlackSandbox) -> AsyncIterator[Heard]:
    app, server = Heard(), LocalServer()
    routes = [Route("/slack/{door}", app.hear, methods=["POST"])]
    async with server.running(Starlette(routes=routes), 0):
        slack.app.url = app.url = server.url
        yield app


@asynccontextmanager
async def looked_at(slack: SlackSandbox) -> AsyncIterator[Page]:
    async with httpx.AsyncClient(trust_env=False) as browser:
        yield Page(slack, browser)


@pytest.fixture
async def page(slack: SlackSandbox, client: AsyncWebClient) -> AsyncIterator[Page]:
    await client.chat_postMessage(channel="#alerts", text="down", blocks=[ACTS])
    async with looked_at(slack) as found:
        yield found


async def test_a_press_is_sent_as_slack_sends_it_and_signed(page: Page, heard: Heard) -> None:
    assert 'name="press.ack"' in await page.seen()
    assert await page.press(**{"press.ack": "", "as": "U0BOB"}) == 303
    ((request, body),) = heard.requests
    stamp = request.headers["x-slack-request-timestamp"]
    assert request.headers["x-slack-signature"] == sign(DEFAULT_SECRET, stamp, body)
    payload = heard.payload
    assert (payload["type"], payload["user"]["id"]) == ("block_actions", "U0BOB")  # type: ignore[index]
    (action,) = payload["actions"]  # type: ignore[misc]
    assert (action["action_id"], action["block_id"], action["value"]) == ("ack", "acts", "inc|1|")
    assert payload["container"]["message_ts"] == page.slack.messages("alerts")[-1].ts  # type: ignore[index]


async def test_the_option_of_a_menu_is_sent_whole(page: Page, heard: Heard) -> None:
    assert await page.press(**{"press.silence": HOSTILE}) == 303
    (action,) = heard.payload["actions"]  # type: ignore[misc]
    assert action["selected_option"]["value"] == f"inc|1|{HOSTILE}"
    assert await page.press(**{"press.silence": "never"}) == 409


async def test_what_the_message_does_not_offer_any_more_is_not_sent(page: Page, heard: Heard) -> None:
    assert await page.press(**{"press.other": ""}) == 409
    assert await page.do("press", ts="1.000001", **{"press.ack": ""}) == 409
    assert await page.do("press", channel="C0", **{"press.ack": ""}) == 409
    assert heard.requests == []


async def test_a_page_of_another_site_presses_nothing(page: Page, heard: Heard) -> None:
    message = page.slack.messages("alerts")[-1]
    for site in ("cross-site", "same-site"):
        headers = {"sec-fetch-site": site}
        assert await page.do("press", headers, ts=message.ts, **{"press.ack": ""}) == 409
    assert heard.requests == []


async def test_the_presser_alone_is_told_that_the_app_did_not_take_it(page: Page, heard: Heard) -> None:
    heard.answer = Response("this was not signed by Slack", 401)
    await page.press(**{"press.ack": ""})
    assert "this was not signed by Slack" in await page.seen()
    assert "not signed" not in await page.seen("U0BOB")
    page.slack.app.url = "http://127.0.0.1:9"
    await page.press(**{"press.ack": "", "as": "U0BOB"})
    assert "did not answer" in await page.seen("U0BOB")


async def test_what_one_person_is_shown_is_shown_to_nobody_else_until_it_is_dismissed(
    page: Page, client: AsyncWebClient
) -> None:
    await client.chat_postEphemeral(channel="#alerts", user="U0BOB", text="*not done*")
    assert "<b>not done</b>" in await page.seen("U0BOB")
    assert "not done" not in await page.seen("U0ALICE")
    (shown,) = page.slack.app.ephemerals
    await page.do("dismiss", ts=shown.ts, **{"as": "U0BOB"})
    assert "not done" not in await page.seen("U0BOB")


async def test_a_modal_opens_is_filled_in_and_sent_off(
    page: Page, heard: Heard, client: AsyncWebClient
) -> None:
    await page.press(**{"press.silence": "1h"})
    view = modal("it hides 3", text_field("matchers", 'a="b"'), text_field("reason", "old", optional=True))
    opened = await client.views_open(trigger_id=heard.payload["trigger_id"], view=view)  # type: ignore[arg-type]
    shown = await page.seen()
    assert re.search(r'<textarea name="value.matchers"[^>]* required>\n?a=&#34;b&#34;</textarea>', shown)
    assert re.search(r'<input name="value.reason"[^>]*value="old"[^>]*>', shown)
    assert "it hides 3" not in await page.seen("U0BOB")
    given = {"view": opened["view"]["id"], "submit": "", "value.matchers": "a=1\r\nb=2", "value.reason": ""}
    heard.answer = JSONResponse({"response_action": "update", "view": modal("it hides 9")})
    assert await page.do("modal", **given) == 303
    values = heard.payload["view"]["state"]["values"]  # type: ignore[index]
    assert values["matchers"]["value"]["value"] == "a=1\nb=2"
    assert values["reason"]["value"]["value"] is None
    assert "it hides 9" in await page.seen()
    heard.answer = Response()
    await page.do("modal", **given)
    assert "it hides" not in await page.seen()
    assert await page.do("modal", **given) == 409


async def test_a_modal_that_is_closed_is_sent_to_nobody(
    page: Page, heard: Heard, client: AsyncWebClient
) -> None:
    await page.press(**{"press.silence": "1h"})
    view = modal("it hides 3")
    opened = await client.views_open(trigger_id=heard.payload["trigger_id"], view=view)  # type: ignore[arg-type]
    await page.do("modal", view=opened["view"]["id"], close="")
    assert "it hides" not in await page.seen()
    assert len(heard.requests) == 1


async def test_nothing_in_a_value_acts(page: Page, heard: Heard, client: AsyncWebClient) -> None:
    await page.press(**{"press.silence": "1h"})
    trigger = heard.payload["trigger_id"]
    view = modal(HOSTILE, text_field("matchers", HOSTILE), text_field("reason", HOSTILE))
    await client.views_open(trigger_id=trigger, view=view)  # type: ignore[arg-type]
    await client.chat_postEphemeral(channel="#alerts", user="U0ALICE", text=HOSTILE)
    shown = await page.seen()
    assert shown.count("&lt;script&gt;") >= 6
    for acting in ("<script", "<b onload", "onload='x'>"):
        assert acting not in shown


async def test_a_command_is_answered_to_its_writer_alone(page: Page, heard: Heard) -> None:
    heard.answer = JSONResponse({"response_type": "ephemeral", "text": "`inc` *is open*"})
    await page.do("command", text="/alerts why inc")
    sent = parse_qs(heard.requests[-1][1].decode())
    assert (sent["command"], sent["text"], sent["user_id"]) == (["/alerts"], ["why inc"], ["U0ALICE"])
    assert "<b>is open</b>" in await page.seen()
    assert "is open" not in await page.seen("U0BOB")
    await page.do("command", text="hello")
    assert "hello is not a command" in await page.seen()
    assert len(heard.requests) == 1
