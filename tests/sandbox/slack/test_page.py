"""The page of the local Slack."""

from __future__ import annotations

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from gateway.sandbox import SlackSandbox
from gateway.sandbox.slack.page import block_html

HOSTILE = "<script>alert(1)</script>\"' onload=x <javascript:alert(1)|click> {{ 7 * 7 }}"


@pytest.mark.parametrize(
    ("block", "html"),
    [
        pytest.param({"type": "divider"}, "<hr>", id="a divider"),
        pytest.param(
            {"type": "header", "text": {"type": "plain_text", "text": "*a* <b>"}},
            "*a* &lt;b&gt;",
            id="a header is plain",
        ),
        pytest.param(
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*a*"}]},
            '<div class="fields"><div><b>a</b>',
            id="fields",
        ),
        pytest.param(
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "_a_"}]},
            "<span><i>a</i></span>",
            id="a context",
        ),
        pytest.param(
            {
                "type": "actions",
                "elements": [
                    {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "url": "http://x/"}
                ],
            },
            'href="http://x/"',
            id="a button with an address is a link",
        ),
        pytest.param(
            {
                "type": "actions",
                "elements": [
                    {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "url": "data:x"}
                ],
            },
            '<span class="button ">Go</span>',
            id="a button with a bad address is none",
        ),
        pytest.param({"type": "table"}, "[table]", id="a block that the page cannot draw is named"),
    ],
)
def test_blocks_are_drawn(block: dict[str, object], html: str) -> None:
    assert html in block_html(block)


async def get(url: str) -> str:
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url)
    assert answer.status_code == 200
    return answer.text


async def test_the_slack_page_shows_messages_edits_mentions_and_threads(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    posted = await client.chat_postMessage(channel="#alerts", text="<!here> checkout is *down*")
    await client.chat_postMessage(channel="#alerts", text="still so", thread_ts=posted["ts"])
    await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="checkout is *up*")
    page = await get(f"{slack.page_url}?channel={posted['channel']}")
    for shown in ("# alerts", "notified @here", "<b>up</b>", "(edited)", "1 reply", "still so"):
        assert shown in page


async def test_the_slack_page_says_what_was_deleted(client: AsyncWebClient, slack: SlackSandbox) -> None:
    posted = await client.chat_postMessage(channel="#alerts", text="secret")
    await client.chat_postMessage(channel="#alerts", text="reply", thread_ts=posted["ts"])
    await client.chat_delete(channel=posted["channel"], ts=posted["ts"])
    page = await get(f"{slack.page_url}fragment?channel={posted['channel']}")
    assert "This message was deleted" in page
    assert "secret" not in page


async def test_hostile_text_does_nothing_on_the_slack_page(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    attachments = [{"color": '"><script>', "text": HOSTILE, "title": HOSTILE}]
    await client.chat_postMessage(channel="#alerts", text=HOSTILE, attachments=attachments)
    page = await get(f"{slack.page_url}fragment")
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert "49" not in page
