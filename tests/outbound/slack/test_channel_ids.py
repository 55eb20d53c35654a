"""A channel is posted to by what the rules call it, and found again whatever was done to it meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.model.ledger import Endpoint, MessageRef, Note, NotifiedState
from gateway.model.notification import Answer, Delivered, Found, Refused
from gateway.outbound.slack.channel_ids import is_channel_id, is_user_id
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.sandbox import Fault, FaultKind, SlackSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.outbound.notifications import notification

SINCE = 0


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    async with SlackSandbox.start(channels=("ops", "general")) as vendor:
        yield vendor


@pytest.fixture
async def notifier(slack: SlackSandbox) -> AsyncIterator[SlackNotifier]:
    made = SlackNotifier(slack.url)
    yield made
    await made.aclose()


def endpoint(address: str) -> Endpoint:
    return Endpoint("slack", address, "SLACK_BOT_TOKEN", "")


async def told(
    notifier: SlackNotifier, address: str, attempt: str = "a1", ref: MessageRef | None = None, **more: object
) -> Answer:
    return await notifier.notify(
        endpoint(address), DEFAULT_TOKEN, notification(**more), attempt=attempt, message_ref=ref
    )


async def looked(notifier: SlackNotifier, address: str, attempt: str = "a1") -> object:
    return await notifier.look(
        endpoint(address), DEFAULT_TOKEN, attempts=(attempt,), since=SINCE, message_ref=None
    )


def made_anew(slack: SlackSandbox) -> str:
    """Rename `#ops`, archive it and make another one; return the id of the new one."""
    old = slack.channel("ops")
    old.name, old.archived = "ops-old", True
    return slack.add_channel("ops").id


def test_ids_are_told_from_names() -> None:
    assert [is_channel_id(text) for text in ("C024BE91L", "G012AB3CD", "D0123", "ops", "#C024BE91L", "CI")] == [True, True, True, False, False, True]  # fmt: skip
    assert [is_user_id(text) for text in ("U024BE7LH", "W012A3CDE", "u024", "C024BE91L")] == [True, True, False, False]  # fmt: skip


@pytest.mark.parametrize("address", ["#ops", "ops"])
async def test_the_next_message_goes_to_the_channel_that_has_the_name_now(
    slack: SlackSandbox, notifier: SlackNotifier, address: str
) -> None:
    await told(notifier, address)
    new = made_anew(slack)
    answer = await told(notifier, address, "a2")
    assert isinstance(answer, Delivered)
    assert answer.message_ref.channel == new


@pytest.mark.parametrize("address", ["#ops", "ops"])
async def test_an_unanswered_post_is_found_in_the_channel_that_has_the_name_now(
    slack: SlackSandbox, notifier: SlackNotifier, address: str
) -> None:
    await told(notifier, address)
    new = made_anew(slack)
    slack.faults.add(Fault(FaultKind.CUT_AFTER, method="chat.postMessage", count=1))
    await told(notifier, address, "a2")
    found = await looked(notifier, address, "a2")
    assert isinstance(found, Found)
    assert found.message_refs["a2"].channel == new


@pytest.mark.parametrize("address", ["#ops", "ops"])
async def test_a_message_whose_channel_has_another_id_is_posted_anew_by_its_name(
    slack: SlackSandbox, notifier: SlackNotifier, address: str
) -> None:
    first = await told(notifier, address)
    assert isinstance(first, Delivered)
    channel = slack.channels.pop(first.message_ref.channel)
    channel.id = "C0MIGRATED"
    slack.channels["C0MIGRATED"] = channel
    ended = await told(notifier, address, "a2", first.message_ref, state=NotifiedState.ENDED)
    assert ended == Refused("gone", "channel_not_found", gone=True)
    replied = await notifier.reply(
        endpoint(address), DEFAULT_TOKEN, (Note("Resolved"),), attempt="a3", message_ref=first.message_ref, edits=None, mentions=()
    )  # fmt: skip
    assert replied == Refused("gone", "channel_not_found", gone=True)
    assert isinstance(await told(notifier, address, "a4", state=NotifiedState.ENDED), Delivered)


@pytest.mark.parametrize("address", ["#ops", "ops"])
async def test_a_bot_that_is_put_out_of_a_private_channel_for_a_moment_goes_on_with_its_message(
    slack: SlackSandbox, notifier: SlackNotifier, address: str
) -> None:
    first = await told(notifier, address)
    assert isinstance(first, Delivered)
    unseen = slack.channels.pop(first.message_ref.channel)
    refused = Refused("not_found", "channel_not_found", permanent=True)
    assert await told(notifier, address, "a2", first.message_ref, firing=2) == refused
    replied = await notifier.reply(
        endpoint(address), DEFAULT_TOKEN, (Note("Worse"),), attempt="a3", message_ref=first.message_ref, edits=None, mentions=()
    )  # fmt: skip
    assert replied == refused
    slack.channels[unseen.id] = unseen
    again = await told(notifier, address, "a4", first.message_ref, state=NotifiedState.ENDED)
    assert isinstance(again, Delivered)
    assert (again.message_ref, len(slack.messages("ops"))) == (first.message_ref, 1)


async def test_a_name_that_cannot_be_looked_up_leaves_the_message_where_it_is(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    first = await told(notifier, "#ops")
    assert isinstance(first, Delivered)
    slack.channel("ops").archived = True
    slack.faults.add(Fault(FaultKind.ERROR, method="conversations.list", error="missing_scope"))
    answer = await told(notifier, "#ops", "a2", first.message_ref)
    assert answer == Refused("not_found", "is_archived", permanent=True)


async def test_a_channel_that_the_rules_name_by_its_id_is_not_looked_for_elsewhere(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    first = await told(notifier, slack.channel("ops").id)
    assert isinstance(first, Delivered)
    slack.faults.add(Fault(FaultKind.ERROR, method="chat.update", error="channel_not_found"))
    answer = await told(notifier, first.message_ref.channel, "a2", first.message_ref)
    assert answer == Refused("not_found", "channel_not_found", permanent=True)


async def test_a_user_is_written_to_and_read_back(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    slack.faults.add(Fault(FaultKind.CUT_AFTER, method="chat.postMessage", count=1))
    await told(notifier, "U0ALICE")
    found = await looked(notifier, "U0ALICE")
    assert isinstance(found, Found)
    assert found.message_refs["a1"].channel.startswith("D")
