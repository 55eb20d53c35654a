"""A message that was posted has an address, for whoever is paged; without one it stands all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.model.ledger import Endpoint
from gateway.model.notification import Delivered
from gateway.outbound.slack import permalinks
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.sandbox import Fault, FaultKind, SlackSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.outbound.notifications import notification
from tests.support.patience import PATIENCE

CHAT = Endpoint("slack", "#alerts", "SLACK_BOT_TOKEN", "")


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    async with SlackSandbox.start() as vendor:
        yield vendor


@pytest.fixture
async def notifier(slack: SlackSandbox) -> AsyncIterator[SlackNotifier]:
    made = SlackNotifier(slack.url, timeout=PATIENCE)
    yield made
    await made.aclose()


async def told(notifier: SlackNotifier, edited: Delivered | None = None) -> Delivered:
    ref = edited.message_ref if edited is not None else None
    answer = await notifier.notify(CHAT, DEFAULT_TOKEN, notification(), attempt="a", message_ref=ref)
    assert isinstance(answer, Delivered)
    return answer


async def test_a_post_has_the_address_that_slack_gives_it(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    posted = await told(notifier)
    ts = posted.message_ref.id.replace(".", "")
    assert posted.link.endswith(f"/archives/{posted.message_ref.channel}/p{ts}")
    assert posted.link.startswith("http")
    assert (await told(notifier, posted)).link == "", (
        "an edit says nothing of it: the message is where it was"
    )


async def test_the_workspace_is_asked_for_once(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    for _ in range(3):
        await told(notifier)
    assert sum(call.method == "auth.test" for call in slack.calls) == 1


async def test_a_message_stands_though_its_address_is_not_known(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    slack.faults.add(Fault(FaultKind.ERROR, error="internal_error", method="auth.test"))
    assert (await told(notifier)).link == ""


async def test_an_address_that_was_asked_for_in_vain_is_asked_for_again_after_a_while(
    slack: SlackSandbox, notifier: SlackNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.faults.add(Fault(FaultKind.ERROR, error="internal_error", method="auth.test", count=1))
    assert [(await told(notifier)).link for _ in range(2)] == ["", ""]
    monkeypatch.setattr(permalinks, "UNKNOWN_SECONDS", 0.0)
    assert (await told(notifier)).link != ""
