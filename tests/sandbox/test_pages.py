"""What people see: text becomes what Slack would show, and hostile text stays text."""

from __future__ import annotations

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack.mrkdwn import mrkdwn
from gateway.sandbox.slack.page import block_html
from tests.sandbox.clients import Events

HOSTILE = "<script>alert(1)</script>\"' onload=x <javascript:alert(1)|click> {{ 7 * 7 }}"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("*bold* _it_ ~gone~ a*b*c", "<b>bold</b> <i>it</i> <s>gone</s> a*b*c", id="styles at word borders"),
        pytest.param("`a *b* <c>`", "<code>a *b* &lt;c&gt;</code>", id="code is left alone"),
        pytest.param("```\nx\ny```", "<pre>x\ny</pre>", id="a block of code"),
        pytest.param("a &amp; b &lt;c&gt; &amp;lt;", "a &amp; b &lt;c&gt; &amp;lt;", id="the three escapes are undone once"),
        pytest.param("&gt; said\nso", "<blockquote>said</blockquote>so", id="a quote"),
        pytest.param("hello <!here> <@U1|bob>", "@here", id="mentions are marked"),
        pytest.param("<!subteam^S1|@payments>", ">@payments</span>", id="a group by its label"),
        pytest.param("*<https://x/?a=1&amp;b=2|go>*", '<b><a href="https://x/?a=1&amp;b=2"', id="a bold link"),
        pytest.param("<javascript:alert(1)|go>", "&lt;javascript:alert(1)|go&gt;", id="a link that would run code is text"),
        pytest.param("<!date^1800000000^{date_num} {time}|then>", ">2027-01-15 08:00</time>", id="a date"),
        pytest.param("<!date^never^{time}|08:00 UTC>", "08:00 UTC", id="a date that is none shows its fallback"),
        pytest.param(":fire: :unknown_one:", "🔥 :unknown_one:", id="emoji that are known"),
        pytest.param("<script>", "&lt;script&gt;", id="a tag is text"),
        pytest.param("<>```` ` \0", "&lt;&gt;", id="odd ends are text"),
    ],
)
def test_mrkdwn_is_shown_as_slack_would(text: str, html: str) -> None:
    assert html in mrkdwn(text)


@pytest.mark.parametrize(
    ("block", "html"),
    [
        pytest.param({"type": "divider"}, "<hr>", id="a divider"),
        pytest.param(
            {"type": "header", "text": {"type": "plain_text", "text": "*a* <b>"}}, "*a* &lt;b&gt;", id="a header is plain"
        ),
        pytest.param(
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*a*"}]}, '<div class="fields"><div><b>a</b>', id="fields"
        ),
        pytest.param(
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "_a_"}]}, "<span><i>a</i></span>", id="a context"
        ),
        pytest.param(
            {
                "type": "actions",
                "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Go"}, "url": "http://x/"}],
            },
            'href="http://x/"',
            id="a button with an address is a link",
        ),
        pytest.param(
            {
                "type": "actions",
                "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Go"}, "url": "data:x"}],
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


async def test_the_slack_page_shows_messages_edits_mentions_and_threads(client: AsyncWebClient, slack: SlackSandbox) -> None:
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


async def test_hostile_text_does_nothing_on_the_slack_page(client: AsyncWebClient, slack: SlackSandbox) -> None:
    attachments = [{"color": '"><script>', "text": HOSTILE, "title": HOSTILE}]
    await client.chat_postMessage(channel="#alerts", text=HOSTILE, attachments=attachments)
    page = await get(f"{slack.page_url}fragment")
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert "49" not in page


async def test_the_pagerduty_page_shows_an_incident_with_details_and_log(events: Events, pagerduty: PagerDutySandbox) -> None:
    payload = {"summary": "checkout is down", "source": "node-1", "severity": "warning", "custom_details": {"pods": ["p1"]}}
    links = [{"href": "https://runbook.example/x", "text": "Runbook"}]
    await events.send("trigger", "key-1", payload=payload, links=links, client="gateway", client_url="http://g/")
    await events.send("acknowledge", "key-1")
    page = await get(pagerduty.page_url)
    for shown in ("acknowledged", "low urgency", "payments", "checkout is down", "Runbook", "key-1", "p1", "paged on call"):
        assert shown in page


async def test_hostile_text_does_nothing_on_the_pagerduty_page(events: Events, pagerduty: PagerDutySandbox) -> None:
    payload = {"summary": HOSTILE, "source": HOSTILE, "severity": "info", "custom_details": {HOSTILE: HOSTILE}}
    await events.send("trigger", HOSTILE, payload=payload, links=[{"href": "javascript:alert(1)", "text": HOSTILE}])
    await events.send("resolve", HOSTILE, payload=5)
    page = await get(f"{pagerduty.page_url}fragment")
    assert "<script" not in page
    assert 'href="javascript' not in page


async def test_empty_pages_say_so(slack: SlackSandbox, pagerduty: PagerDutySandbox) -> None:
    assert "Nothing was said" in await get(slack.page_url)
    assert "Nobody was woken" in await get(pagerduty.page_url)
