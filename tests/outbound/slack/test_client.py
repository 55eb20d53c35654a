"""Calls of Slack's Web API: strange answers, pages, proxies and tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.model.ledger import Endpoint, MessageRef, Note
from gateway.model.notification import Answer, Delivered, Found, Refused, Unanswered
from gateway.outbound.network import Network, Way
from gateway.outbound.slack import client as slack_calls
from gateway.outbound.slack.client import Access
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.sandbox import Fault, FaultKind, SlackSandbox
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.outbound.notifications import notification
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
        pytest.param(
            lambda: Response(b'{"ok": "\xff"}', media_type="application/json"), id="JSON in no known encoding"
        ),
        pytest.param(lambda: JSONResponse(["ok"]), id="a JSON list"),
        pytest.param(lambda: JSONResponse({"ok": True}), id="an ok that names no message"),
        pytest.param(lambda: Response("<html>", media_type="text/html"), id="a proxy's page"),
        pytest.param(lambda: JSONResponse({"ok": "yes", "ts": "1.1"}), id="an ok that is not true"),
    ],
)
async def test_an_answer_that_is_not_slacks_is_no_answer(strange: Callable[[], Response]) -> None:
    app = Starlette(routes=[Route("/api/chat.postMessage", lambda _: strange(), methods=["POST"])])
    server = LocalServer()
    async with server.running(app, 0):
        notifier = SlackNotifier(f"{server.url}/api", timeout=PATIENCE)
        assert isinstance(await post(notifier), Unanswered)
        await notifier.aclose()


@pytest.mark.parametrize(
    "strange",
    [
        pytest.param(lambda: Response("<html>", 403, media_type="text/html"), id="a page that forbids"),
        pytest.param(lambda: PlainTextResponse("no", 404), id="another server's 404"),
        pytest.param(lambda: Response(status_code=407), id="a proxy that wants a password"),
    ],
)
async def test_a_refusal_that_slack_has_not_written_is_a_proxys(strange: Callable[[], Response]) -> None:
    app = Starlette(routes=[Route("/api/chat.postMessage", lambda _: strange(), methods=["POST"])])
    server = LocalServer()
    async with server.running(app, 0):
        notifier = SlackNotifier(f"{server.url}/api", timeout=PATIENCE)
        answer = await post(notifier)
        assert isinstance(answer, Refused)
        assert (answer.reason, answer.permanent) == ("proxy", True)
        await notifier.aclose()


async def test_a_reply_that_lands_bare_in_the_channel_is_taken_back() -> None:
    """Slack drops a thread that it does not know; the message in its answer then names none."""
    asked: list[tuple[str, dict[str, Any]]] = []

    async def answer(request: Request) -> Response:
        asked.append((request.path_params["method"], await request.json()))
        said = {"type": "message", "ts": "9.1", "text": "Resolved"}
        return JSONResponse({"ok": True, "channel": "C1", "ts": "9.1", "message": said})

    server = LocalServer()
    async with server.running(Starlette(routes=[Route("/api/{method}", answer, methods=["POST"])]), 0):
        notifier = SlackNotifier(f"{server.url}/api", timeout=PATIENCE)
        replied = await notifier.reply(
            CHAT,
            DEFAULT_TOKEN,
            (Note("Resolved"),),
            attempt="r",
            message_ref=MessageRef("1.1", "C1"),
            edits=None,
            mentions=(),
        )
        await notifier.aclose()
    assert replied == Refused("gone", "the thread is gone", gone=True)
    assert [method for method, _ in asked] == ["chat.postMessage", "chat.delete"]
    assert (asked[1][1]["channel"], asked[1][1]["ts"]) == ("C1", "9.1")


async def test_a_long_channel_is_read_page_by_page(
    slack: SlackSandbox, notifier: SlackNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_calls, "PAGE", 2)
    message_refs = {f"a{n}": await posted(notifier, f"a{n}") for n in range(5)}
    assert await notifier.look(
        CHAT, DEFAULT_TOKEN, attempts=tuple(message_refs), since=SINCE, message_ref=None
    ) == Found(message_refs)
    assert calls(slack, "conversations.history") == 3


async def test_a_proxy_of_the_environment_is_not_taken(
    slack: SlackSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    notifier = SlackNotifier(slack.url)
    await posted(notifier)
    await notifier.aclose()


async def test_a_proxy_that_is_given_is_taken(slack: SlackSandbox) -> None:
    notifier = SlackNotifier(slack.url, network=Network(proxy="http://127.0.0.1:9"))
    assert await post(notifier) == Refused("proxy", "no connection to the proxy")
    await notifier.aclose()


async def test_a_token_that_cannot_be_sent_is_refused(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    assert await post(notifier, token="xoxb-a\nb") == Refused(
        "auth", "the token holds a line break", permanent=True
    )


async def test_a_vendor_that_repeats_the_token_does_not_bring_it_into_an_answer(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    slack.faults.add(Fault(FaultKind.ERROR, error=f"bad_{DEFAULT_TOKEN}"))
    assert await post(notifier) == Refused("refused", "bad_…")


async def test_a_token_says_whose_it_is(slack: SlackSandbox) -> None:
    calls, way = slack_calls.SlackCalls(), Way(slack.url)
    who = await calls.who(Access(DEFAULT_TOKEN, way))
    assert isinstance(who, dict)
    assert who["team"] == "Sandbox"
    assert isinstance(await calls.who(Access("xoxb-wrong", way)), Refused)
    await calls.aclose()
