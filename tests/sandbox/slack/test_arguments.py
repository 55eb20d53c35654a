"""Every class of error of the local Slack, in Slack's own words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from gateway.sandbox import RateLimit, SlackSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN, TIERS
from tests.sandbox.clients import VendorClock, client_of, refusal

TS = "1800000000.000001"


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        pytest.param(
            "chat.postMessage",
            {"channel": "#nowhere", "text": "x"},
            "channel_not_found",
            id="a channel nobody has",
        ),
        pytest.param("chat.postMessage", {"text": "x"}, "channel_not_found", id="no channel at all"),
        pytest.param("chat.postMessage", {"channel": "#alerts"}, "no_text", id="nothing to say"),
        pytest.param(
            "chat.postMessage", {"channel": "#alerts", "blocks": []}, "no_text", id="an empty list of blocks"
        ),
        pytest.param(
            "chat.postMessage",
            {"channel": "#alerts", "blocks": "{oops"},
            "invalid_blocks_format",
            id="blocks that are no JSON",
        ),
        pytest.param(
            "chat.postMessage",
            {"channel": "#alerts", "blocks": ["x"]},
            "invalid_blocks_format",
            id="a block that is no object",
        ),
        pytest.param(
            "chat.postMessage",
            {"channel": "#alerts", "text": "x", "metadata": [1]},
            "invalid_metadata_format",
            id="metadata that is no object",
        ),
        pytest.param(
            "chat.postMessage",
            {"channel": "#alerts", "text": "x", "metadata": {"event_type": "x"}},
            "invalid_metadata_schema",
            id="metadata without a payload",
        ),
        pytest.param(
            "chat.postMessage",
            {"channel": "#alerts", "text": "x", "thread_ts": TS},
            "cannot_reply_to_message",
            id="a thread that is not there",
        ),
        pytest.param(
            "chat.postMessage",
            {"channel": "#alerts", "attachments": [{}] * 101},
            "too_many_attachments",
            id="too many attachments",
        ),
        pytest.param(
            "chat.update",
            {"channel": "#alerts", "ts": TS, "text": "x"},
            "channel_not_found",
            id="an update by name",
        ),
        pytest.param(
            "chat.update",
            {"channel": "C00000001", "ts": TS, "text": "x"},
            "message_not_found",
            id="no such message",
        ),
        pytest.param(
            "chat.delete",
            {"channel": "C00000001", "ts": TS},
            "message_not_found",
            id="a delete of no message",
        ),
        pytest.param(
            "conversations.history", {"channel": "alerts"}, "channel_not_found", id="history by name"
        ),
        pytest.param(
            "conversations.history",
            {"channel": "C00000001", "cursor": "???"},
            "invalid_cursor",
            id="a cursor of nobody",
        ),
        pytest.param(
            "conversations.history",
            {"channel": "C00000001", "cursor": "YWJj"},
            "invalid_cursor",
            id="a cursor of another",
        ),
        pytest.param(
            "conversations.replies",
            {"channel": "C00000001", "ts": TS},
            "thread_not_found",
            id="replies to no message",
        ),
        pytest.param("users.info", {"user": "U1"}, "user_not_found", id="a person nobody knows"),
        pytest.param(
            "chat.scheduleMessage", {"channel": "#alerts"}, "unknown_method", id="a method that is not there"
        ),
    ],
)
async def test_a_refusal_names_its_code(
    client: AsyncWebClient, method: str, arguments: dict[str, object], error: str
) -> None:
    assert await refusal(client.api_call(method, json=arguments)) == error


async def test_a_ts_that_is_none_is_refused_once_there_is_something_to_compare(
    client: AsyncWebClient,
) -> None:
    posted = await client.chat_postMessage(channel="#alerts", text="x")
    asked = client.conversations_history(channel=posted["channel"], oldest="yesterday")
    assert await refusal(asked) == "invalid_ts_oldest"


@pytest.mark.parametrize(
    ("token", "error"),
    [
        pytest.param("", "not_authed", id="without a token nobody is let in"),
        pytest.param("xoxb-wrong", "invalid_auth", id="with a wrong one neither"),
    ],
)
async def test_tokens_are_looked_at(slack: SlackSandbox, token: str, error: str) -> None:
    assert await refusal(client_of(slack, token).auth_test()) == error


async def test_archived_and_foreign_channels_take_no_messages(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    slack.add_channel("old", archived=True)
    slack.add_channel("private", member=False)
    assert await refusal(client.chat_postMessage(channel="#old", text="x")) == "is_archived"
    assert await refusal(client.chat_postMessage(channel="#private", text="x")) == "not_in_channel"


async def test_another_bots_message_cannot_be_changed(client: AsyncWebClient, slack: SlackSandbox) -> None:
    posted = await client_of(slack, "xoxb-other").chat_postMessage(channel="#alerts", text="mine")
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    assert await refusal(client.chat_update(**place, text="x")) == "cant_update_message"
    assert await refusal(client.chat_delete(**place)) == "cant_delete_message"


async def test_a_deleted_message_cannot_be_edited(client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="#alerts", text="x")
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    await client.chat_delete(**place)
    assert await refusal(client.chat_update(**place, text="y")) == "message_not_found"


async def test_an_edit_takes_less_text_than_a_post(client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="#alerts", text="x" * 5_000)
    update = client.chat_update(channel=posted["channel"], ts=posted["ts"], text="x" * 4_001)
    assert await refusal(update) == "msg_too_long"


async def test_a_post_beyond_40000_characters_is_cut(client: AsyncWebClient, slack: SlackSandbox) -> None:
    await client.chat_postMessage(channel="#alerts", text="x" * 40_001)
    assert len(slack.messages("alerts")[0].text) == 40_000


async def test_a_top_level_message_cannot_be_broadcast(client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="#alerts", text="x")
    update = client.chat_update(channel=posted["channel"], ts=posted["ts"], text="y", reply_broadcast=True)
    assert await refusal(update) == "cant_broadcast_message"


async def test_the_edit_window_closes(clock: VendorClock) -> None:
    async with SlackSandbox.start(now=clock, edit_window=timedelta(minutes=5)) as slack:
        client = client_of(slack)
        posted = await client.chat_postMessage(channel="#alerts", text="x")
        clock.move(301)
        update = client.chat_update(channel=posted["channel"], ts=posted["ts"], text="y")
        assert await refusal(update) == "edit_window_closed"


async def test_methods_are_limited_by_their_tiers(clock: VendorClock) -> None:
    async with SlackSandbox.start(now=clock, tiers=TIERS) as slack:
        client = client_of(slack, DEFAULT_TOKEN)
        posted = await client.chat_postMessage(channel="#alerts", text="x")
        for number in range(50):
            await client.chat_update(channel=posted["channel"], ts=posted["ts"], text=f"y{number}")
        with pytest.raises(SlackApiError) as caught:
            await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="z")
        assert caught.value.response.headers["Retry-After"] == "2"
        await client.conversations_history(channel=posted["channel"])
        clock.move(2)
        await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="z")


async def test_a_burst_beyond_the_pace_waits_for_its_channel_alone(clock: VendorClock) -> None:
    async with SlackSandbox.start(now=clock, pace=RateLimit(per_second=1, burst=2)) as slack:
        client = client_of(slack, DEFAULT_TOKEN)
        for _ in range(2):
            await client.chat_postMessage(channel="#alerts", text="x")
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="#alerts", text="x")
        assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "1")
        await client.chat_postMessage(channel="#oncall", text="x")
        clock.move(1)
        await client.chat_postMessage(channel="#alerts", text="x")
