"""What a vendor refuses for one part is sent again without that part, until it is taken."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.model.ledger import Endpoint, MessageRef, Note, NotifiedState
from gateway.model.notification import Answer, Delivered, LeftOut, Notification, Refused
from gateway.outbound.network import Network
from gateway.outbound.pagerduty.notifier import PagerDutyNotifier
from gateway.outbound.plainer import Omission, send_plainer, state_without, without_links
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.outbound.webhook.notifier import WebhookNotifier
from gateway.outbound.wording import links_of
from gateway.sandbox import Fault, FaultKind, PagerDutySandbox, SlackSandbox, WebhookSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.outbound.notifications import line, notification

CHAT = Endpoint("slack", "#alerts", "SLACK_BOT_TOKEN", "")
RUNBOOK = "https://wiki.example/runbooks/errors"
KEY = "R" * 32


def paging(**more: object) -> Notification:
    lines = (line(runbook=RUNBOOK, dashboard="https://graphs.example/d"),)
    return notification(lines=lines, page=True, mentions=("@here",), **more)


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    async with SlackSandbox.start() as vendor:
        yield vendor


async def by_slack(slack: SlackSandbox, sent: Notification, message_ref: MessageRef | None = None) -> Answer:
    notifier = SlackNotifier(slack.url)
    answer = await notifier.notify(CHAT, DEFAULT_TOKEN, sent, attempt="a1", message_ref=message_ref)
    await notifier.aclose()
    return answer


async def replied(slack: SlackSandbox, root: MessageRef, *notes: Note) -> Answer:
    notifier = SlackNotifier(slack.url)
    answer = await notifier.reply(
        CHAT, DEFAULT_TOKEN, notes, attempt="a2", message_ref=root, edits=None, mentions=("@here",)
    )
    await notifier.aclose()
    return answer


def refusals(slack: SlackSandbox, error: str, count: int) -> None:
    slack.faults.add(Fault(FaultKind.ERROR, method="chat.postMessage", error=error, count=count))


def steps(answer: Answer) -> list[str]:
    return [step.part for step in answer.left_out]


async def test_where_admins_keep_mentions_from_bots_the_page_comes_without_and_says_so(
    slack: SlackSandbox,
) -> None:
    slack.workspace.keeps_mentions_from_bots = True
    answer = await by_slack(slack, paging())
    assert isinstance(answer, Delivered)
    assert answer.left_out == (LeftOut("mention", "restricted_action"),)
    (message,) = slack.messages("alerts")
    assert message.notified == ()
    assert "Slack does not let us call @here here" in json.dumps(message.blocks)


async def test_a_channel_that_is_kept_from_the_bot_refuses_the_message_without_a_mention_too(
    slack: SlackSandbox,
) -> None:
    refusals(slack, "restricted_action", 9)
    answer = await by_slack(slack, paging())
    assert isinstance(answer, Refused)
    assert (answer.reason, steps(answer), len(slack.calls)) == ("not_found", ["mention"], 2)


@pytest.mark.parametrize(
    ("refused", "left"),
    [
        (1, ["links"]),
        (2, ["links", "blocks"]),
        (3, ["links", "blocks", "details"]),
        (4, ["links", "blocks", "details", "runbook"]),
        (5, ["links", "blocks", "details", "runbook", "mention"]),
    ],
)
async def test_what_slack_does_not_show_gets_ever_plainer(
    slack: SlackSandbox, refused: int, left: list[str]
) -> None:
    refusals(slack, "invalid_blocks", refused)
    answer = await by_slack(slack, paging())
    assert steps(answer) == left
    (message,) = slack.messages("alerts")
    shown = message.text + json.dumps(message.blocks)
    assert "HighErrorRate" in shown
    assert "abc123" in shown
    assert (RUNBOOK in shown) is (refused < 4)
    assert "graphs.example" not in shown
    assert message.notified == (("@here",) if refused < 5 else ())


async def test_content_that_is_refused_in_every_form_is_refused(slack: SlackSandbox) -> None:
    refusals(slack, "msg_too_long", 9)
    answer = await by_slack(slack, notification())
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.permanent, steps(answer)) == ("invalid", True, ["links", "blocks", "details"])  # fmt: skip


async def test_what_a_channel_takes_as_no_reply_is_said_in_the_channel_where_it_interrupts(
    slack: SlackSandbox,
) -> None:
    first = await by_slack(slack, notification())
    assert isinstance(first, Delivered)
    slack.channel("alerts").threads = False
    rose = Note("🔴 HighErrorRate rose to critical", broadcast=True, mention=True)
    answer = await replied(slack, first.message_ref, Note("Acknowledged by ann"), rose)
    assert steps(answer) == ["thread"]
    root, said = slack.messages("alerts")
    assert (said.notified, root.replies) == (("@here",), [])
    assert ("rose to critical" in said.text, "Acknowledged" in said.text) == (True, False)


async def test_a_reply_that_interrupts_nobody_is_left_out_and_removes_nothing(slack: SlackSandbox) -> None:
    first = await by_slack(slack, notification())
    assert isinstance(first, Delivered)
    slack.channel("alerts").threads = False
    answer = await replied(slack, first.message_ref, Note("Acknowledged by ann"))
    assert answer == Refused("invalid", "restricted_action_non_threadable_channel", permanent=True)
    assert len(slack.messages("alerts")) == 1


async def test_a_reply_comes_without_the_mention_that_admins_forbid(slack: SlackSandbox) -> None:
    first = await by_slack(slack, notification())
    assert isinstance(first, Delivered)
    slack.workspace.keeps_mentions_from_bots = True
    answer = await replied(slack, first.message_ref, Note("rose to critical", broadcast=True, mention=True))
    assert steps(answer) == ["mention"]
    assert [reply.notified for reply in slack.messages("alerts")[0].replies] == [()]


@pytest.mark.parametrize(
    ("refused", "left"),
    [
        (1, ["links"]),
        (2, ["links", "details"]),
        (3, ["links", "details", "title"]),
        (4, ["links", "details", "title", "runbook"]),
        (5, ["links", "details", "title", "runbook", "name"]),
    ],
)
async def test_a_page_whose_content_pagerduty_refuses_gets_ever_plainer(
    refused: int, left: list[str]
) -> None:
    async with PagerDutySandbox.start() as pagerduty:
        pagerduty.faults.add(Fault(FaultKind.ERROR, error="'links' is invalid", count=refused))
        notifier = PagerDutyNotifier(pagerduty.events_url)
        endpoint = Endpoint("pagerduty", "", "KEY", "")
        answer = await notifier.notify(endpoint, KEY, paging(), attempt="a", message_ref=None)
        await notifier.aclose()
        assert steps(answer) == left
        (incident,) = pagerduty.incidents
    shown = json.dumps(incident.first)
    assert ("HighErrorRate" in incident.title, "abc123" in shown) == (refused < 5, True)
    assert (RUNBOOK in shown, "graphs.example" in shown) == (refused < 4, False)


async def test_a_key_that_pagerduty_does_not_know_is_not_tried_in_plainer_forms() -> None:
    async with PagerDutySandbox.start(services={"S" * 32: "other"}) as pagerduty:
        notifier = PagerDutyNotifier(pagerduty.events_url)
        endpoint = Endpoint("pagerduty", "", "KEY", "")
        answer = await notifier.notify(endpoint, KEY, paging(), attempt="a", message_ref=None)
        await notifier.aclose()
        assert (steps(answer), len(pagerduty.calls)) == ([], 1)


@pytest.mark.parametrize(
    ("refused", "left"), [(2, ["links", "details"]), (3, ["links", "details", "runbook"])]
)
async def test_a_state_that_a_receiver_refuses_gets_plainer_and_is_another_message_to_it(
    refused: int, left: list[str]
) -> None:
    async with WebhookSandbox.start() as receiver:
        receiver.faults.add(Fault(FaultKind.ERROR, error="too much", count=refused))
        notifier = WebhookNotifier(Network())
        answer = await notifier.notify(
            Endpoint("webhook", "hook", "URL", ""), receiver.url, paging(), attempt="a", message_ref=None
        )
        await notifier.aclose()
        assert steps(answer) == left
        (kept,) = receiver.received
    assert (kept.id, kept.data["incident"], RUNBOOK in json.dumps(kept.data)) == (
        f"a.{refused}",
        "abc123",
        refused < 3,
    )


async def test_a_refusal_that_is_not_about_a_part_is_the_answer_at_once() -> None:
    asked: list[frozenset[Omission]] = []

    async def send(omitted: frozenset[Omission]) -> Answer:
        asked.append(omitted)
        return Refused("auth", "token_revoked", permanent=True)

    answer = await send_plainer(send, lambda _refused, _omitted: None)
    assert (answer, asked) == (Refused("auth", "token_revoked", permanent=True), [frozenset()])


async def test_an_end_needs_no_plainer_form() -> None:
    async with PagerDutySandbox.start() as pagerduty:
        pagerduty.faults.add(Fault(FaultKind.ERROR, error="no", count=1))
        notifier = PagerDutyNotifier(pagerduty.events_url)
        ended = paging(state=NotifiedState.ENDED)
        answer = await notifier.notify(
            Endpoint("pagerduty", "", "KEY", ""), KEY, ended, attempt="a", message_ref=None
        )
        await notifier.aclose()
    assert answer == Refused("invalid", "no", permanent=True)


@pytest.mark.parametrize(
    "plainer", [without_links, lambda sent: state_without(sent, frozenset({Omission.LINKS}))]
)
def test_without_links_no_address_is_left_but_the_runbooks(
    plainer: Callable[[Notification], Notification],
) -> None:
    address = "https://a.example/x"
    links = dict.fromkeys(("dashboard", "panel", "image", "source", "silence"), address)
    assert links_of(plainer(notification(lines=(line(**links),))), 99) == ({}, "")
