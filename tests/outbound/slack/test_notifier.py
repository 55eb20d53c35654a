"""Slack on a bad day: refused content, skewed clocks, threads that are gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model.ledger import Endpoint, MessageRef, Note, NotifiedState
from gateway.model.notification import Answer, Delivered, Found, Refused, Unanswered
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.sandbox import Fault, FaultKind, SlackSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.outbound.notifications import HOSTILE, line, notification
from tests.support.patience import PATIENCE

CHAT = Endpoint("slack", "#alerts", "SLACK_BOT_TOKEN", "")


SINCE = 1_800_000_000_000


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    async with SlackSandbox.start(now=lambda: datetime.fromtimestamp(SINCE / 1000, UTC)) as vendor:
        yield vendor


@pytest.fixture
async def notifier(slack: SlackSandbox) -> AsyncIterator[SlackNotifier]:
    made = SlackNotifier(slack.url, timeout=PATIENCE)
    yield made
    await made.aclose()


@pytest.fixture
async def hurried(slack: SlackSandbox) -> AsyncIterator[SlackNotifier]:
    """Asks a Slack that will not answer."""
    made = SlackNotifier(slack.url, timeout=0.5)
    yield made
    await made.aclose()


async def post(notifier: SlackNotifier, attempt: str = "a1", token: str = DEFAULT_TOKEN) -> Answer:
    return await notifier.notify(CHAT, token, notification(), attempt=attempt, message_ref=None)


async def posted(notifier: SlackNotifier, attempt: str = "a1") -> MessageRef:
    answer = await post(notifier, attempt)
    assert isinstance(answer, Delivered)
    return answer.message_ref


def calls(slack: SlackSandbox, method: str) -> int:
    return sum(call.method == method for call in slack.calls)


async def test_a_hostile_telling_calls_nobody(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    hostile = notification(
        title=HOSTILE,
        where={HOSTILE: HOSTILE},
        lines=(line(HOSTILE, labels={"a": HOSTILE}, summary=HOSTILE),) * 3,
    )
    assert isinstance(
        await notifier.notify(CHAT, DEFAULT_TOKEN, hostile, attempt="a", message_ref=None), Delivered
    )
    message = slack.messages("alerts")[0]
    assert (message.notified, message.blocks != []) == ((), True)


async def test_a_page_calls_whom_it_should(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    paging = notification(page=True, mentions=("@here", "S012345678"))
    await notifier.notify(CHAT, DEFAULT_TOKEN, paging, attempt="a", message_ref=None)
    assert slack.messages("alerts")[0].notified == ("@here", "S012345678")


async def test_a_telling_and_its_plain_repeat_share_their_time(
    slack: SlackSandbox, hurried: SlackNotifier
) -> None:
    slack.faults.add(Fault(FaultKind.ERROR, error="invalid_blocks", count=1), Fault(FaultKind.HANG))
    assert await post(hurried) == Unanswered("timeout")


async def test_what_was_told_to_the_log_is_posted_anew(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    answer = await notifier.notify(
        CHAT, DEFAULT_TOKEN, notification(), attempt="a", message_ref=MessageRef("log-123")
    )
    assert (isinstance(answer, Refused) and answer.gone, len(slack.calls)) == (True, 0)


async def test_a_message_of_another_bot_cannot_be_edited(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    message_ref = await posted(notifier)
    slack.faults.add(Fault(FaultKind.ERROR, method="chat.update", error="cant_update_message"))
    answer = await notifier.notify(CHAT, DEFAULT_TOKEN, notification(), attempt="b", message_ref=message_ref)
    assert answer == Refused("uneditable", "cant_update_message", gone=True)


async def test_the_thread_of_the_message_before_leads_to_the_newer_one(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    left, newer = await posted(notifier, "old"), await posted(notifier, "new")
    title = "DiskFull · <!channel>/db-0"
    assert isinstance(await notifier.lead_on(CHAT, DEFAULT_TOKEN, left, newer, title), Delivered)
    before, after = slack.messages("alerts")
    (reply,) = before.replies
    assert reply.text.startswith(
        "↪ DiskFull · &lt;!channel&gt;/db-0: this message can no longer be edited, it goes on "
    )
    assert after.ts in reply.text
    assert after.replies == []


async def test_without_a_link_the_thread_still_says_that_it_goes_on(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    left, newer = await posted(notifier, "old"), await posted(notifier, "new")
    slack.faults.add(Fault(FaultKind.ERROR, method="chat.getPermalink", error="message_not_found"))
    assert isinstance(await notifier.lead_on(CHAT, DEFAULT_TOKEN, left, newer, "DiskFull"), Delivered)
    assert (
        "DiskFull: this message can no longer be edited, it goes on in a newer one"
        in slack.messages("alerts")[0].replies[0].text
    )


async def test_a_message_that_is_posted_anew_calls_nobody_again(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    paging = notification(page=True, mentions=("@here",), called=True)
    await notifier.notify(CHAT, DEFAULT_TOKEN, paging, attempt="a", message_ref=None)
    assert slack.messages("alerts")[0].notified == ()


async def test_an_edit_keeps_the_attempt_by_which_the_message_is_found(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    message_ref = await posted(notifier, "first")
    await notifier.notify(
        CHAT,
        DEFAULT_TOKEN,
        notification(state=NotifiedState.ENDED),
        attempt="second",
        message_ref=message_ref,
    )
    found = await notifier.look(
        CHAT, DEFAULT_TOKEN, attempts=("first", "second"), since=SINCE, message_ref=None
    )
    assert found == Found({"first": message_ref})


@pytest.mark.parametrize("skew", [timedelta(minutes=-1), timedelta(minutes=5)])
async def test_a_vendor_whose_clock_is_wrong_is_read_back_all_the_same(skew: timedelta) -> None:
    async with SlackSandbox.start(now=lambda: datetime.fromtimestamp(SINCE / 1000, UTC) + skew) as vendor:
        notifier = SlackNotifier(vendor.url)
        message_ref = await posted(notifier)
        assert await notifier.look(
            CHAT, DEFAULT_TOKEN, attempts=("a1",), since=SINCE, message_ref=None
        ) == Found({"a1": message_ref})
        await notifier.aclose()


async def test_a_cut_reply_is_found_in_its_thread(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    message_ref = await posted(notifier)
    slack.faults.add(Fault(FaultKind.CUT_AFTER, method="chat.postMessage", count=1))
    answer = await notifier.reply(
        CHAT, DEFAULT_TOKEN, (Note("worse"),), attempt="r", message_ref=message_ref, edits=None, mentions=()
    )
    assert isinstance(answer, Unanswered)
    found = await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("r",), since=SINCE, message_ref=message_ref)
    assert isinstance(found, Found)
    assert found.message_refs["r"].id == slack.messages("alerts")[0].live_replies[0].ts


async def test_a_thread_that_is_gone_holds_no_reply(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    message_ref = await posted(notifier)
    await notifier.withdraw(CHAT, DEFAULT_TOKEN, message_ref)
    assert await notifier.look(
        CHAT, DEFAULT_TOKEN, attempts=("r",), since=SINCE, message_ref=message_ref
    ) == Found({})


async def test_a_channel_that_nobody_finds_holds_nothing(notifier: SlackNotifier) -> None:
    nowhere = Endpoint("slack", "#nowhere", "SLACK_BOT_TOKEN", "")
    assert await notifier.look(
        nowhere, DEFAULT_TOKEN, attempts=("a",), since=SINCE, message_ref=None
    ) == Found({})


async def test_a_channels_name_is_looked_up_once_and_again_when_it_is_gone(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    for _ in range(2):
        await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("a",), since=SINCE, message_ref=None)
    assert calls(slack, "conversations.list") == 1
    slack.faults.add(
        Fault(FaultKind.ERROR, method="conversations.history", error="channel_not_found", count=1)
    )
    for _ in range(2):
        await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("a",), since=SINCE, message_ref=None)
    assert calls(slack, "conversations.list") == 2


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault(FaultKind.HANG), Unanswered("timeout"), id="silence"),
        pytest.param(Fault(FaultKind.RATE_LIMIT, retry_after=3), Refused("rate_limited", retry_after=3_000), id="too often"),
        pytest.param(Fault(FaultKind.RATE_LIMIT, retry_after=0), Refused("rate_limited"), id="too often, and for how long is not said"),
        pytest.param(Fault(FaultKind.ERROR, error="missing_scope"), Refused("auth", "missing_scope", permanent=True), id="not allowed"),
    ],
)  # fmt: skip
async def test_a_read_back_that_fails_finds_nothing_out(
    slack: SlackSandbox, notifier: SlackNotifier, hurried: SlackNotifier, fault: Fault, expected: Answer
) -> None:
    slack.faults.add(fault)
    asked = hurried if fault.kind is FaultKind.HANG else notifier
    assert await asked.look(CHAT, DEFAULT_TOKEN, attempts=("a",), since=SINCE, message_ref=None) == expected


async def test_a_message_is_posted_edited_and_answered_in_its_thread(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    answer = await post(notifier)
    assert isinstance(answer, Delivered)
    assert isinstance(
        await notifier.notify(
            CHAT,
            DEFAULT_TOKEN,
            notification(state=NotifiedState.ENDED),
            attempt="a2",
            message_ref=answer.message_ref,
        ),
        Delivered,
    )
    said = await notifier.reply(
        CHAT,
        DEFAULT_TOKEN,
        (Note("Worse", broadcast=True, mention=True),),
        attempt="a3",
        message_ref=answer.message_ref,
        edits=None,
        mentions=("@here",),
    )
    message = slack.messages("alerts")[0]
    assert said == Delivered(MessageRef(message.live_replies[0].ts, answer.message_ref.channel))
    assert (message.edits, "Resolved" in message.text, message.live_replies[0].text) == (
        1,
        True,
        "<!here>\nWorse",
    )
    assert message.live_replies[0].broadcast


async def test_attempts_are_found_again_in_the_channel_and_in_a_thread(notifier: SlackNotifier) -> None:
    answer = await post(notifier, "a1")
    assert isinstance(answer, Delivered)
    await notifier.reply(
        CHAT,
        DEFAULT_TOKEN,
        (Note("x"),),
        attempt="a2",
        message_ref=answer.message_ref,
        edits=None,
        mentions=(),
    )
    since = int(float(answer.message_ref.id) * 1000)
    found = await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("a1", "zz"), since=since, message_ref=None)
    assert found == Found({"a1": answer.message_ref})
    found = await notifier.look(
        CHAT, DEFAULT_TOKEN, attempts=("a2",), since=since, message_ref=answer.message_ref
    )
    assert isinstance(found, Found)
    assert set(found.message_refs) == {"a2"}


async def test_an_extra_message_is_withdrawn_and_one_that_is_gone_is_fine(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    answer = await post(notifier)
    assert isinstance(answer, Delivered)
    for _ in range(2):
        assert isinstance(await notifier.withdraw(CHAT, DEFAULT_TOKEN, answer.message_ref), Delivered)
    assert slack.messages("alerts")[0].deleted


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault(FaultKind.STATUS, status=503), Unanswered("server_error", "HTTP 503"), id="5xx is unanswered"),
        pytest.param(Fault(FaultKind.RATE_LIMIT, retry_after=7), Refused("rate_limited", retry_after=7_000), id="429 says when to come again"),
        pytest.param(Fault(FaultKind.ERROR, error="fatal_error"), Unanswered("server_error", "fatal_error"), id="fatal_error may have been done"),
        pytest.param(Fault(FaultKind.ERROR, error="is_archived"), Refused("not_found", "is_archived", permanent=True), id="an archived channel is for good"),
        pytest.param(Fault(FaultKind.ERROR, error="token_revoked"), Refused("auth", "token_revoked", permanent=True), id="a revoked token is for good"),
        pytest.param(Fault(FaultKind.HANG), Unanswered("timeout"), id="silence is unanswered"),
    ],
)  # fmt: skip
async def test_what_slacks_answers_mean(
    slack: SlackSandbox, notifier: SlackNotifier, hurried: SlackNotifier, fault: Fault, expected: Answer
) -> None:
    slack.faults.add(fault)
    assert await post(hurried if fault.kind is FaultKind.HANG else notifier) == expected


@pytest.mark.parametrize("kind", [FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER])
async def test_a_cut_connection_is_unanswered(
    slack: SlackSandbox, notifier: SlackNotifier, kind: FaultKind
) -> None:
    slack.faults.add(Fault(kind, count=1))
    answer = await post(notifier)
    assert isinstance(answer, Unanswered)
    assert len(slack.messages("alerts")) == (kind is FaultKind.CUT_AFTER), (
        "nothing was sent again behind our back"
    )


async def test_a_message_whose_blocks_are_refused_is_told_as_text(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    slack.faults.add(Fault(FaultKind.ERROR, error="invalid_blocks", count=2))
    shown = notification(title="*all* of `web`")
    answer = await notifier.notify(CHAT, DEFAULT_TOKEN, shown, attempt="a1", message_ref=None)
    assert isinstance(answer, Delivered)
    (message,) = slack.messages("alerts")
    assert message.blocks == []
    assert "*\u200aall* of ˋwebˋ" in message.text, "what a value says is dressed up by nothing"


async def test_a_message_that_cannot_be_edited_any_more_is_gone(notifier: SlackNotifier) -> None:
    answer = await notifier.notify(
        CHAT, DEFAULT_TOKEN, notification(), attempt="a", message_ref=MessageRef("1.000001", "C404")
    )
    assert isinstance(answer, Refused)
    found = await post(notifier)
    assert isinstance(found, Delivered)
    answer = await notifier.notify(
        CHAT,
        DEFAULT_TOKEN,
        notification(),
        attempt="a",
        message_ref=MessageRef("1.000001", found.message_ref.channel),
    )
    assert answer == Refused("gone", "message_not_found", gone=True)


async def test_no_token_stands_in_an_answer(notifier: SlackNotifier) -> None:
    for token in ("xoxb-very-secret-token", "xoxb-sécret"):
        assert "secret" not in str(await post(notifier, token=token))


async def test_nobody_at_the_other_end_is_certainly_not_sent() -> None:
    async with SlackSandbox.start() as vendor:
        url = vendor.url
    notifier = SlackNotifier(url, timeout=PATIENCE)
    assert await post(notifier) == Refused("unavailable", "no connection")
    await notifier.aclose()


async def test_a_reply_is_edited_in_place_and_calls_nobody(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    message_ref = await posted(notifier)
    first = await notifier.reply(
        CHAT,
        DEFAULT_TOKEN,
        (Note("2nd time"),),
        attempt="r",
        message_ref=message_ref,
        edits=None,
        mentions=(),
    )
    assert isinstance(first, Delivered)
    again = await notifier.reply(
        CHAT,
        DEFAULT_TOKEN,
        (Note("3rd time"),),
        attempt="s",
        message_ref=message_ref,
        edits=first.message_ref,
        mentions=("@here",),
    )
    (message,) = slack.messages("alerts")
    assert again == first
    assert [(reply.text, reply.edits) for reply in message.live_replies] == [("3rd time", 1)]
