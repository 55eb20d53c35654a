"""Slack on a bad day: strange answers, skewed clocks, threads that are gone, long channels, proxies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.model.ledger import Endpoint, MessageRef, Note, NotifiedState
from gateway.model.notification import Answer, Delivered, Found, Refused, Unanswered
from gateway.outbound.slack import client as slack_calls
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.sandbox import Fault, FaultKind, SlackSandbox
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.outbound.notifications import HOSTILE, line, notification

CHAT = Endpoint("slack", "#alerts", "SLACK_BOT_TOKEN", "")
SINCE = 1_800_000_000_000


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    async with SlackSandbox.start(now=lambda: datetime.fromtimestamp(SINCE / 1000, UTC)) as vendor:
        yield vendor


@pytest.fixture
async def notifier(slack: SlackSandbox) -> AsyncIterator[SlackNotifier]:
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


@pytest.mark.parametrize(
    "strange",
    [
        pytest.param(lambda: PlainTextResponse("upstream says hello"), id="plain text with 200"),
        pytest.param(lambda: Response("{", media_type="application/json"), id="broken JSON"),
        pytest.param(lambda: Response(b'{"ok": "\xff"}', media_type="application/json"), id="JSON in no known encoding"),
        pytest.param(lambda: JSONResponse(["ok"]), id="a JSON list"),
        pytest.param(lambda: JSONResponse({"ok": True}), id="an ok that names no message"),
        pytest.param(lambda: Response("<html>", media_type="text/html"), id="a proxy's page"),
        pytest.param(lambda: Response(status_code=302, headers={"location": "/nowhere"}), id="a redirect"),
    ],
)
async def test_an_answer_that_is_not_slacks_is_no_answer(strange: Callable[[], Response]) -> None:
    app = Starlette(routes=[Route("/api/chat.postMessage", lambda _: strange(), methods=["POST"])])
    server = LocalServer()
    async with server.running(app, 0):
        notifier = SlackNotifier(f"{server.url}/api", timeout=2)
        assert isinstance(await post(notifier), Unanswered)
        await notifier.aclose()


async def test_a_hostile_telling_calls_nobody(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    hostile = notification(
        title=HOSTILE, where={HOSTILE: HOSTILE}, lines=(line(HOSTILE, labels={"a": HOSTILE}, summary=HOSTILE),) * 3
    )
    assert isinstance(await notifier.notify(CHAT, DEFAULT_TOKEN, hostile, attempt="a", message_ref=None), Delivered)
    message = slack.messages("alerts")[0]
    assert (message.notified, message.blocks != []) == ((), True)


async def test_a_page_calls_whom_it_should(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    paging = notification(page=True, mentions=("@here", "S012345678"))
    await notifier.notify(CHAT, DEFAULT_TOKEN, paging, attempt="a", message_ref=None)
    assert slack.messages("alerts")[0].notified == ("@here", "S012345678")


async def test_content_that_is_refused_twice_is_refused(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    slack.faults.add(Fault(FaultKind.ERROR, error="msg_too_long"))
    assert await post(notifier) == Refused("invalid", "msg_too_long", permanent=True)
    assert calls(slack, "chat.postMessage") == 2


async def test_a_telling_and_its_plain_repeat_share_their_time(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    slack.faults.add(Fault(FaultKind.ERROR, error="invalid_blocks", count=1), Fault(FaultKind.HANG))
    assert await post(notifier) == Unanswered("timeout")


async def test_what_was_told_to_the_log_is_posted_anew(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    answer = await notifier.notify(CHAT, DEFAULT_TOKEN, notification(), attempt="a", message_ref=MessageRef("log-123"))
    assert (isinstance(answer, Refused) and answer.gone, len(slack.calls)) == (True, 0)


async def test_a_message_of_another_bot_is_posted_anew(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    message_ref = await posted(notifier)
    slack.faults.add(Fault(FaultKind.ERROR, method="chat.update", error="cant_update_message"))
    answer = await notifier.notify(CHAT, DEFAULT_TOKEN, notification(), attempt="b", message_ref=message_ref)
    assert answer == Refused("gone", "cant_update_message", gone=True)


async def test_an_edit_keeps_the_attempt_by_which_the_message_is_found(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    message_ref = await posted(notifier, "first")
    await notifier.notify(
        CHAT, DEFAULT_TOKEN, notification(state=NotifiedState.ENDED), attempt="second", message_ref=message_ref
    )
    found = await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("first", "second"), since=SINCE, message_ref=None)
    assert found == Found({"first": message_ref})


@pytest.mark.parametrize("skew", [timedelta(minutes=-1), timedelta(minutes=5)])
async def test_a_vendor_whose_clock_is_wrong_is_read_back_all_the_same(skew: timedelta) -> None:
    async with SlackSandbox.start(now=lambda: datetime.fromtimestamp(SINCE / 1000, UTC) + skew) as vendor:
        notifier = SlackNotifier(vendor.url)
        message_ref = await posted(notifier)
        assert await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("a1",), since=SINCE, message_ref=None) == Found(
            {"a1": message_ref}
        )
        await notifier.aclose()


async def test_a_long_channel_is_read_page_by_page(
    slack: SlackSandbox, notifier: SlackNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_calls, "PAGE", 2)
    message_refs = {f"a{n}": await posted(notifier, f"a{n}") for n in range(5)}
    assert await notifier.look(CHAT, DEFAULT_TOKEN, attempts=tuple(message_refs), since=SINCE, message_ref=None) == Found(
        message_refs
    )
    assert calls(slack, "conversations.history") == 3


async def test_a_cut_reply_is_found_in_its_thread(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    message_ref = await posted(notifier)
    slack.faults.add(Fault(FaultKind.CUT_AFTER, method="chat.postMessage", count=1))
    answer = await notifier.reply(CHAT, DEFAULT_TOKEN, (Note("worse"),), attempt="r", message_ref=message_ref, mentions=())
    assert isinstance(answer, Unanswered)
    found = await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("r",), since=SINCE, message_ref=message_ref)
    assert isinstance(found, Found)
    assert found.message_refs["r"].id == slack.messages("alerts")[0].live_replies[0].ts


async def test_a_thread_that_is_gone_holds_no_reply(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    message_ref = await posted(notifier)
    await notifier.withdraw(CHAT, DEFAULT_TOKEN, message_ref)
    assert await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("r",), since=SINCE, message_ref=message_ref) == Found({})


async def test_a_channel_that_nobody_finds_holds_nothing(notifier: SlackNotifier) -> None:
    nowhere = Endpoint("slack", "#nowhere", "SLACK_BOT_TOKEN", "")
    assert await notifier.look(nowhere, DEFAULT_TOKEN, attempts=("a",), since=SINCE, message_ref=None) == Found({})


async def test_a_channels_name_is_looked_up_once_and_again_when_it_is_gone(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    for _ in range(2):
        await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("a",), since=SINCE, message_ref=None)
    assert calls(slack, "conversations.list") == 1
    slack.faults.add(Fault(FaultKind.ERROR, method="conversations.history", error="channel_not_found", count=1))
    for _ in range(2):
        await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("a",), since=SINCE, message_ref=None)
    assert calls(slack, "conversations.list") == 2


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault(FaultKind.HANG), Unanswered("timeout"), id="silence"),
        pytest.param(Fault(FaultKind.RATE_LIMIT, retry_after=3), Refused("rate_limited", retry_after=3_000), id="too often"),
        pytest.param(Fault(FaultKind.ERROR, error="missing_scope"), Refused("auth", "missing_scope", permanent=True), id="not allowed"),
    ],
)  # fmt: skip
async def test_a_read_back_that_fails_finds_nothing_out(
    slack: SlackSandbox, notifier: SlackNotifier, fault: Fault, expected: Answer
) -> None:
    slack.faults.add(fault)
    assert await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("a",), since=SINCE, message_ref=None) == expected


async def test_a_proxy_of_the_environment_is_not_taken(slack: SlackSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    notifier = SlackNotifier(slack.url)
    await posted(notifier)
    await notifier.aclose()


async def test_a_proxy_that_is_given_is_taken(slack: SlackSandbox) -> None:
    notifier = SlackNotifier(slack.url, proxy="http://127.0.0.1:9")
    assert await post(notifier) == Refused("unavailable", "no connection")
    await notifier.aclose()


async def test_a_token_that_cannot_be_sent_is_refused(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    assert await post(notifier, token="xoxb-a\nb") == Refused("auth", "the token holds a line break", permanent=True)


async def test_a_vendor_that_repeats_the_token_does_not_bring_it_into_an_answer(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    slack.faults.add(Fault(FaultKind.ERROR, error=f"bad_{DEFAULT_TOKEN}"))
    assert await post(notifier) == Refused("refused", "bad_…")


async def test_a_token_says_whose_it_is(slack: SlackSandbox) -> None:
    calls = slack_calls.SlackCalls(slack.url)
    who = await calls.who(DEFAULT_TOKEN)
    assert isinstance(who, dict)
    assert who["team"] == "Sandbox"
    assert isinstance(await calls.who("xoxb-wrong"), Refused)
    await calls.aclose()
