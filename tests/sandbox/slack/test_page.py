"""The page of the local Slack."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from gateway.model.ledger import Note
from gateway.outbound.slack.blocks import render, render_notes
from gateway.sandbox import SlackSandbox
from gateway.sandbox.slack.block_html import block_html
from tests.outbound.notifications import line, notification

HOSTILE = "<script>alert(1)</script>\"' onload=x <javascript:alert(1)|click> {{ 7 * 7 }}"


@pytest.mark.parametrize(
    ("block", "html"),
    [
        pytest.param({"type": "divider"}, "<hr>", id="a divider"),
        pytest.param(
            {"type": "header", "text": {"type": "plain_text", "text": "*a* <b>"}},
            '<span class="plain">*a* &lt;b&gt;</span>',
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
            '<span class="button "><span class="plain">Go</span></span>',
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


class Copied(HTMLParser):
    """The text of a page as it is copied by hand: tags gone, references resolved."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text += data


COPIED = (
    'sum by (le) (rate(http_errors_total{job=~"a|b", code!~"2.."}[5m])) * 100 > 5 < 7',
    "2001:db8:100:a:b:1::fe",
    "arn:aws:sqs:eu-1:100:new:jobs",
    "https://wiki.example/~sre/run_book?q=*&x=_id_&y=a:fire:b",
)


@pytest.mark.parametrize("value", COPIED)
async def test_what_is_copied_out_of_a_message_is_what_the_sender_wrote(
    value: str, client: AsyncWebClient, slack: SlackSandbox
) -> None:
    alert = line(value, summary=value, labels={"odd": value})
    told = render(notification(title=f"Down · {value}", lines=(alert,), where={"odd": value}, rule=value))
    await client.chat_postMessage(channel="#alerts", text=told.text, blocks=list(told.blocks))
    copied = Copied(await get(f"{slack.page_url}fragment")).text
    # The title, the summary, the label, and the rule
    assert copied.count(value) == 4


async def test_a_query_of_several_lines_keeps_them_and_its_spaces(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    query = 'sum by (le) (\n  rate(x{a="b"}[5m])  # two spaces\n)'
    told = render(notification(lines=(line(summary="Errors.", description=query),)))
    await client.chat_postMessage(channel="#alerts", text=told.text, blocks=list(told.blocks))
    assert query in Copied(await get(f"{slack.page_url}fragment")).text


async def test_a_note_is_copied_as_it_was_written(client: AsyncWebClient, slack: SlackSandbox) -> None:
    told = render_notes([Note(f"new: {COPIED[1]}")], ())
    root = await client.chat_postMessage(channel="#alerts", text="down")
    await client.chat_postMessage(
        channel="#alerts", thread_ts=root["ts"], text=told.text, blocks=list(told.blocks)
    )
    assert f"new: {COPIED[1]}" in Copied(await get(f"{slack.page_url}fragment")).text
