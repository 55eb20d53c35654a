"""Messages, threads, edits and history of the local Slack, driven by slack_sdk."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from gateway.sandbox import SlackSandbox
from tests.sandbox.clients import VendorClock

MARK = {"event_type": "alert_gateway", "event_payload": {"attempt": "a1"}}
SECTION = [{"type": "section", "text": {"type": "mrkdwn", "text": "see <!channel>"}}]


async def post(client: AsyncWebClient, text: str = "hello", **more: object) -> tuple[str, str]:
    answer = await client.chat_postMessage(channel="#alerts", text=text, **more)
    return str(answer["channel"]), str(answer["ts"])


async def texts(client: AsyncWebClient, channel: str, **more: object) -> list[str]:
    answer = await client.conversations_history(channel=channel, **more)
    return [message["text"] for message in answer["messages"]]


async def test_a_post_answers_the_channels_id_and_a_ts_that_history_knows(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    channel, ts = await post(client)
    assert channel == slack.channel("alerts").id
    history = await client.conversations_history(channel=channel)
    assert [message["ts"] for message in history["messages"]] == [ts]


async def test_two_messages_of_one_instant_have_different_ts(client: AsyncWebClient) -> None:
    assert (await post(client))[1] < (await post(client))[1]


async def test_ts_follows_the_vendors_clock_and_never_goes_back(
    client: AsyncWebClient, clock: VendorClock
) -> None:
    _, first = await post(client)
    clock.move(-3600)
    _, second = await post(client)
    assert float(first) == clock.at.timestamp() + 3600
    assert second > first


async def test_an_edit_counts_and_keeps_blocks_and_metadata(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    channel, ts = await post(client, blocks=SECTION, metadata=MARK)
    await client.chat_update(channel=channel, ts=ts, text="new")
    (message,) = slack.messages("alerts")
    assert (message.text, message.edits, message.blocks, message.metadata) == ("new", 1, SECTION, MARK)


async def test_an_empty_object_takes_the_metadata_away(client: AsyncWebClient, slack: SlackSandbox) -> None:
    channel, ts = await post(client, metadata=MARK)
    await client.chat_update(channel=channel, ts=ts, text="new", metadata={})
    assert slack.messages("alerts")[0].metadata is None


async def test_metadata_is_shown_only_when_asked_for(client: AsyncWebClient) -> None:
    channel, _ = await post(client, metadata=MARK)
    without = await client.conversations_history(channel=channel)
    with_it = await client.conversations_history(channel=channel, include_all_metadata=True)
    assert "metadata" not in without["messages"][0]
    assert with_it["messages"][0]["metadata"] == MARK


async def test_a_reply_is_in_the_thread_and_not_in_the_channel(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    channel, ts = await post(client)
    await post(client, "reply", thread_ts=ts)
    replies = await client.conversations_replies(channel=channel, ts=ts)
    assert [message["text"] for message in replies["messages"]] == ["hello", "reply"]
    assert await texts(client, channel) == ["hello"]
    assert [reply.text for reply in slack.messages("alerts")[0].replies] == ["reply"]


async def test_a_broadcast_reply_is_in_the_channel_too(client: AsyncWebClient) -> None:
    channel, ts = await post(client)
    await post(client, "reply", thread_ts=ts, reply_broadcast=True)
    assert await texts(client, channel) == ["reply", "hello"]


async def test_a_reply_to_a_reply_joins_the_same_thread(client: AsyncWebClient) -> None:
    channel, ts = await post(client)
    _, reply = await post(client, "one", thread_ts=ts)
    await post(client, "two", thread_ts=reply)
    answer = await client.conversations_replies(channel=channel, ts=reply)
    assert [message["text"] for message in answer["messages"]] == ["hello", "one", "two"]


async def test_a_deleted_message_is_gone_for_people_and_kept_for_assertions(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    channel, ts = await post(client)
    await client.chat_delete(channel=channel, ts=ts)
    assert await texts(client, channel) == []
    assert slack.messages("alerts")[0].deleted


async def test_a_deleted_message_with_replies_leaves_a_tombstone(client: AsyncWebClient) -> None:
    channel, ts = await post(client)
    await post(client, "reply", thread_ts=ts)
    await client.chat_delete(channel=channel, ts=ts)
    history = await client.conversations_history(channel=channel)
    assert [message["subtype"] for message in history["messages"]] == ["tombstone"]


async def test_history_is_paged_newest_first_and_new_messages_shift_nothing(client: AsyncWebClient) -> None:
    for number in range(5):
        channel, _ = await post(client, str(number))
    first = await client.conversations_history(channel=channel, limit=2)
    await post(client, "late")
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_history(channel=channel, limit=10, cursor=cursor)
    seen = [message["text"] for answer in (first, second) for message in answer["messages"]]
    assert (seen, first["has_more"], second["has_more"]) == (["4", "3", "2", "1", "0"], True, False)


async def test_oldest_and_latest_leave_their_own_ts_out_unless_inclusive(client: AsyncWebClient) -> None:
    sent = [await post(client, str(number)) for number in range(4)]
    channel, bounds = sent[0][0], {"oldest": sent[0][1], "latest": sent[3][1]}
    assert await texts(client, channel, **bounds) == ["2", "1"]
    assert await texts(client, channel, **bounds, inclusive=True) == ["3", "2", "1", "0"]


async def test_mentions_are_recorded_from_text_and_blocks_once_each(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    await post(client, "<!here> <@U0ALICE> <!subteam^S0PAY|@payments> <@U0ALICE>", blocks=SECTION)
    assert slack.messages("alerts")[0].notified == ("@here", "U0ALICE", "S0PAY", "@channel")


async def test_mentions_in_attachments_are_found(client: AsyncWebClient, slack: SlackSandbox) -> None:
    await post(client, attachments=[{"text": "<!here>", "fields": [{"title": "who", "value": "<@U0BOB>"}]}])
    assert slack.messages("alerts")[0].notified == ("@here", "U0BOB")


async def test_escaped_and_plain_mentions_notify_nobody(client: AsyncWebClient, slack: SlackSandbox) -> None:
    header = [{"type": "header", "text": {"type": "plain_text", "text": "<!channel>"}}]
    await post(client, "&lt;!here&gt; @here", blocks=header)
    assert slack.messages("alerts")[0].notified == ()


async def test_link_names_makes_a_bare_mention_real(client: AsyncWebClient, slack: SlackSandbox) -> None:
    await post(client, "@here mail a@here.example", link_names=True)
    assert slack.messages("alerts")[0].notified == ("@here",)


async def test_an_edit_notifies_nobody(client: AsyncWebClient, slack: SlackSandbox) -> None:
    channel, ts = await post(client)
    await client.chat_update(channel=channel, ts=ts, text="<!here>")
    assert slack.messages("alerts")[0].notified == ()


async def test_channels_are_listed_in_pages(client: AsyncWebClient, slack: SlackSandbox) -> None:
    slack.add_channel("#old", archived=True)
    first = await client.conversations_list(limit=1, exclude_archived=True)
    second = await client.conversations_list(
        limit=1, exclude_archived=True, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [answer["channels"][0]["name"] for answer in (first, second)] == ["alerts", "oncall"]
    assert second["response_metadata"]["next_cursor"] == ""


async def test_the_small_methods_answer_who_where_and_what(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    channel, ts = await post(client)
    assert (await client.auth_test())["bot_id"] == "B0GATEWAY"
    assert (await client.users_info(user="U0ALICE"))["user"]["real_name"] == "Alice Moreau"
    assert (await client.conversations_info(channel=channel))["channel"]["name"] == "alerts"
    link = await client.chat_getPermalink(channel=channel, message_ts=ts)
    assert link["permalink"].startswith(slack.page_url)


async def test_a_form_body_with_json_strings_means_the_same(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    form = {
        "channel": "alerts",
        "text": "hi",
        "blocks": '[{"type": "divider"}]',
        "metadata": '{"event_type": "x", "event_payload": {}}',
    }
    await client.api_call("chat.postMessage", data=form)
    (message,) = slack.messages("alerts")
    assert (message.blocks, message.metadata) == (
        [{"type": "divider"}],
        {"event_type": "x", "event_payload": {}},
    )


async def test_the_log_of_calls_tells_what_came_and_what_became_of_it(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    await post(client)
    (call,) = slack.calls
    assert (call.method, call.arguments["text"], call.outcome, call.fault) == (
        "chat.postMessage",
        "hello",
        "ok",
        None,
    )
    assert "token" not in call.arguments
