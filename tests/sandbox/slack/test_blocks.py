"""Block Kit's limits as the local Slack enforces them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from gateway.sandbox.slack.arguments import SlackError
from gateway.sandbox.slack.blocks import check_blocks
from tests.sandbox.clients import refusal

FIXTURES = Path(__file__).parents[3] / "../shared/data/specs/slack/blockkit_fixtures.json"


def plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, object]:
    return {"type": "mrkdwn", "text": text}


def section(length: int = 10, **more: object) -> dict[str, object]:
    return {"type": "section", "text": mrkdwn("x" * length), **more}


def button(**more: object) -> dict[str, object]:
    return {"type": "actions", "elements": [{"type": "button", "text": plain("go"), **more}]}


def context(count: int) -> dict[str, object]:
    return {"type": "context", "elements": [mrkdwn("x")] * count}


def fields(count: int, length: int = 1) -> dict[str, object]:
    return {"type": "section", "fields": [mrkdwn("x" * length)] * count}


AT_THE_LIMIT = [
    pytest.param([section()] * 50, id="50 blocks"),
    pytest.param([section(3_000)], id="a section of 3,000"),
    pytest.param([section(3_000)] * 4 + [section(1_000)], id="13,000 characters in all"),
    pytest.param([fields(5, 2_000)], id="fields of 2,000"),
    pytest.param([fields(10)], id="10 fields"),
    pytest.param([{"type": "header", "text": plain("🔥" * 150)}], id="a header of 150 code points"),
    pytest.param([context(10)], id="10 context elements"),
    pytest.param(
        [button(text=plain("x" * 75), url="https://x/" + "x" * 2_990, action_id="x" * 255)],
        id="a button to the brim",
    ),
    pytest.param([section(block_id="a"), section(block_id="b")], id="different block ids"),
]
BEYOND = [
    pytest.param([section()] * 51, "/blocks", id="51 blocks"),
    pytest.param([section(3_001)], "/blocks/0/text/text", id="a section of 3,001"),
    pytest.param([section(0)], "/blocks/0/text/text", id="an empty section"),
    pytest.param([{"type": "section"}], "/blocks/0", id="a section without text"),
    pytest.param([section(text="x")], "/blocks/0", id="a section whose text is no object"),
    pytest.param([fields(11)], "/blocks/0/fields", id="11 fields"),
    pytest.param([fields(1, 2_001)], "/blocks/0/fields/0/text", id="a field of 2,001"),
    pytest.param([{"type": "header", "text": plain("x" * 151)}], "/blocks/0/text/text", id="a header of 151"),
    pytest.param([{"type": "header", "text": mrkdwn("x")}], "/blocks/0/text/type", id="a header in mrkdwn"),
    pytest.param([{"type": "header"}], "/blocks/0", id="a header without text"),
    pytest.param([context(11)], "/blocks/0/elements", id="11 context elements"),
    pytest.param([context(0)], "/blocks/0/elements", id="no context elements"),
    pytest.param(
        [button(text=plain("x" * 76))], "/blocks/0/elements/0/text/text", id="a button's text of 76"
    ),
    pytest.param(
        [button(url="https://x/" + "x" * 2_991)], "/blocks/0/elements/0/url", id="a button's url of 3,001"
    ),
    pytest.param([button(value="x" * 2_001)], "/blocks/0/elements/0/value", id="a button's value of 2,001"),
    pytest.param([button(action_id="x" * 256)], "/blocks/0/elements/0/action_id", id="an action id of 256"),
    pytest.param(
        [button(confirm={"title": plain("x" * 101)})],
        "/confirm/title/text",
        id="a confirmation's title of 101",
    ),
    pytest.param([section(block_id="x" * 256)], "/blocks/0/block_id", id="a block id of 256"),
    pytest.param([section(block_id="a")] * 2, "/blocks/1/block_id", id="a block id twice"),
    pytest.param([{"type": "image", "image_url": "https://x/"}], "/blocks/0", id="an image without words"),
    pytest.param([{"type": "marquee"}], "/blocks/0/type", id="a block that Slack does not have"),
]


@pytest.mark.parametrize("blocks", AT_THE_LIMIT)
def test_blocks_at_the_limit_are_taken(blocks: list[object]) -> None:
    check_blocks(blocks)


@pytest.mark.parametrize(("blocks", "place"), BEYOND)
def test_blocks_beyond_a_limit_are_refused_with_the_place(blocks: list[object], place: str) -> None:
    with pytest.raises(SlackError, match="invalid_blocks") as caught:
        check_blocks(blocks)
    assert any(place in detail for detail in caught.value.details)


async def test_the_text_of_all_blocks_has_a_cap_of_its_own(client: AsyncWebClient) -> None:
    blocks = [section(3_000)] * 4 + [section(1_001)]
    assert (
        await refusal(client.chat_postMessage(channel="#alerts", text="x", blocks=blocks))
        == "msg_blocks_too_long"
    )


async def test_the_answer_says_where_a_block_is_wrong(client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="#alerts", text="x", blocks=[section(3_001)])
    (said,) = caught.value.response["response_metadata"]["messages"]
    assert said == "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"


async def test_blocks_inside_attachments_are_checked_too(client: AsyncWebClient) -> None:
    attachments = [{"color": "#ff0000", "fallback": "x", "blocks": [section(3_001)]}]
    assert (
        await refusal(client.chat_postMessage(channel="#alerts", attachments=attachments)) == "invalid_blocks"
    )


@pytest.mark.skipif(not FIXTURES.exists(), reason="the recorded fixtures are not here")
def test_every_recorded_valid_block_is_taken() -> None:
    recorded = json.loads(FIXTURES.read_text())["valid"]
    blocks = [one["json"] for one in recorded if one["kind"] == "blocks"]
    for block in blocks:
        check_blocks(block if isinstance(block, list) else [block])
    assert len(blocks) > 20
